import { afterEach, beforeEach, expect, test } from 'vitest';
import { CONFIG, type GitHubScene, openGitHubScene } from './github-scene.js';

let scene: GitHubScene;
beforeEach(async () => {
  scene = await openGitHubScene(`${CONFIG}\n    deploy: { prod: { run: ./deploy.sh } }\n`);
});
afterEach(() => scene.end());

interface Check {
  readonly name: string;
  readonly state: string;
  readonly message: string;
  readonly mend?: string;
}
async function checks(options: Parameters<GitHubScene['run']>[2] = {}): Promise<readonly Check[]> {
  const { json } = await scene.run('doctor', [], options);
  const names = ['permissions', 'history branch', 'schedule', 'github'];
  return (json as { readonly checks: readonly Check[] }).checks.filter((one) => names.includes(one.name));
}

test('a token that may do it all; nothing is made by asking', async () => {
  expect(await checks()).toEqual([
    { name: 'permissions', state: 'ok', message: 'the token may do what Assay asks of it' },
  ]);
  expect(scene.bed.repository).toMatchObject({ comments: [], checks: [], deployments: [] });
});

test('each missing permission is named with its verb and the lines to add', async () => {
  const found = await checks({
    token: { permissions: { contents: 'read', pull_requests: 'write', actions: 'read' } },
  });
  expect(found.map((one) => `${one.state}: ${one.message}`)).toEqual([
    'broken: assay auto: the token lacks contents: write (records are appended to the history branch), checks: write (a check run per model)',
    'broken: assay promote: the token lacks deployments: write (the list of environments shows what is live)',
  ]);
  expect(found[0]?.mend).toBe(
    [
      'give the job:',
      'permissions:',
      '  contents: write # records are appended to the history branch',
      '  pull-requests: write # the comment on the pull request',
      '  checks: write # a check run per model',
    ].join('\n'),
  );
});

test('rules that would refuse the history, and schedules that sleep', async () => {
  scene.bed.repository.rules.assay = [{ type: 'pull_request' }, { type: 'deletion' }];
  scene.bed.repository.workflows.push(
    { id: 1, path: '.github/workflows/assay.yml', state: 'active' },
    { id: 2, path: '.github/workflows/monitor.yml', state: 'disabled_inactivity' },
  );
  const found = await checks();
  expect(found.slice(1).map((one) => [one.state, one.message, one.mend])).toEqual([
    [
      'broken',
      'the branch assay, which holds the records, is protected: changes need a pull request',
      expect.stringContaining('bypass'),
    ],
    ['warning', expect.stringContaining('monitor.yml off'), 'gh workflow enable monitor.yml'],
  ]);
  scene.bed.repository.rules.assay = [];
  scene.bed.repository.branches.assay = { sha: scene.head, protected: true };
  expect((await checks()).find((one) => one.name === 'history branch')?.message).toContain('protection rule');
});

test('what cannot be told is said, and a broken token is one line', async () => {
  const noActions = await checks({
    token: { permissions: { contents: 'write', checks: 'write', deployments: 'write' } },
    runner: { pullRequest: null },
  });
  expect(noActions.map((one) => one.message)).toEqual([
    'the token may do what Assay asks of it (pull-requests can be told in a pull request only)',
    'whether schedules are switched off is not known: the token lacks actions: read',
  ]);
  scene.bed.intercept = () => ({ status: 401, body: { message: 'Bad credentials' } });
  expect(await checks()).toMatchObject([
    { name: 'github', state: 'broken', message: expect.stringContaining('does not accept the token') },
  ]);
});

test("a fork's job is not asked", async () => {
  await checks({
    runner: { pullRequest: { number: 7, targetBranch: 'main', headCommit: null, fromFork: true } },
  });
  expect(scene.bed.requests).toEqual([]);
});
