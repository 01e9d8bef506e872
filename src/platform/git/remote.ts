import type { Environment, Settings } from './environment.js';
import type { Git, GitResult } from './git.js';
import { type GitSettings, readSettings } from './settings.js';

/** The remote `origin`: whether there is one, and how to be allowed to talk to it. */

const REMOTE = 'origin';
export const NETWORK_SECONDS = 300;

export interface Remote {
  readonly name: string;
  /** The token as a header for the remote's server only; empty when there is none for it. */
  readonly authorization: Settings;
  /** Runs a git command that talks to the remote, with the token when there is one for it. */
  run(args: readonly string[]): Promise<GitResult>;
}

/** Undefined when the repository has no remote `origin`. */
export async function openRemote(git: Git, known?: GitSettings): Promise<Remote | undefined> {
  const settings = known ?? (await readSettings(git));
  const written = settings.value(`remote.${REMOTE}.url`);
  if (written === undefined) return undefined;
  const isRewritten = settings.all.some(([key]) => /^url\..*\.(push)?insteadof$/.test(key));
  const url = isRewritten ? await git.text(['remote', 'get-url', REMOTE]) : written;
  const authorization = await headerFor(git, { url, settings });
  return {
    name: REMOTE,
    authorization,
    run: (args) => git.run(args, { config: authorization, timeoutSeconds: NETWORK_SECONDS }),
  };
}

/**
 * None when the checkout brings its own (actions/checkout leaves an extraheader in the local config): a second one is
 * refused by GitHub.
 */
async function headerFor(
  git: Git,
  remote: { readonly url: string; readonly settings: GitSettings },
): Promise<Settings> {
  const header = tokenHeader(git.env, remote.url);
  if (!header) return [];
  if (!remote.settings.all.some(([key]) => /^http\.(.*\.)?extraheader$/.test(key))) return [header];
  const own = await git.run(['config', '--get-urlmatch', 'http.extraheader', remote.url]);
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

export type RemoteProblem = 'refused' | 'absent' | 'denied' | 'busy' | 'unreachable';

/**
 * Sorts what a failed fetch or push says: somebody else was first (try again on the new tip), the branch is not there,
 * not allowed (trying again is useless), the server asks for patience, or the network (may pass).
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
    /\[rejected\]|fetch first|non-fast-forward|cannot lock ref|failed to (update|lock)|reference already exists|incorrect old value|\[remote rejected\]|stale info|shallow file has changed|unable to create .*\.lock/i.test(
      said,
    )
  ) {
    return 'refused';
  }
  return /returned error: (429|503)\b|HTTP (429|503)\b|rate limit/i.test(said) ? 'busy' : 'unreachable';
}
