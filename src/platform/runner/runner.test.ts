import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readRunner, refName } from './runner.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-runner-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SHA = 'a'.repeat(40);

const GITHUB = {
  GITHUB_ACTIONS: 'true',
  CI: 'true',
  GITHUB_ACTOR: 'mona',
  GITHUB_SERVER_URL: 'https://github.example.com',
  GITHUB_REPOSITORY: 'team/models',
  GITHUB_RUN_ID: '42',
  GITHUB_RUN_ATTEMPT: '3',
};

async function read(env: Record<string, string | undefined>) {
  const warnings: string[] = [];
  const runner = await readRunner(env, (text) => warnings.push(text));
  return { runner, warnings };
}

async function onGitHub(name: string, event: unknown, env: Record<string, string> = {}) {
  const path = join(folder, 'event.json');
  writeFileSync(path, typeof event === 'string' ? event : JSON.stringify(event));
  return read({ ...GITHUB, GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path, ...env });
}

const repository = { default_branch: 'main' };
function pullRequest(head: unknown = { sha: SHA, repo: { id: 1 } }, base = 'main') {
  return { repository, pull_request: { number: 7, base: { ref: base, repo: { id: 1 } }, head } };
}

describe('GitHub', () => {
  test('pull request: the head commit, not the merge commit', async () => {
    const { runner, warnings } = await onGitHub('pull_request', pullRequest(), {
      GITHUB_REF_NAME: '7/merge',
      GITHUB_REF_TYPE: 'branch',
    });
    expect(warnings).toEqual([]);
    expect(runner).toEqual({
      kind: 'github',
      actor: 'mona',
      trigger: {
        event: 'pull_request',
        url: 'https://github.example.com/team/models/actions/runs/42',
        attempt: 3,
      },
      pullRequest: { number: 7, targetBranch: 'main', headCommit: SHA, fromFork: false },
      ref: null,
      followedRun: null,
      comment: null,
      defaultBranch: 'main',
    });
  });

  test.each([
    ['another repository', { sha: SHA, repo: { id: 2 } }],
    ['a deleted fork', { sha: SHA, repo: null }],
  ])('pull request from %s is from a fork', async (_, head) => {
    const { runner } = await onGitHub('pull_request', pullRequest(head));
    expect(runner.pullRequest?.fromFork).toBe(true);
  });

  test('merge queue: the pull request that is at its head', async () => {
    const { runner } = await onGitHub('merge_group', {
      repository,
      merge_group: {
        base_ref: 'refs/heads/main',
        head_ref: `refs/heads/gh-readonly-queue/main/pr-104-${SHA}`,
        head_sha: SHA,
      },
    });
    expect(runner.pullRequest).toEqual({
      number: 104,
      targetBranch: 'main',
      headCommit: SHA,
      fromFork: false,
    });
  });

  test.each([
    ['push', 'main', 'branch', { kind: 'branch', name: 'main' }],
    ['workflow_dispatch', 'main', 'branch', { kind: 'branch', name: 'main' }],
    ['schedule', 'main', 'branch', { kind: 'branch', name: 'main' }],
    ['push', 'v1.0.0', 'tag', { kind: 'tag', name: 'v1.0.0' }],
    ['release', 'v1.0.0', 'tag', { kind: 'tag', name: 'v1.0.0' }],
  ])('%s on %s', async (name, ref, type, expected) => {
    const { runner } = await onGitHub(name, { repository }, { GITHUB_REF_NAME: ref, GITHUB_REF_TYPE: type });
    expect(runner).toMatchObject({ pullRequest: null, ref: expected, defaultBranch: 'main' });
  });

  test('workflow_run: the run that it follows', async () => {
    const { runner } = await onGitHub('workflow_run', { repository, workflow_run: { id: 4711 } });
    expect(runner).toMatchObject({ followedRun: 4711, pullRequest: null, comment: null });
  });

  test('issue_comment: what somebody wrote, on a pull request or not; edited ones are not answered', async () => {
    const comment = { id: 5, body: '/assay help', user: { login: 'mona' } };
    const issue = { number: 7, pull_request: {} };
    const created = await onGitHub('issue_comment', { action: 'created', comment, issue });
    expect(created.runner.comment).toEqual({
      id: 5,
      author: 'mona',
      body: '/assay help',
      issue: 7,
      pullRequest: 7,
    });
    const plain = await onGitHub('issue_comment', { action: 'created', comment, issue: { number: 7 } });
    expect(plain.runner.comment?.pullRequest).toBeNull();
    const edited = await onGitHub('issue_comment', { action: 'edited', comment, issue });
    expect(edited.runner.comment).toBeNull();
  });

  test('a re-run names who asked for it', async () => {
    const { runner } = await onGitHub('push', {}, { GITHUB_TRIGGERING_ACTOR: 'hubot' });
    expect(runner.actor).toBe('hubot');
  });

  test.each([
    ['not JSON', '{'],
    ['a list', '[]'],
    ['a branch that git would take for an option', pullRequest(undefined, '--upload-pack=evil')],
    ['a number that is text', { pull_request: { number: '7' } }],
    ['longer than any event', `"${'x'.repeat(25_000_001)}"`],
  ])('an event file that is %s is left unused, and said so', async (_, event) => {
    const { runner, warnings } = await onGitHub('pull_request', event);
    expect(runner.pullRequest).toBeNull();
    expect(warnings).toEqual([expect.stringContaining('the event file')]);
  });

  test('a missing event file is said', async () => {
    const { runner, warnings } = await read({ ...GITHUB, GITHUB_EVENT_PATH: join(folder, 'no') });
    expect(runner).toMatchObject({ kind: 'github', pullRequest: null, trigger: { event: 'unknown' } });
    expect(warnings).toHaveLength(1);
  });

  test('a head that is no commit id is not used', async () => {
    const { runner } = await onGitHub('pull_request', pullRequest({ sha: 'HEAD', repo: { id: 1 } }));
    expect(runner.pullRequest?.headCommit).toBeNull();
  });
});

describe('GitLab', () => {
  const gitlab = { GITLAB_CI: 'true', CI: 'true', GITLAB_USER_LOGIN: 'tanuki', CI_DEFAULT_BRANCH: 'main' };

  test('merge request', async () => {
    const { runner } = await read({
      ...gitlab,
      CI_PIPELINE_SOURCE: 'merge_request_event',
      CI_JOB_URL: 'https://gitlab.com/x/-/jobs/1',
      CI_MERGE_REQUEST_IID: '12',
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: '',
      CI_COMMIT_SHA: SHA,
      CI_MERGE_REQUEST_PROJECT_ID: '1',
      CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '2',
    });
    expect(runner).toMatchObject({
      kind: 'gitlab',
      actor: 'tanuki',
      trigger: { event: 'merge_request_event', url: 'https://gitlab.com/x/-/jobs/1' },
      pullRequest: { number: 12, targetBranch: 'main', headCommit: SHA, fromFork: true },
      defaultBranch: 'main',
    });
  });

  test('push', async () => {
    const { runner } = await read({ ...gitlab, CI_PIPELINE_SOURCE: 'push', CI_COMMIT_BRANCH: 'main' });
    expect(runner).toMatchObject({ pullRequest: null, ref: { kind: 'branch', name: 'main' } });
  });
});

describe('Jenkins', () => {
  const jenkins = { JENKINS_URL: 'https://ci/', BUILD_URL: 'https://ci/job/x/3/', GIT_COMMIT: SHA };

  test('change', async () => {
    const { runner } = await read({
      ...jenkins,
      CHANGE_ID: '5',
      CHANGE_TARGET: 'main',
      CHANGE_AUTHOR: 'ada',
      BRANCH_NAME: 'PR-5',
    });
    expect(runner).toMatchObject({
      kind: 'jenkins',
      actor: 'ada',
      trigger: { event: 'pull_request', url: 'https://ci/job/x/3/' },
      pullRequest: { number: 5, targetBranch: 'main', headCommit: SHA, fromFork: false },
      ref: null,
    });
  });

  test('primary branch', async () => {
    const { runner } = await read({ ...jenkins, BRANCH_NAME: 'trunk', BRANCH_IS_PRIMARY: 'true' });
    expect(runner).toMatchObject({
      trigger: { event: 'push' },
      ref: { kind: 'branch', name: 'trunk' },
      defaultBranch: 'trunk',
    });
  });
});

test.each([
  [{ USER: 'ada' }, 'local', 'ada', 'local'],
  [{ CI: 'true' }, 'other-ci', userInfo().username, 'ci'],
  [{ CI: 'false', USERNAME: 'grace' }, 'local', 'grace', 'local'],
])('%j is %s', async (env, kind, actor, event) => {
  const { runner } = await read(env);
  expect(runner).toMatchObject({ kind, actor, trigger: { event, url: null, attempt: 1 }, pullRequest: null });
});

test('no name that git could take for something else is a branch', () => {
  for (const name of ['main', 'feature/x', 'renovate/node-20.x', 'émoji-🚀'])
    expect(refName(name)).toBe(name);
  for (const name of [
    '-x',
    'a b',
    'a..b',
    'a\nb',
    'a~1',
    'x.lock',
    '.x',
    'a/.b',
    'a//b',
    'a@{1}',
    'a/',
    '',
  ]) {
    expect(refName(name)).toBeNull();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(refName(`--${text}`)).toBeNull();
      expect(refName(`${text}\n`)).toBeNull();
    }),
  );
});
