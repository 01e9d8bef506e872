import type { Runner } from '../../world.js';
import { commitId, type Environment, positiveInteger, refName } from './runner.js';

/** GitLab CI, from its predefined variables (docs.gitlab.com/ci/variables/predefined_variables). */
export function readGitLab(env: Environment): Runner {
  const number = positiveInteger(env.CI_MERGE_REQUEST_IID);
  const targetBranch = refName(env.CI_MERGE_REQUEST_TARGET_BRANCH_NAME);
  const tag = refName(env.CI_COMMIT_TAG);
  const branch = refName(env.CI_COMMIT_BRANCH);
  return {
    kind: 'gitlab',
    actor: env.GITLAB_USER_LOGIN || 'unknown',
    trigger: {
      event: env.CI_PIPELINE_SOURCE || 'ci',
      url: env.CI_JOB_URL || env.CI_PIPELINE_URL || null,
      attempt: 1,
    },
    pullRequest:
      number !== null && targetBranch !== null
        ? {
            number,
            targetBranch,
            // Only set in merged-results pipelines, where CI_COMMIT_SHA is the trial merge.
            headCommit: commitId(env.CI_MERGE_REQUEST_SOURCE_BRANCH_SHA) ?? commitId(env.CI_COMMIT_SHA),
            fromFork: env.CI_MERGE_REQUEST_SOURCE_PROJECT_ID !== env.CI_MERGE_REQUEST_PROJECT_ID,
          }
        : null,
    ref: tag ? { kind: 'tag', name: tag } : branch ? { kind: 'branch', name: branch } : null,
    defaultBranch: refName(env.CI_DEFAULT_BRANCH),
  };
}
