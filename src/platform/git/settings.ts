import { UserError } from '../../errors.js';
import { HEARD, OLDEST_GIT, type Settings } from './environment.js';
import { type Git, gitFailure } from './git.js';
import type { HashName } from './objects.js';

/** What the user's git is set to, whatever file, include or variable it comes from; read by one process. */
export interface GitSettings {
  readonly all: Settings;
  /** The value that counts: the last one. Keys in lower case but for the middle part. */
  value(key: string): string | undefined;
}

export async function readSettings(git: Git): Promise<GitSettings> {
  const args = ['config', '--list', '-z', '--includes'];
  const result = await git.run(args);
  if (result.code !== 0) throw gitFailure(args, result);
  const text = result.stdout.toString('utf8');
  // An older git reads past what it is handed by the environment: no token would reach it, and no hook be kept away.
  if (!text.includes(`${HEARD.join('\n')}\0`)) throw await tooOld(git);
  const all = text
    .split('\0')
    .filter(Boolean)
    .map((entry): readonly [string, string] => {
      const end = entry.indexOf('\n');
      // A key without a value is a switch that is on.
      return end === -1 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)];
    });
  return { all, value: (key) => all.findLast(([name]) => name === key)?.[1] };
}

async function tooOld(git: Git): Promise<UserError> {
  const version = await git.text(['--version']);
  return new UserError(`${version} is too old for the history`, {
    mend: `install git ${OLDEST_GIT.join('.')} or newer (https://git-scm.com), or keep the history in a folder: history: { directory: .assay/history }`,
  });
}

export function hashOfRepository(settings: GitSettings): HashName {
  return settings.value('extensions.objectformat')?.toLowerCase() === 'sha256' ? 'sha256' : 'sha1';
}

/** What decides how a server is reached and who one is there. */
const ABOUT_SERVERS =
  /^(http|credential|url|ssh|protocol|safe|transfer|fetch\.fsckobjects|push\.pushoption|core\.(sshcommand|gitproxy|askpass|compression|sharedrepository|fsync))\b/;
/** Of a remote: what is about the way there, not about what is fetched into the user's refs. */
const WAY_TO_REMOTE = /\.(url|pushurl|proxy|proxyauthmethod|uploadpack|receivepack|vcs|serveroption)$/;

/**
 * The settings that a repository of Assay's own needs to reach the remote as the user does: proxies, certificates,
 * credential helpers, and the header that actions/checkout leaves, also where an `includeIf` of this very clone brings it.
 * @param remote.of the name of the user's remote
 * @param remote.as its name in the other repository
 */
export function serverSettings(
  settings: GitSettings,
  remote: { readonly of: string; readonly as: string },
): Settings {
  const way = `remote.${remote.of}.`;
  return settings.all.flatMap(([key, value]) => {
    if (ABOUT_SERVERS.test(key)) return [[key, value] as const];
    if (!key.startsWith(way) || !WAY_TO_REMOTE.test(key)) return [];
    return [[`remote.${remote.as}.${key.slice(way.length)}`, value] as const];
  });
}

const FALLBACK = { name: 'Assay', email: 'assay@users.noreply.github.com' };

/** The same for a git that makes a tag. */
export function identityEnvironment(
  settings: GitSettings,
  env: Git['env'],
): Readonly<Record<string, string>> {
  const { author, committer } = identityOf(settings, env);
  const parts = (line: string) => /^(.*) <(.*)>$/.exec(line) ?? [];
  const [, authorName = '', authorEmail = ''] = parts(author);
  const [, name = '', email = ''] = parts(committer);
  return {
    GIT_AUTHOR_NAME: authorName,
    GIT_AUTHOR_EMAIL: authorEmail,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}

/** The user's name as git knows it; Assay's own where none is configured, as on a runner. */
export function identityOf(
  settings: GitSettings,
  env: Git['env'],
): { readonly author: string; readonly committer: string } {
  const person = { name: settings.value('user.name'), email: settings.value('user.email') };
  const { name, email } = person.name && person.email ? { name: person.name, email: person.email } : FALLBACK;
  const clean = (text: string) => text.replace(/[<>\n\0]/g, '').trim();
  const line = (role: 'AUTHOR' | 'COMMITTER') =>
    `${clean(env[`GIT_${role}_NAME`] || name)} <${clean(env[`GIT_${role}_EMAIL`] || email)}>`;
  return { author: line('AUTHOR'), committer: line('COMMITTER') };
}
