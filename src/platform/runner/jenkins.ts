import type { Runner } from '../../world.js';
import { commitId, type Environment, positiveInteger, refName } from './runner.js';

/** Jenkins, from the variables of a multibranch build (plugins branch-api and git). */
export function readJenkins(env: Environment): Runner {
  const number = positiveInteger(env.CHANGE_ID);
  const targetBranch = refName(env.CHANGE_TARGET);
  const isChange = number !== null && targetBranch !== null;
  const tag = refName(env.TAG_NAME);
  // BRANCH_NAME is `PR-12` for a change; GIT_BRANCH is `origin/main` in a plain job.
  const branch = refName(env.BRANCH_NAME ?? env.GIT_BRANCH?.replace(/^origin\//, ''));
  return {
    kind: 'jenkins',
    actor: env.CHANGE_AUTHOR || env.BUILD_USER_ID || 'unknown',
    trigger: {
      event: isChange ? 'pull_request' : tag ? 'tag' : 'push',
      url: env.BUILD_URL || null,
      attempt: 1,
    },
    pullRequest: isChange
      ? {
          number,
          targetBranch,
          headCommit: commitId(env.GIT_COMMIT),
          fromFork: Boolean(env.CHANGE_FORK),
        }
      : null,
    ref: isChange
      ? null
      : tag
        ? { kind: 'tag', name: tag }
        : branch
          ? { kind: 'branch', name: branch }
          : null,
    defaultBranch: env.BRANCH_IS_PRIMARY === 'true' && !isChange ? branch : null,
  };
}
