import type { Environment, Git, GitResult } from './git.js';

/** The remote `origin`: whether there is one, and how to be allowed to talk to it. */

const REMOTE = 'origin';
const NETWORK_SECONDS = 300;

export interface Remote {
  readonly name: string;
  /** Runs a git command that talks to the remote, with the token when there is one for it. */
  run(args: readonly string[]): Promise<GitResult>;
}

/** Undefined when the repository has no remote `origin`. */
export async function openRemote(git: Git): Promise<Remote | undefined> {
  const found = await git.run(['remote', 'get-url', REMOTE]);
  if (found.code !== 0) return undefined;
  const url = found.stdout.toString('utf8').trim();
  const config = await authorization(git, url);
  return {
    name: REMOTE,
    run: (args) => git.run(args, { config, timeoutSeconds: NETWORK_SECONDS }),
  };
}

/**
 * The token as a header for the remote's server only, unless the checkout brings its own (actions/checkout leaves an
 * extraheader in the local config; a second one is refused by GitHub).
 */
async function authorization(
  git: Git,
  url: string,
): Promise<readonly (readonly [key: string, value: string])[]> {
  const header = tokenHeader(git.env, url);
  if (!header) return [];
  const own = await git.run(['config', '--get-urlmatch', 'http.extraheader', url]);
  return own.code === 0 ? [] : [header];
}

/**
 * `ASSAY_TOKEN` is meant for the remote, wherever it is. `GITHUB_TOKEN` belongs to GitHub: another host, which a
 * remote's URL may name, must never see it.
 */
export function tokenHeader(
  env: Environment,
  remoteUrl: string,
): readonly [key: string, value: string] | undefined {
  if (!URL.canParse(remoteUrl)) return undefined;
  const url = new URL(remoteUrl);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password) return undefined;
  const github = env.GITHUB_SERVER_URL || 'https://github.com';
  const isGitHub = URL.canParse(github) && new URL(github).origin === url.origin;
  const token = env.ASSAY_TOKEN || (isGitHub ? env.GITHUB_TOKEN : undefined);
  if (!token) return undefined;
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return [`http.${url.origin}/.extraheader`, `AUTHORIZATION: basic ${basic}`];
}

export type RemoteProblem = 'refused' | 'absent' | 'denied' | 'unreachable';

/**
 * Sorts what a failed fetch or push says: somebody else was first (try again on the new tip), the branch is not there,
 * not allowed (trying again is useless), or the network (may pass).
 */
export function remoteProblem(result: GitResult): RemoteProblem {
  const said = `${result.stdout.toString('utf8')}\n${result.stderr}`;
  if (/couldn't find remote ref/i.test(said)) return 'absent';
  if (
    /protected branch|hook declined|\bGH\d{3}:|shallow update not allowed|denied|returned error: 40[13]\b|HTTP 40[13]\b|not permitted|does not appear to be a git repository|repository .*not found|Authentication failed|could not read (Username|Password)|terminal prompts disabled|Read-only file system|No space left/i.test(
      said,
    )
  ) {
    return 'denied';
  }
  if (
    /\[rejected\]|fetch first|non-fast-forward|cannot lock ref|failed to (update|lock)|reference already exists|incorrect old value|\[remote rejected\]|stale info|unable to create .*\.lock/i.test(
      said,
    )
  ) {
    return 'refused';
  }
  return 'unreachable';
}
