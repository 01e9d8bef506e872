import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openGitHub } from '../src/platform/github/client.js';
import { githubDeployments } from '../src/platform/github/deployments.js';
import { githubReleases } from '../src/platform/github/releases.js';
import { conversation, type GitHubBed, gitHubBed } from './beds/github/server.js';
import type { Token } from './beds/github/state.js';
import { openGitHubScene } from './github-scene.js';
import { git, openScene, type Scene } from './history-scene.js';

const COMMIT = 'a'.repeat(40);
const TAG = 'income@v1.0.0';
let bed: GitHubBed;
let scene: Scene;
beforeEach(async () => {
  bed = await gitHubBed();
  scene = openScene();
});
afterEach(async () => {
  scene.end();
  await bed.close();
});

const open = (token: Partial<Token> = {}) =>
  openGitHub({
    env: bed.env(token),
    version: '1.0.0',
    now: Date.now,
    cancel: new AbortController().signal,
    warn: () => {},
    secondMs: 1,
    attemptSeconds: 2,
  });
const releases = async (token: Partial<Token> = {}) => githubReleases(await open(token));
const draft = { tag: TAG, title: 'income v1.0.0', body: '# card', commit: COMMIT };

function file(name: string, content: string | Buffer) {
  const path = join(scene.folder, name);
  writeFileSync(path, content);
  const bytes = Buffer.from(content);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { asset: { name, digest, bytes: bytes.length }, path };
}

describe('releases', () => {
  test('draft, upload, publish: and never the latest release of the repository', async () => {
    const store = await releases();
    const model = file('model.bin', Buffer.alloc(300_000, 7));
    expect(await store.find(TAG)).toBeUndefined();
    await store.createDraft(draft);
    await store.upload(TAG, model.asset, model.path);
    expect(await store.find(TAG)).toEqual({ published: false, assets: [model.asset] });
    const { url } = await store.publish(TAG);
    expect(url).toBe(`${bed.url}/team/models/releases/tag/income%40v1.0.0`);
    expect(await store.find(TAG)).toEqual({ published: true, assets: [model.asset] });
    expect(bed.repository.releases).toMatchObject([
      { tag: TAG, name: 'income v1.0.0', body: '# card', target: COMMIT, draft: false },
    ]);
    expect(conversation(bed)).toMatchSnapshot();
  });

  test('a draft that a killed job left is taken up; what is published is never touched', async () => {
    bed.repository.immutableReleases = true;
    const store = await releases();
    await store.createDraft(draft);
    await store.createDraft({ ...draft, body: 'again' });
    expect(bed.repository.releases).toMatchObject([{ body: 'again', draft: true }]);
    await store.publish(TAG);
    await store.publish(TAG);
    await expect(store.createDraft(draft)).rejects.toThrow('never changes');
    const model = file('model.bin', 'x');
    await expect(store.upload(TAG, model.asset, model.path)).rejects.toThrow('never changes');
    expect(bed.repository.releases).toMatchObject([{ immutable: true }]);
  });

  test('an asset of that name is replaced, unless it is the same', async () => {
    const store = await releases();
    await store.createDraft(draft);
    const first = file('model.bin', 'first');
    await store.upload(TAG, first.asset, first.path);
    await store.upload(TAG, first.asset, first.path);
    expect(bed.requests.filter((one) => one.path.startsWith('/uploads'))).toHaveLength(1);
    const second = file('model.bin', 'second');
    await store.upload(TAG, second.asset, second.path);
    expect((await store.find(TAG))?.assets).toEqual([second.asset]);
  });

  test('a 502 after which half an asset lies there: it is removed, and sent again', async () => {
    const store = await releases();
    await store.createDraft(draft);
    const model = file('model.bin', 'whole');
    let failed = false;
    bed.intercept = (request) => {
      if (!request.path.startsWith('/uploads') || failed) return undefined;
      failed = true;
      bed.repository.releases[0]?.assets.push({
        id: 1,
        name: 'model.bin',
        bytes: Buffer.alloc(0),
        contentType: 'application/octet-stream',
        state: 'open',
      });
      return { status: 502, body: { message: 'Bad Gateway' } };
    };
    await store.upload(TAG, model.asset, model.path);
    expect((await store.find(TAG))?.assets).toEqual([model.asset]);
  });

  test('an upload that arrived although no answer came is not sent twice', async () => {
    const store = await releases();
    await store.createDraft(draft);
    const model = file('model.bin', 'whole');
    let lost = false;
    bed.intercept = (request) => {
      if (!request.path.startsWith('/uploads') || lost) return undefined;
      lost = true;
      return 'hang up after doing it';
    };
    await store.upload(TAG, model.asset, model.path);
    expect(bed.requests.filter((one) => one.path.startsWith('/uploads'))).toHaveLength(1);
    expect((await store.find(TAG))?.assets).toEqual([model.asset]);
  });

  test('what arrives as something else is refused, and the release stays a draft', async () => {
    const store = await releases();
    await store.createDraft(draft);
    const model = file('model.bin', 'whole');
    const wrong = { ...model.asset, digest: 'f'.repeat(64) };
    await expect(store.upload(TAG, wrong, model.path)).rejects.toThrow('did not arrive as it was sent');
    expect(bed.repository.releases).toMatchObject([{ draft: true, assets: [] }]);
  });

  test('more releases and assets than a page holds', async () => {
    const store = await releases();
    await store.createDraft(draft);
    for (let index = 0; index < 120; index++) {
      bed.repository.releases.push({
        id: index,
        tag: `v${index}`,
        name: '',
        body: '',
        draft: false,
        prerelease: false,
        immutable: false,
        target: 'main',
        assets: [],
      });
      bed.repository.releases[0]?.assets.push({
        id: 10_000 + index,
        name: `a${index}`,
        bytes: Buffer.from('x'),
        contentType: 'text/plain',
        state: 'uploaded',
      });
    }
    expect((await store.find(TAG))?.assets).toHaveLength(120);
  });

  test('a token that may only read names the permission', async () => {
    const store = await releases({ permissions: { contents: 'read' } });
    await expect(store.createDraft(draft)).rejects.toMatchObject({
      kind: 'permission',
      mend: expect.stringContaining('permissions: { contents: write }'),
    });
  });
});

describe('deployments', () => {
  const deployments = async (token: Partial<Token> = {}) =>
    githubDeployments(await open(token), { url: 'https://github.test/run/1' });

  test('one for each stage, with its course; nothing is merged and no check is waited for', async () => {
    const list = await deployments();
    const first = await list.create({ environment: 'prod', commit: COMMIT, description: TAG });
    await list.update(first.id, 'in_progress', { description: TAG, url: null });
    await list.update(first.id, 'success', { description: TAG, url: 'https://income.example.test' });
    const second = await list.create({ environment: 'prod', commit: COMMIT, description: 'income@v1.1.0' });
    await list.update(second.id, 'failure', {
      description: `health check: ${'x'.repeat(200)}`,
      url: 'no address',
    });
    expect(bed.repository.deployments.map((one) => one.statuses.map((status) => status.state))).toEqual([
      ['in_progress', 'success'],
      ['failure'],
    ]);
    expect(bed.repository.deployments[0]?.fields).toMatchObject({
      required_contexts: [],
      auto_merge: false,
      production_environment: true,
    });
    expect(conversation(bed)).toMatchSnapshot();
  });

  test('a deployment without an answer is looked up before it is made again', async () => {
    const list = await deployments();
    let lost = false;
    bed.intercept = (request) => {
      if (request.method !== 'POST' || lost) return undefined;
      lost = true;
      return 'hang up after doing it';
    };
    const { id } = await list.create({ environment: 'prod', commit: COMMIT, description: TAG });
    expect(bed.repository.deployments.map((one) => String(one.id))).toEqual([id]);
  });

  test('without the permission it says which', async () => {
    const list = await deployments({ permissions: {} });
    await expect(
      list.create({ environment: 'prod', commit: COMMIT, description: TAG }),
    ).rejects.toMatchObject({ kind: 'permission', mend: expect.stringContaining('deployments: write') });
  });
});

describe('a version of a model, as the workflow makes it', () => {
  test('register publishes, writes checksums and starts the workflow that deploys', async () => {
    const work = await openGitHubScene(
      [
        'models:',
        '  income:',
        '    train: { run: node train.mjs, outputs: { model: out/model.bin } }',
        '    metrics: { from: [out/metrics.json] }',
        '    deploy: { prod: { run: node deploy.mjs } }',
      ].join('\n'),
      {
        'train.mjs': `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('out', { recursive: true });
writeFileSync('out/model.bin', 'weights');
writeFileSync('out/metrics.json', '{"accuracy": 0.9}');`,
        'deploy.mjs': `import { appendFileSync } from 'node:fs';
appendFileSync(process.env.ASSAY_OUTPUT, 'url=https://income.example.test');`,
      },
    );
    try {
      work.bed.repository.workflows.push({ id: 1, path: '.github/workflows/deploy.yml', state: 'active' });
      const runner = {
        pullRequest: null,
        ref: { kind: 'branch', name: 'main' },
        defaultBranch: 'main',
        trigger: { event: 'push', url: 'https://github.test/run/1', attempt: 1 },
      } as const;
      expect((await work.run('train', [], { runner })).exit).toBe(0);
      const { outputs } = await work.run('register', ['--start', 'deploy.yml'], { runner });
      expect(outputs.version).toBe('income@v1.0.0');
      expect(outputs.url).toContain('/releases/tag/income%40v1.0.0');
      expect(readFileSync(outputs.checksums ?? '', 'utf8')).toBe(
        `${createHash('sha256').update('weights').digest('hex')}  model.bin\n`,
      );
      expect(work.bed.repository.dispatches).toEqual([
        { kind: 'workflow deploy.yml', body: { ref: 'main', inputs: { version: 'income@v1.0.0' } } },
      ]);
      expect(work.bed.repository.releases.find((one) => one.tag === 'income@v1.0.0')).toMatchObject({
        draft: false,
        target: work.head,
      });
      expect(git(work.folder, 'cat-file', '-t', 'income@v1.0.0')).toBe('tag');

      const promoted = await work.run('promote', ['income@v1.0.0', '--to', 'prod'], { runner });
      expect(promoted.text).toContain('income@v1.0.0 is live on prod');
      expect(work.bed.repository.deployments).toMatchObject([
        {
          sha: work.head,
          fields: { environment: 'prod' },
          statuses: [{ state: 'in_progress' }, { state: 'success' }],
        },
      ]);

      // Without the permission the deployment happens all the same, and what is missing is said.
      const without = await work.run('deploy', ['income@v1.0.0', '--to', 'prod'], {
        runner,
        token: { permissions: { contents: 'write' } },
      });
      expect(without.exit).toBe(0);
      expect(without.lines.join('\n')).toContain('deployments: write');

      // A workflow that cannot be started does not undo the release: it is told with the command that does it by hand.
      await work.run('train', [], { runner });
      const second = await work.run('register', ['--start', 'missing.yml'], { runner });
      expect(second.outputs.version).toBe('income@v1.0.1');
      expect(second.failure).toMatchObject({
        message: expect.stringContaining('income@v1.0.1 is released, and missing.yml was not started'),
        mend: expect.stringContaining('gh workflow run missing.yml -f version=income@v1.0.1'),
      });
    } finally {
      await work.end();
    }
  });
});
