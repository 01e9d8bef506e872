import { OutsideError } from '../../errors.js';
import { firstComplaint, type GitResult, withoutCredentials } from './git.js';

/** What a failed fetch or push says, and what the reader can do about it. */

export type RemoteProblem = 'refused' | 'absent' | 'denied' | 'busy' | 'unreachable';

/**
 * Sorts what a failed fetch or push says: somebody else was first (try again on the new tip), the branch is not there,
 * not allowed (trying again is useless), the server asks for patience, or the network (may pass).
 */
export function remoteProblem(result: Pick<GitResult, 'stdout' | 'stderr'>): RemoteProblem {
  const said = whatWasSaid(result);
  if (/couldn't find remote ref/i.test(said)) return 'absent';
  if (
    /protected branch|hook declined|\bGH\d{3}:|shallow update not allowed|denied|returned error: 40[13]\b|HTTP 40[13]\b|not permitted|does not appear to be a git repository|repository .*not found|Authentication failed|could not read (Username|Password)|terminal prompts disabled|Read-only file system|No space left/i.test(
      said,
    )
  ) {
    return 'denied';
  }
  if (
    /\[rejected\]|fetch first|non-fast-forward|cannot lock ref|failed to (update|lock)|reference already exists|incorrect old value|\[remote rejected\]|stale info|shallow file has changed|unable to create .*\.lock/i.test(
      said,
    )
  ) {
    return 'refused';
  }
  return /returned error: (429|503)\b|HTTP (429|503)\b|rate limit/i.test(said) ? 'busy' : 'unreachable';
}

/** The error of a fetch or a push that is not allowed: what the remote said, and the next step. */
export function refusal(
  action: 'fetch' | 'push',
  result: Pick<GitResult, 'stdout' | 'stderr'>,
  branch?: string,
): OutsideError {
  return new OutsideError(`git ${action} failed: ${complaintOf(result)}`, {
    mend: nextStep(whatWasSaid(result), branch ?? 'of the history'),
  });
}

/** Lines of the server, which are the reason, before what git makes of them. */
function complaintOf(result: Pick<GitResult, 'stdout' | 'stderr'>): string {
  const lines = withoutCredentials(whatWasSaid(result)).split('\n').map(plain);
  const verdict = lines.flatMap((line) => /\[remote rejected\].*?(\(.*\))$/.exec(line)?.[1] ?? []).at(0);
  const told = lines
    .flatMap((line) => /^remote: (?:error: )?(.*\S)/.exec(line)?.[1] ?? [])
    .filter((line) => /\w/.test(line))
    .slice(0, 4);
  if (verdict === undefined && told.length === 0) return plain(firstComplaint(result.stderr));
  const refused = verdict === undefined ? 'the server refused it' : `the server refused it ${verdict}`;
  return told.length === 0 ? refused : `${refused}: ${told.join(' / ')}`.slice(0, 600);
}

/** The text is the server's: one line, without what moves a cursor. */
function plain(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return line.replace(/\x1b\[[\d;]*[A-Za-z]|[\x00-\x1f\x7f-\x9f]/g, '').trim();
}

function nextStep(said: string, branch: string): string {
  if (/protected branch|\bGH0(06|13):|rule violations/i.test(said)) {
    return `the branch ${branch} is protected against this push: leave it out of the rule (one for all branches covers it, too) or let this job bypass the rule; or keep the history on another branch: history: { branch: NAME }`;
  }
  if (/hook declined/i.test(said)) {
    return `a hook of the server decides about pushes to ${branch}: ask who runs it to let this branch pass; or keep the history on another branch: history: { branch: NAME }`;
  }
  if (
    /could not read (Username|Password)|terminal prompts disabled|Authentication failed|\b401\b/i.test(said)
  ) {
    return 'the token is missing, wrong or has expired: in a workflow, permissions: { contents: write } and the token of this very job; elsewhere ASSAY_TOKEN, or log in with git';
  }
  if (/does not appear to be a git repository|repository .*not found/i.test(said)) {
    return 'the remote is not there any more, or not for this token: git remote -v; git remote set-url NAME ADDRESS';
  }
  if (/No space left|Read-only file system/i.test(said))
    return 'whoever runs the remote has to make room for it';
  return 'in a workflow: permissions: { contents: write }; elsewhere ASSAY_TOKEN, or the rights of the remote';
}

function whatWasSaid({ stdout, stderr }: Pick<GitResult, 'stdout' | 'stderr'>): string {
  return `${stdout.toString('utf8')}\n${stderr}`;
}
