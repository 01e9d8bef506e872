import { OutsideError } from '../../errors.js';
import { type CheckSettings, checksOf } from '../../report/check.js';
import type { ReportFacts } from '../../report/facts.js';
import type { Checks, CommentMode, Comments } from '../../report/ports.js';
import { saidBy } from '../../report/said.js';
import type { World } from '../../world.js';

/** Telling a report where people look: the comment, and the checks of the commit. */

export interface Publication {
  readonly facts: ReportFacts;
  readonly body: string;
  readonly pullRequest: number | null;
  readonly mode: CommentMode;
  readonly checks: CheckSettings;
}

export interface Published {
  readonly commentUrl: string | null;
  readonly checkUrls: readonly string[];
  /** What could not be done, and why; the report itself is not the worse for it. */
  readonly failures: readonly OutsideError[];
}

/**
 * Posts comment and checks. What GitHub refuses is collected and told as a warning: the numbers are measured, and stand
 * in the file and the job summary.
 */
export async function publish(
  publication: Publication,
  to: { readonly world: World; readonly comments: Comments; readonly checks: Checks },
): Promise<Published> {
  const { world, comments, checks } = to;
  const failures: OutsideError[] = [];
  const attempt = async <T>(what: string, act: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error;
      failures.push(error);
      world.terminal.warn(`${what}: ${error.message}${error.mend ? `\n${error.mend}` : ''}`);
      return undefined;
    }
  };
  const commentUrl = await attempt('the comment was not posted', () =>
    postComment(publication, { world, comments }),
  );
  const checkUrls: string[] = [];
  for (const check of checksOf(publication.facts, publication.checks)) {
    const made = await attempt(`the check ${check.name} was not made`, () => checks.publish(check));
    // What is refused once is refused for every model.
    if (made === undefined) break;
    if (made.url !== null) checkUrls.push(made.url);
  }
  return { commentUrl: commentUrl ?? null, checkUrls, failures };
}

async function postComment(
  { facts, body, pullRequest, mode }: Publication,
  { world, comments }: { readonly world: World; readonly comments: Comments },
): Promise<string | null> {
  if (mode === 'none') return null;
  const { url, kept } = await comments.publish({
    pullRequest,
    key: facts.key,
    commit: facts.commit,
    said: saidBy(facts),
    body,
    mode,
  });
  if (kept !== undefined) world.terminal.info(`the comment that stands there was left alone: ${kept}`);
  return url;
}
