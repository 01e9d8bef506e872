import type { COMMENT_MODES } from '../config/schema.js';

/**
 * `update`: changed in place. `recreate`: the old one is folded away and a new one posted. `on-change`: changed in place
 * while it says the same, posted anew when it says something else. `none`: no comment.
 */
export type CommentMode = (typeof COMMENT_MODES)[number];

export interface ReportComment {
  /** Null when there is no pull request. */
  readonly pullRequest: number | null;
  /** One comment per key (a model, or `all`); the body starts with the marker of this key. */
  readonly key: string;
  /** The commit it speaks of: an older one never overwrites what stands there for the head of the pull request. */
  readonly commit: string | null;
  /** Equal when two bodies say the same in other numbers: a digest of the answers. */
  readonly said: string;
  readonly body: string;
  readonly mode: Exclude<CommentMode, 'none'>;
}

/** Where people read the report. */
export interface Comments {
  /** Ends with one visible comment of that key, also when several jobs do this at once. */
  publish(comment: ReportComment): Promise<{
    /** Null where nothing was posted, for want of a pull request. */
    readonly url: string | null;
    /** Why the one that stands there was left alone; undefined when this one is posted. */
    readonly kept?: string;
  }>;
}

export type Conclusion = 'success' | 'failure' | 'neutral' | 'action_required' | 'cancelled';

/** A remark beside a line of a file. */
export interface Annotation {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly level: 'notice' | 'warning' | 'failure';
  readonly title: string;
  readonly message: string;
}

export interface Check {
  /** `assay/income`: what branch protection requires by name. */
  readonly name: string;
  readonly commit: string;
  readonly conclusion: Conclusion;
  /** One line. */
  readonly title: string;
  /** Markdown. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  /** Of the CI run; null when there is none. */
  readonly url: string | null;
  /** Tells the same check sent twice from another one: the id of the record it rests on. */
  readonly id: string;
}

/** The list of checks of a commit. */
export interface Checks {
  publish(check: Check): Promise<{ readonly url: string | null }>;
}
