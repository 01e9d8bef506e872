import type { Location } from './errors.js';
import type { Clock, Randomness } from './history/port.js';
import type { Trigger } from './history/record.js';

/** Where progress and remarks go (stderr). Text from outside is made safe by the implementation. */
export interface Terminal {
  readonly interactive: boolean;
  readonly color: boolean;
  info(line: string): void;
  /** With a location, GitHub shows it beside that line of the file. */
  warn(text: string, location?: Location): void;
  error(text: string, location?: Location): void;
  /** Stacks and other details: folded into a group on GitHub, behind ASSAY_DEBUG elsewhere. */
  debug(text: string): void;
  /** A line of the team's own output, passed through. */
  passthrough(line: string): void;
  /** Progress of long work: a bar on a terminal, one plain line every few seconds otherwise. */
  progress(label: string): { update(done: number, total?: number): void; end(): void };
}

/** The CI system (or terminal) that started us, read once from the environment. */
export interface Runner {
  readonly kind: 'github' | 'gitlab' | 'jenkins' | 'other-ci' | 'local';
  readonly actor: string;
  readonly trigger: Trigger;
  readonly pullRequest: {
    readonly number: number;
    readonly targetBranch: string;
    /** The head commit people see, not the merge commit that CI checks out. */
    readonly headCommit: string | null;
    readonly fromFork: boolean;
  } | null;
  /** The branch or tag that the event is about; null for a pull request, an issue, a terminal. */
  readonly ref?: { readonly kind: 'branch' | 'tag'; readonly name: string } | null;
  /** The workflow run that this one follows (`workflow_run`), by its id; null for every other event. */
  readonly followedRun?: number | null;
  /** The comment that this run answers (`issue_comment`); null for every other event. */
  readonly comment?: {
    readonly id: number;
    readonly author: string;
    readonly body: string;
    /** Number of the issue or pull request it stands on. */
    readonly issue: number;
    /** Null on an issue that is no pull request. */
    readonly pullRequest: number | null;
  } | null;
  /** The repository's default branch where the event names it. */
  readonly defaultBranch: string | null;
}

/** Everything a verb may touch that is not in a file of the project. */
export interface World {
  /** Of Assay: `1.4.0`. */
  readonly version: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly terminal: Terminal;
  readonly runner: Runner;
  /** Aborted on SIGINT and SIGTERM; `reason` is an Interrupted. */
  readonly cancel: AbortSignal;
}
