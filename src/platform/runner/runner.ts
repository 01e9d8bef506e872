import { userInfo } from 'node:os';
import type { Runner } from '../../world.js';
import { readGitLab } from './gitlab.js';
import { readJenkins } from './jenkins.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Recognises the CI system (or terminal) that started us. `warn` hears of what could not be understood. */
export async function readRunner(env: Environment, warn: (text: string) => void): Promise<Runner> {
  if (env.GITHUB_ACTIONS === 'true') {
    const { readGitHub } = await import('./github.js');
    return readGitHub(env, warn);
  }
  if (env.GITLAB_CI === 'true') return readGitLab(env);
  if (env.JENKINS_URL !== undefined && env.BUILD_URL !== undefined) return readJenkins(env);
  const ci = env.CI !== undefined && env.CI !== '' && env.CI !== 'false';
  return {
    kind: ci ? 'other-ci' : 'local',
    actor: env.USER || env.LOGNAME || env.USERNAME || accountName(),
    trigger: { event: ci ? 'ci' : 'local', url: null, attempt: 1 },
    pullRequest: null,
    ref: null,
    defaultBranch: null,
  };
}

/** Containers and cron set no USER; an account without a name (any number under Docker's --user) is unknown. */
function accountName(): string {
  try {
    return userInfo().username || 'unknown';
  } catch {
    return 'unknown';
  }
}

/** A full commit id, or null. */
export function commitId(text: string | undefined | null): string | null {
  return text && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : null;
}

/**
 * A name that git would accept for a branch or tag (git-check-ref-format), or null: names reach git as arguments, and
 * anyone who may open a pull request chooses them.
 */
export function refName(text: string | undefined | null): string | null {
  if (!text || text.length > 1000 || text.startsWith('-') || text.startsWith('/')) return null;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be in a name
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(\/|$)|(^|\/)\.|[./]$/.test(text)) return null;
  return text;
}

/** A whole number from 1, or null. */
export function positiveInteger(text: string | undefined): number | null {
  return text && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}
