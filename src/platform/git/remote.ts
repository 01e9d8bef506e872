import { UserError } from '../../errors.js';
import type { Environment, Settings } from './environment.js';
import type { Git, GitResult } from './git.js';
import { type GitSettings, readSettings } from './settings.js';

/** The remote that the history is shared at: which one it is, and how to be allowed to talk to it. */

export const DEFAULT_REMOTE = 'origin';
export const NETWORK_SECONDS = 300;

export interface Remote {
  readonly name: string;
  /** The token as a header for the remote's server only; empty when there is none for it. */
  readonly authorization: Settings;
  /** Runs a git command that talks to the remote, with the token when there is one for it. */
  run(args: readonly string[]): Promise<GitResult>;
}

/**
 * `origin`; a remote of another name when it is the only one, or the one that `checkout.defaultRemote` names
 * (git-config). Undefined when there is none, and when it cannot be told which.
 */
export function remoteName(settings: GitSettings): string | undefined {
  const names = new Set(settings.all.flatMap(([key]) => /^remote\.(.+)\.url$/s.exec(key)?.[1] ?? []));
  if (names.has(DEFAULT_REMOTE)) return DEFAULT_REMOTE;
  const [only] = names;
  if (names.size <= 1) return only;
  const chosen = settings.value('checkout.defaultremote');
  return chosen !== undefined && names.has(chosen) ? chosen : undefined;
}

/** Undefined when the repository has no remote. Throws UserError when it has several, and nothing says which. */
export async function openRemote(git: Git, known?: GitSettings): Promise<Remote | undefined> {
  const settings = known ?? (await readSettings(git));
  const name = remoteName(settings);
  if (name === undefined) {
    if (!settings.all.some(([key]) => /^remote\..+\.url$/s.test(key))) return undefined;
    throw new UserError('the repository has several remotes, and none of them is named origin', {
      mend: 'say which one has the history: git config checkout.defaultRemote NAME',
    });
  }
  const written = settings.value(`remote.${name}.url`) ?? '';
  const isRewritten = settings.all.some(([key]) => /^url\..*\.(push)?insteadof$/s.test(key));
  const url = isRewritten ? await git.text(['remote', 'get-url', name]) : written;
  const authorization = await headerFor(git, { url, settings });
  return {
    name,
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
