import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Runner } from '../../world.js';
import { commitId, type Environment, positiveInteger, refName } from './runner.js';

/** GitHub caps a webhook's payload at 25 MB; anything longer is not one. */
const MAXIMUM_EVENT_BYTES = 25_000_000;

const commit = z.string().transform((text) => commitId(text));
const branch = z.string().transform((text, context) => {
  const name = refName(text.replace(/^refs\/heads\//, ''));
  if (name === null)
    context.addIssue({ code: 'custom', message: 'not a name that git accepts for a branch' });
  return name ?? z.NEVER;
});

/** The parts of GitHub's events that we use; events differ, so every part may be absent. */
const event = z.object({
  pull_request: z
    .object({
      number: z.int().positive(),
      base: z.object({ ref: branch, repo: z.object({ id: z.number() }) }),
      /** `repo` is null when the fork was deleted. */
      head: z.object({ sha: commit, repo: z.object({ id: z.number() }).nullable() }),
    })
    .optional(),
  merge_group: z.object({ base_ref: branch, head_ref: z.string(), head_sha: commit }).optional(),
  workflow_run: z.object({ id: z.int().positive() }).optional(),
  /** Only a comment that was just written is answered: an edited one may have been agreed to in other words. */
  action: z.string().optional(),
  comment: z
    .object({ id: z.int().positive(), body: z.string(), user: z.object({ login: z.string() }).nullable() })
    .optional(),
  issue: z.object({ number: z.int().positive(), pull_request: z.unknown().optional() }).optional(),
  repository: z.object({ default_branch: branch.optional() }).optional(),
});
type Event = z.infer<typeof event>;

/** GitHub Actions: the environment, and the event file for what the environment does not say. */
export async function readGitHub(env: Environment, warn: (text: string) => void): Promise<Runner> {
  const payload = await readEvent(env.GITHUB_EVENT_PATH, warn);
  const ref = refName(env.GITHUB_REF_NAME);
  const kind = env.GITHUB_REF_TYPE;
  const pullRequest = pullRequestOf(payload);
  return {
    kind: 'github',
    // Whoever pressed "re-run", else whoever caused the event.
    actor: env.GITHUB_TRIGGERING_ACTOR || env.GITHUB_ACTOR || 'unknown',
    trigger: {
      event: env.GITHUB_EVENT_NAME || 'unknown',
      url: runUrl(env),
      attempt: positiveInteger(env.GITHUB_RUN_ATTEMPT) ?? 1,
    },
    pullRequest,
    ref: pullRequest === null && ref && (kind === 'branch' || kind === 'tag') ? { kind, name: ref } : null,
    followedRun: env.GITHUB_EVENT_NAME === 'workflow_run' ? (payload.workflow_run?.id ?? null) : null,
    comment: env.GITHUB_EVENT_NAME === 'issue_comment' ? commentOf(payload) : null,
    defaultBranch: payload.repository?.default_branch ?? null,
  };
}

function runUrl(env: Environment): string | null {
  const { GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  if (!repository || !run) return null;
  return `${env.GITHUB_SERVER_URL || 'https://github.com'}/${repository}/actions/runs/${run}`;
}

function pullRequestOf(payload: Event): Runner['pullRequest'] {
  const { pull_request: pull, merge_group: group } = payload;
  if (pull) {
    return {
      number: pull.number,
      targetBranch: pull.base.ref,
      headCommit: pull.head.sha,
      fromFork: pull.head.repo?.id !== pull.base.repo.id,
    };
  }
  // A merge queue tests `refs/heads/gh-readonly-queue/<base>/pr-<number>-<base sha>`.
  const number = positiveInteger(group?.head_ref.match(/\/pr-(\d+)-[0-9a-f]+$/)?.[1]);
  if (!group || number === null) return null;
  return { number, targetBranch: group.base_ref, headCommit: group.head_sha, fromFork: false };
}

function commentOf({ action, comment, issue }: Event): Runner['comment'] {
  if (action !== 'created' || !comment?.user || !issue) return null;
  return {
    id: comment.id,
    author: comment.user.login,
    body: comment.body,
    issue: issue.number,
    pullRequest: issue.pull_request === undefined ? null : issue.number,
  };
}

async function readEvent(path: string | undefined, warn: (text: string) => void): Promise<Event> {
  if (!path) return {};
  try {
    const { size } = await stat(path);
    if (size > MAXIMUM_EVENT_BYTES) throw new Error(`it is ${size} bytes long`);
    return event.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    warn(
      `the event file ${path} could not be used, so pull request and default branch are unknown: ${why(error)}`,
    );
    return {};
  }
}

function why(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error).replaceAll('\n', ' ');
  return error instanceof Error ? error.message : String(error);
}
