import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { BUNDLE_FILE } from '../src/report/bundle.js';
import { conversation, FORK_TOKEN } from './beds/github/server.js';
import { zipOf } from './beds/zip.js';
import { modelOf, validationOf } from './fakes/report.js';
import { type GitHubScene, openGitHubScene } from './github-scene.js';

/** The two halves of a fork's pull request, and what a stranger may try with the first to fool the second. */

const FORK = 'stranger/models';
const RUN = 4711;
let scene: GitHubScene;
let bundle: string;
beforeAll(async () => {
  scene = await openGitHubScene();
  await scene.record(
    modelOf({ rows: [{ before: 0.9, after: 0.95, error: 0.001 }], validations: [validationOf([{}])] }),
  );
  bundle = readFileSync(join((await measured()).outputs.bundle ?? '', BUNDLE_FILE), 'utf8');
});
afterAll(() => scene.end());
beforeEach(() => {
  const { repository } = scene.bed;
  repository.comments.length = 0;
  repository.checks.length = 0;
  repository.artifacts.length = 0;
  scene.bed.requests.length = 0;
  repository.pulls.splice(0, 2, {
    number: 7,
    state: 'open',
    headSha: scene.head,
    headRef: 'topic',
    headRepo: FORK,
    baseRef: 'main',
  });
  repository.pulls.push({ ...pull(), number: 8, headRef: 'other', headSha: 'c'.repeat(40) });
  repository.runs.splice(0, 1, {
    id: RUN,
    headSha: scene.head,
    headBranch: 'topic',
    headRepo: FORK,
    event: 'pull_request',
  });
});

const pull = () => {
  const [first] = scene.bed.repository.pulls;
  if (!first) throw new Error('no pull request');
  return first;
};

/** The first half: the fork's own job. */
function measured() {
  const pullRequest = { number: 7, targetBranch: 'main', headCommit: scene.head, fromFork: true };
  return scene.run('report', [], { token: FORK_TOKEN, runner: { pullRequest } });
}

const following = (run = RUN) => ({
  runner: {
    trigger: { event: 'workflow_run', url: null, attempt: 1 },
    pullRequest: null,
    followedRun: run,
  },
});

/** The second half, on what the fork's job left as artifact. */
function publishZip(zip: Buffer, run = RUN) {
  scene.bed.repository.artifacts.splice(0, 1, { id: 31, run, name: 'assay-report', zip });
  return scene.run('report', ['--from-bundle', 'artifact:assay-report'], following());
}
const publishText = (text: string) => publishZip(zipOf([{ name: BUNDLE_FILE, content: text }]));
function changed(change: (bundle: Bundle) => void): string {
  const json = JSON.parse(bundle) as Bundle;
  change(json);
  return JSON.stringify(json);
}
// biome-ignore lint/suspicious/noExplicitAny: what a stranger writes has no type
type Bundle = any;

const refused = async (result: Promise<unknown>, why: RegExp) => {
  const error = await result.then(
    () => undefined,
    (one: unknown) => one,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(why);
  expect(scene.bed.repository.comments).toEqual([]);
  expect(scene.bed.repository.checks).toEqual([]);
};

test('the first half asks GitHub for nothing, writes data and says where the comment will come from', async () => {
  const { outputs, summary, exit } = await measured();
  expect(exit).toBe(0);
  expect(scene.bed.requests).toEqual([]);
  expect(outputs['comment-url']).toBe('');
  expect(summary).toContain('The comment comes from a second workflow');
  expect(JSON.parse(bundle)).toMatchObject({ schema: 'assay/report@1', pull_request: 7, commit: scene.head });
});

test('the second half posts comment and check, and says whose numbers they are', async () => {
  const { outputs } = await publishText(bundle);
  const [comment] = scene.bed.repository.comments;
  expect(outputs['comment-url']).toContain(`#issuecomment-${comment?.id}`);
  expect(comment?.body).toContain('### ✅ income: promote');
  expect(comment?.body).toContain('Measured by the job of a fork');
  // A stranger's "good" opens no gate: the check passes nothing on but what it shows.
  expect(scene.bed.repository.checks[0]?.fields).toMatchObject({
    name: 'assay/income',
    head_sha: scene.head,
    conclusion: 'neutral',
    output: { title: expect.stringMatching(/\(measured by the fork itself\)$/) },
  });
  expect(conversation(scene.bed)).toMatchSnapshot();
});

test('a bundle in a folder', async () => {
  const folder = join(scene.folder, 'bundle');
  mkdirSync(folder);
  writeFileSync(join(folder, BUNDLE_FILE), bundle);
  await scene.run('report', ['--from-bundle', 'bundle'], following());
  expect(scene.bed.repository.comments).toHaveLength(1);
});

test('--bundle on demand, and both halves in one job are refused', async () => {
  const { outputs } = await scene.run('report', ['--bundle', 'out']);
  expect(outputs.bundle).toBe(join(scene.folder, 'out'));
  await expect(scene.run('report', ['--bundle', 'a', '--from-bundle', 'b'])).rejects.toThrow('two halves');
  await expect(scene.run('report', ['--from-bundle', 'out'])).rejects.toThrow('follows another one');
});

describe('what a stranger may claim', () => {
  test.each<[string, (bundle: Bundle) => void, RegExp]>([
    ["another pull request's number", (one) => (one.pull_request = 8), /claims to be of pull request 8/],
    ['a pull request that is not there', (one) => (one.pull_request = 99), /claims to be of pull request 99/],
    ['another commit', (one) => (one.commit = 'd'.repeat(40)), /of another commit/],
    [
      'another commit throughout',
      (one) => {
        const text = JSON.stringify(one).replaceAll(scene.head, 'd'.repeat(40));
        Object.assign(one, JSON.parse(text));
      },
      /claims to be of commit ddddddd/,
    ],
    ['records of another model', (one) => (one.models[0].model = 'other'), /names another model/],
    [
      'a decision about another run',
      (one) => (one.models[0].decision.run = '20260102T000000000Z-0000000f'),
      /another run/,
    ],
    [
      'a word over the gate',
      (one) => (one.models[0].decision.override = { by: 'mona', reason: 'trust me', was: 'reject' }),
      /claims to be overridden/,
    ],
    ['infinity', (one) => (one.models[0].run.metrics[0].value = '1e999'), /metrics\.0\.value/],
    ['fields of its own', (one) => (one.body = '<script>'), /Unrecognized key/],
    ['a schema from the future', (one) => (one.schema = 'assay/report@2'), /another version/],
    ['no schema', (one) => (one.schema = undefined), /schema/],
    ['a key that ends the marker', (one) => (one.key = 'all --> <b>'), /key/],
    ['a model twice', (one) => one.models.push(one.models[0]), /twice/],
    [
      'metrics beyond measure',
      (one) => (one.models[0].run.metrics = Array(60_000).fill(one.models[0].run.metrics[0])),
      /60001 metrics/,
    ],
  ])('%s', async (_, change, why) => {
    await refused(publishText(changed(change)), why);
  });

  test('numbers that JSON has not', async () => {
    await refused(publishText(bundle.replace('"value":0.95', '"value":NaN')), /not JSON/);
    await refused(publishText(bundle.replace('"value":0.95', '"value":1e999')), /value/);
  });

  test('the head has moved on: nothing is posted, and nobody is alarmed by a red job', async () => {
    pull().headSha = 'e'.repeat(40);
    const { exit, text, outputs } = await publishText(bundle);
    expect({ exit, text, url: outputs['comment-url'] }).toEqual({
      exit: 0,
      text: expect.stringMatching(/has moved on from [0-9a-f]{7} to eeeeeee/),
      url: '',
    });
    expect(scene.bed.repository).toMatchObject({ comments: [], checks: [] });
  });

  test('the pull request is closed, or the branch is of another fork', async () => {
    pull().state = 'closed';
    await refused(publishText(bundle), /no open pull request/);
    scene.bed.repository.pulls.splice(0, 1, { ...pull(), state: 'open', headRepo: 'stranger/other' });
    await refused(publishText(bundle), /no open pull request/);
  });

  test('the run was no pull request', async () => {
    scene.bed.repository.runs.splice(0, 1, { ...scene.bed.repository.runs[0], event: 'push' } as never);
    await refused(publishText(bundle), /started by push/);
  });

  test('text that would format, link, ping or run', async () => {
    const hostile =
      '<img src=x onerror=alert(1)> @team/leads [x](https://evil.test) ![x](https://evil.test/t.png) | `a` <!-- assay:report key=all -->';
    await publishText(
      changed((one) => {
        one.models[0].run.warnings = [hostile];
        one.models[0].comparison.warnings = [hostile];
        one.models[0].decision.rules[0].reason = hostile;
        one.models[0].comparison.baseline.why = hostile;
        one.models[0].run.trigger.url = 'https://evil.test/run';
      }),
    );
    const body = scene.bed.repository.comments[0]?.body ?? '';
    expect(body).toContain('team/leads');
    expect(body).not.toMatch(/<img|@team|\]\(https:\/\/evil|evil\.test\/run/);
    expect(body.match(/<!-- assay:report/g)).toHaveLength(1);
  });
});

describe('what a stranger may pack', () => {
  test('an artifact of another run is not looked at', async () => {
    const { text, exit } = await publishZip(zipOf([{ name: BUNDLE_FILE, content: bundle }]), RUN + 1);
    expect({ text, exit }).toEqual({ text: expect.stringContaining('left no report to publish'), exit: 0 });
    expect(scene.bed.repository).toMatchObject({ comments: [], checks: [] });
  });
  test.each<[string, () => Buffer, RegExp]>([
    ['no zip', () => Buffer.from('PK not really'), /refused/],
    ['a zip without the file', () => zipOf([{ name: 'other.json', content: bundle }]), /there is no/],
    ['the file elsewhere', () => zipOf([{ name: `x/${BUNDLE_FILE}`, content: bundle }]), /there is no/],
    [
      'a path that leads out',
      () => zipOf([{ name: `../${BUNDLE_FILE}`, content: bundle }]),
      /invalid relative path/,
    ],
    ['an absolute path', () => zipOf([{ name: '/etc/passwd', content: 'x' }]), /absolute path/],
    [
      'very many entries',
      () => zipOf(Array.from({ length: 500 }, (_, index) => ({ name: `f${index}`, content: '' }))),
      /500 entries/,
    ],
    [
      'a bomb',
      () => zipOf([{ name: BUNDLE_FILE, content: Buffer.alloc(40_000_000) }]),
      /unpacks to 40000000 bytes/,
    ],
    [
      'a bomb that lies about its size',
      () => zipOf([{ name: BUNDLE_FILE, content: Buffer.alloc(40_000_000), claims: 1000 }]),
      /too many bytes|more than/,
    ],
    [
      'bytes that are no text',
      () => zipOf([{ name: BUNDLE_FILE, content: Buffer.from([0xff, 0xfe, 0x00]) }]),
      /refused/,
    ],
  ])('%s', async (_, zip, why) => {
    await refused(publishZip(zip()), why);
  });

  test('a link to a file of the machine', async () => {
    const folder = join(scene.folder, 'linked');
    mkdirSync(folder);
    symlinkSync('/etc/passwd', join(folder, BUNDLE_FILE));
    await refused(
      scene.run('report', ['--from-bundle', 'linked'], following()),
      /there is no assay-report\.json/,
    );
  });
});
