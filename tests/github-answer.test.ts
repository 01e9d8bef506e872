import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { conversation } from './beds/github/server.js';
import type { Token } from './beds/github/state.js';
import { modelOf } from './fakes/report.js';
import { type GitHubScene, openGitHubScene } from './github-scene.js';

let scene: GitHubScene;
beforeEach(async () => {
  scene = await openGitHubScene();
  Object.assign(scene.bed.repository.people, { mona: 'write', boss: 'admin', reader: 'read' });
});
afterEach(() => scene.end());

const RUN = '20260102T000000000Z-00000002';

function say(
  body: string,
  given: { author?: string; pullRequest?: number | null; token?: Partial<Token> } = {},
) {
  const { author = 'mona', pullRequest = 7, token } = given;
  scene.bed.repository.comments.push({
    id: 5,
    issue: 7,
    author: { login: author, type: 'User' },
    body,
    minimized: null,
    reactions: [],
  });
  return scene.run('answer', [], {
    ...(token ? { token } : {}),
    runner: {
      actor: author,
      trigger: { event: 'issue_comment', url: null, attempt: 1 },
      pullRequest: null,
      comment: { id: 5, author, body, issue: 7, pullRequest },
    },
  });
}
const reactions = () => scene.bed.repository.comments[0]?.reactions;
const replies = () => scene.bed.repository.comments.slice(1).map((one) => one.body);

test('what is not spoken to Assay costs no request', async () => {
  expect(await say('nice work')).toMatchObject({ exit: 0, outputs: { command: '' } });
  expect(scene.bed.requests).toEqual([]);
});

test('help, and a command that does not exist, are explained', async () => {
  await say('/assay help');
  expect(replies()[0]).toContain('| `/assay retrain` |');
  await say('/assay explode @team/leads');
  expect(reactions()).toContain('+1');
  expect(replies().at(-1)).toMatch(/not understood: there is no such command[\s\S]*\/assay retrain/);
  expect(
    replies()
      .at(-1)
      ?.replace(/`[^`]*`/g, ''),
  ).not.toContain('@team');
});

describe('only who may write is obeyed', () => {
  test.each(['reader', 'stranger'])('%s is not', async (author) => {
    const { outputs, text } = await say('/assay retrain', { author });
    expect(outputs.command).toBe('');
    expect(text).toContain('may not write');
    expect(reactions()).toEqual(['-1']);
    expect(replies()).toEqual([]);
    expect(scene.bed.repository.dispatches).toEqual([]);
  });
});

test('retrain repeats the run of the head, with its own event and rights', async () => {
  scene.bed.repository.runs.push({
    id: 42,
    headSha: scene.head,
    headBranch: 'topic',
    headRepo: 'team/models',
    event: 'pull_request',
  });
  expect(await say('/assay retrain')).toMatchObject({ exit: 0, outputs: { command: 'retrain' } });
  expect(scene.bed.repository.dispatches).toEqual([{ kind: 'rerun 42', body: {} }]);
  expect(reactions()).toEqual(['eyes', 'rocket']);
  expect(conversation(scene.bed)).toMatchSnapshot();
});

test('retrain says when there is nothing to repeat, or it runs already', async () => {
  expect((await say('/assay retrain')).exit).toBe(1);
  expect(replies()[0]).toContain('has no run for the head');
  scene.bed.repository.runs.push({
    id: 42,
    headSha: scene.head,
    headBranch: 'topic',
    headRepo: 'team/models',
    event: 'pull_request',
    status: 'in_progress',
  });
  await say('/assay retrain');
  expect(replies().at(-1)).toContain('running already');
  expect(scene.bed.repository.dispatches).toEqual([]);
});

test('accept takes the run of the head, and the reason is kept with the name', async () => {
  await scene.record(modelOf({ rows: [{ before: 0.9, after: 0.95, error: 0.001 }] }));
  expect(await say('/assay accept because the labels are new')).toMatchObject({ exit: 0 });
  expect(replies()[0]).toContain(`${RUN} is the accepted baseline of income: the labels are new`);
  const log = await scene.run('log', ['income', '--json']);
  expect(JSON.stringify(log.json)).toContain('the labels are new');
});

test('promote and rollback answer with what is wrong', async () => {
  expect((await say('/assay promote income@v9.9.9 prod')).exit).toBe(1);
  expect(replies()[0]).toMatch(/9\.9\.9/);
  expect(reactions()).toEqual(['eyes', 'confused']);
  // Words of a comment are never options.
  await say('/assay promote --override=mine prod');
  expect(replies().at(-1)).toMatch(/--override=mine/);
  await say('/assay rollback income prod');
  expect(replies().at(-1)).toContain('/assay rollback income prod');
});

test('a missing permission fails the job with its name', async () => {
  await expect(say('/assay help', { token: { permissions: { contents: 'write' } } })).rejects.toMatchObject({
    kind: 'permission',
    mend: expect.stringContaining('issues: write'),
  });
});
