import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interrupted, UserError } from '../src/errors.js';
import type { StageRecord } from '../src/registry/record.js';
import { liveOn } from '../src/registry/stages.js';
import { git } from './history-scene.js';
import { openRegistryScene, type RegistryScene, releaseFiles } from './registry-scene.js';

const CONFIG = `
models:
  income:
    train: { run: node train.mjs }
    metrics: { rules: { roc_auc: { direction: higher } } }
    gate:
      - metric: roc_auc
        require: { min: 0.8 }
`;

const FILES = CONFIG.replace('models:', 'history: { directory: .assay/history }\nmodels:');

/** Tests wait for git and the disk most of the time, so they run side by side, each in a repository of its own. */
const test = it.extend<{ inGit: RegistryScene; scene: RegistryScene; outsideGit: RegistryScene }>({
  inGit: ({ task: _ }, use) => withScene(openRegistryScene(CONFIG), use),
  scene: ({ task: _ }, use) => withScene(openRegistryScene(FILES), use),
  outsideGit: ({ task: _ }, use) => withScene(openRegistryScene(CONFIG, { inGit: false }), use),
});

async function withScene(opening: Promise<RegistryScene>, use: (scene: RegistryScene) => Promise<void>) {
  const scene = await opening;
  await use(scene);
  scene.end();
}

const tags = (scene: RegistryScene) =>
  git(scene.folder, 'tag', '--list', '--sort=refname').split('\n').filter(Boolean);

describe('from a run to production and back', () => {
  test.concurrent('registers, promotes and rolls back further and further', async ({ inGit: scene }) => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
      const run = await scene.train(0.9);
      const registered = await scene.assay('register');
      expect(registered).toMatchObject({ exit: 0, outputs: { version: `income@v${version}` } });
      expect(git(scene.folder, 'rev-parse', `income@v${version}^{commit}`)).toBe(run.commit);
      expect(await scene.assay(`promote income@${version} --to prod`)).toMatchObject({ exit: 0 });
    }
    const first = await scene.assay('rollback income --stage prod --reason "latency doubled"');
    expect(first).toMatchObject({
      exit: 0,
      outputs: { version: 'income@v1.1.0', 'stage-tag': 'income#prod#4' },
    });
    const second = await scene.assay('rollback income --stage prod');
    expect(second.outputs.version).toBe('income@v1.0.0');
    await expect(scene.assay('rollback income --stage prod')).rejects.toThrow(/nothing to roll back to/);
    const again = await scene.assay('rollback income --stage prod --to v1.2.0');
    expect(again.outputs.version).toBe('income@v1.2.0');

    const stages = (await scene.records('stage')) as unknown as StageRecord[];
    expect(
      stages.map(({ number, version, replaces, action, reason }) => [
        number,
        action,
        version,
        replaces,
        reason,
      ]),
    ).toEqual([
      [6, 'rollback', '1.2.0', '1.0.0', null],
      [5, 'rollback', '1.0.0', '1.1.0', null],
      [4, 'rollback', '1.1.0', '1.2.0', 'latency doubled'],
      [3, 'promote', '1.2.0', '1.1.0', null],
      [2, 'promote', '1.1.0', '1.0.0', null],
      [1, 'promote', '1.0.0', null, null],
    ]);
    expect(liveOn(stages, { stage: 'prod', date: stages[2]?.time ?? '' })[0]?.version).toBe('1.1.0');
    expect(tags(scene)).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((number) => `income#prod#${number}`),
      'income@v1.0.0',
      'income@v1.1.0',
      'income@v1.2.0',
    ]);
    expect(git(scene.folder, 'rev-parse', 'income#prod#5^{commit}')).toBe(
      git(scene.folder, 'rev-parse', 'income@v1.0.0^{commit}'),
    );
  });

  test.concurrent('the release has the model, the run and a card; no predictions', async ({ scene }) => {
    const run = await scene.train(0.91, {
      params: { depth: 6 },
      data: [{ name: 'adult', digest: 'd'.repeat(64), rows: 48_842 }],
    });
    await scene.assay('register income');
    const files = releaseFiles(scene, 'income@v1.0.0');
    expect(Object.keys(files).sort()).toEqual(['model-card.md', 'model.bin', 'run.json']);
    expect(files['model.bin']).toBe('model 1');
    expect(JSON.parse(files['run.json'] ?? '')).toEqual(run);
    expect(files['model-card.md']).toContain('| roc_auc | test |');
    expect(files['model-card.md']).toContain('48,842 rows');
    expect(git(scene.folder, 'status', '--porcelain')).toBe('?? out/');
    expect(scene.lines).toEqual(expect.not.arrayContaining([expect.stringContaining('not committed')]));
    await scene.train(0.92, { code: { ...run.code, dirty: true } });
    await scene.assay('register');
    expect(scene.lines.join('\n')).toContain('changes that were not committed');
    expect(releaseFiles(scene, 'income@v1.1.0')['model-card.md']).toContain('were not committed');
  });

  test.concurrent('a run is released once', async ({ scene }) => {
    const run = await scene.train(0.9);
    await scene.assay('register');
    const again = await scene.assay(`register --run ${run.id}`);
    expect(again).toMatchObject({ exit: 0, json: { created: false }, outputs: { version: 'income@v1.0.0' } });
    expect(again.text).toContain('is released already, as income@v1.0.0');
    expect(await scene.records('version')).toHaveLength(1);
    await expect(scene.assay('register --version 2.0.0')).rejects.toThrow(/released already/);
  });

  test.concurrent('a tag lost to a killed job is made by registering again', async ({ scene }) => {
    await scene.train(0.9);
    await scene.assay('register');
    git(scene.folder, 'tag', '--delete', 'income@v1.0.0');
    await scene.assay('register');
    expect(tags(scene)).toEqual(['income@v1.0.0']);
  });

  test.concurrent('numbers: patch for the same code and parameters, what is asked for else, never one that is tagged', async ({
    scene,
  }) => {
    const first = await scene.train(0.9);
    await scene.assay('register');
    await scene.train(0.91, { commit: first.commit, code: first.code, seed: 2 });
    git(scene.folder, 'reset', '--quiet', '--hard', first.commit ?? '');
    expect((await scene.assay('register')).outputs.version).toBe('income@v1.0.1');
    await scene.train(0.92);
    git(scene.folder, 'tag', 'income@v1.1.0', first.commit ?? '');
    expect((await scene.assay('register')).outputs.version).toBe('income@v1.2.0');
    await scene.train(0.93);
    expect((await scene.assay('register --bump major')).outputs.version).toBe('income@v2.0.0');
    await scene.train(0.94);
    expect((await scene.assay('register --version v1.5.0')).outputs.version).toBe('income@v1.5.0');
    await scene.train(0.95);
    await expect(scene.assay('register --version 1.5.0')).rejects.toThrow(/exists already/);
  });

  test.concurrent('a folder is released as a tar file', async ({ scene }) => {
    mkdirSync(`${scene.folder}/out/saved/variables`, { recursive: true });
    writeFileSync(`${scene.folder}/out/saved/variables/0`, 'weights');
    const saved = await (await scene.project.artifacts()).put('saved', `${scene.folder}/out/saved`);
    await scene.train(0.9, { artifacts: [saved] });
    expect(await scene.assay('register')).toMatchObject({ exit: 0 });
    const files = releaseFiles(scene, 'income@v1.0.0');
    expect(files['saved.tar']).toContain('weights');
  });
});

describe('where there is no commit', () => {
  test.concurrent('outside git everything works but for the commit', async ({ outsideGit: scene }) => {
    await scene.train(0.9);
    expect(await scene.assay('register')).toMatchObject({ exit: 0, outputs: { version: 'income@v1.0.0' } });
    expect(await scene.assay('promote income@1.0.0 --to prod')).toMatchObject({ exit: 0 });
    await scene.train(0.95);
    await scene.assay('register --bump patch');
    expect(await scene.assay('promote income@1.0.1 --to prod')).toMatchObject({ exit: 0 });
    expect((await scene.assay('rollback income --stage prod')).outputs).toMatchObject({
      version: 'income@v1.0.0',
      'stage-tag': 'income#prod#3',
    });
    expect(await scene.records('version')).toMatchObject([{ commit: null }, { commit: null }]);
  });

  test.concurrent('a run from before the first commit, or of a commit that is not here, is not released', async ({
    scene,
  }) => {
    const early = await scene.train(0.9, { commit: null });
    await expect(scene.assay(`register --run ${early.id}`)).rejects.toThrow(/before the first commit/);
    const far = await scene.train(0.9, { commit: 'e'.repeat(40) });
    await expect(scene.assay(`register --run ${far.id}`)).rejects.toMatchObject({
      mend: expect.stringContaining('fetch-depth: 0'),
    });
    expect(await (await scene.project.releases()).find('income@v1.0.0')).toBeUndefined();
  });
});

describe('interrupted', () => {
  test.concurrent('before anything is released or moved, nothing is', async ({ scene }) => {
    await scene.train(0.9);
    const cancel = AbortSignal.abort(new Interrupted('SIGINT'));
    await expect(scene.assay('register', { cancel })).rejects.toBeInstanceOf(Interrupted);
    expect(await scene.records('version')).toEqual([]);
    await scene.assay('register');
    await expect(scene.assay('promote income@1.0.0 --to prod', { cancel })).rejects.toBeInstanceOf(
      Interrupted,
    );
    expect(await scene.records('stage')).toEqual([]);
  });
});

describe('a register that was killed', () => {
  test.concurrent('goes on with its draft', async ({ scene }) => {
    const run = await scene.train(0.9);
    const releases = await scene.project.releases();
    await scene.assay('gate');
    // What is left when the job dies after the first asset.
    const text = `${JSON.stringify(run, null, 2)}\n`;
    const path = `${scene.folder}/out/run.json`;
    writeFileSync(path, text);
    await releases.createDraft({ tag: 'income@v1.0.0', title: 'income v1.0.0', body: 'half', commit: null });
    const digest = createHash('sha256').update(text).digest('hex');
    await releases.upload('income@v1.0.0', { name: 'run.json', digest, bytes: text.length }, path);

    expect(await scene.assay('register')).toMatchObject({ exit: 0, outputs: { version: 'income@v1.0.0' } });
    expect(scene.lines.join('\n')).toContain('going on with the unfinished release of v1.0.0');
    expect((await releases.find('income@v1.0.0'))?.published).toBe(true);
    expect(Object.keys(releaseFiles(scene, 'income@v1.0.0'))).toHaveLength(3);
  });

  test.concurrent('does not take the draft of another run', async ({ scene }) => {
    await scene.train(0.9);
    const releases = await scene.project.releases();
    const { digest, bytes } = await (await scene.project.artifacts()).put(
      'x',
      `${scene.folder}/out/model.bin`,
    );
    await releases.createDraft({ tag: 'income@v1.0.0', title: '', body: '', commit: null });
    await releases.upload(
      'income@v1.0.0',
      { name: 'run.json', digest, bytes },
      `${scene.folder}/out/model.bin`,
    );
    expect((await scene.assay('register')).outputs.version).toBe('income@v1.1.0');
    expect(scene.lines.join('\n')).toContain('v1.0.0 is passed over');
    expect((await releases.find('income@v1.0.0'))?.published).toBe(false);
  });
});

describe('the gate', () => {
  test.concurrent('keeps a run from being released, and says why', async ({ scene }) => {
    const run = await scene.train(0.7);
    const refused = await scene.assay('register');
    expect(refused).toMatchObject({ exit: 1, json: { version: null }, outputs: { version: '' } });
    expect(refused.text).toMatch(/^reject: run .* is not released\n {2}- .*0\.7/);
    expect(await scene.records('version')).toEqual([]);
    expect(await scene.records('decision')).toMatchObject([
      { run: run.id, decision: 'reject', override: null },
    ]);
  });

  test.concurrent('is gone over with a reason, which is recorded beside what it said', async ({ scene }) => {
    await scene.train(0.7);
    await scene.assay('gate');
    expect(await scene.assay('register --force "hotfix, agreed with risk"')).toMatchObject({ exit: 0 });
    const [newest, before] = await scene.records('decision');
    expect(newest).toMatchObject({
      decision: 'promote',
      override: { by: 'ada', reason: 'hotfix, agreed with risk', was: 'reject' },
    });
    expect(before).toMatchObject({ decision: 'reject', override: null });
    expect((await scene.records('version'))[0]).toMatchObject({ decision: newest?.id });
    expect(releaseFiles(scene, 'income@v1.0.0')['model-card.md']).toContain(
      'over the gate, which said **reject**',
    );
  });

  test.concurrent('keeps a version from a stage, and is gone over there too', async ({ scene }) => {
    await scene.train(0.7);
    await scene.assay('register --force "for staging only"');
    const refused = await scene.assay('promote income@1.0.0 --to prod');
    expect(refused).toMatchObject({ exit: 1, outputs: { decision: 'reject', 'stage-tag': '' } });
    expect(await scene.records('stage')).toEqual([]);
    const over = await scene.assay('promote income@1.0.0 --to prod --override "the only one we have"');
    expect(over).toMatchObject({ exit: 0, outputs: { decision: 'promote', 'stage-tag': 'income#prod#1' } });
    expect((await scene.records('decision'))[0]).toMatchObject({ override: { by: 'ada', was: 'reject' } });
    expect((await scene.records('stage'))[0]).toMatchObject({ reason: 'the only one we have' });
  });

  test.concurrent('compares with what is live on the stage', async ({ scene }) => {
    await scene.train(0.9);
    await scene.assay('register');
    await scene.assay('promote income@1.0.0 --to prod');
    const next = await scene.train(0.95);
    await scene.assay('register');
    await scene.assay('promote income@1.1.0 --to prod');
    const [comparison] = await scene.records('comparison');
    expect(comparison).toMatchObject({
      candidate: { run: next.id },
      baseline: { why: expect.stringContaining('live on prod') },
    });
  });

  test.concurrent('is not asked about what is live already', async ({ scene }) => {
    await scene.train(0.9);
    await scene.assay('register');
    await scene.assay('promote income@1.0.0 --to prod');
    const decisions = (await scene.records('decision')).length;
    const again = await scene.assay('promote income@1.0.0 --to prod');
    expect(again).toMatchObject({ exit: 0, outputs: { 'stage-tag': 'income#prod#1' } });
    expect(again.text).toContain('is live on prod already');
    expect(await scene.records('stage')).toHaveLength(1);
    expect(await scene.records('decision')).toHaveLength(decisions);
  });
});

describe('accept', () => {
  test.concurrent('records who, what and why', async ({ scene }) => {
    const run = await scene.train(0.9);
    const accepted = await scene.assay(`accept ${run.id} --reason "privacy costs 0.01"`);
    expect(accepted).toMatchObject({ exit: 0, outputs: { run: run.id } });
    expect(await scene.records('acceptance')).toMatchObject([
      { run: run.id, actor: 'ada', reason: 'privacy costs 0.01', commit: run.commit },
    ]);
    expect(scene.lines.join('\n')).toContain('baseline: blessed');
  });

  test.concurrent('needs a reason and a run that succeeded', async ({ scene }) => {
    const failed = await scene.train(0.9, { status: 'failed' });
    await expect(scene.assay(`accept ${failed.id}`)).rejects.toThrow(/--reason needs a reason/);
    await expect(scene.assay(`accept ${failed.id} --reason " "`)).rejects.toThrow(/--reason needs a reason/);
    await expect(scene.assay(`accept ${failed.id} --reason x`)).rejects.toThrow(
      /failed, so it cannot be a baseline/,
    );
    await expect(scene.assay('accept 2099 --reason x')).rejects.toThrow(UserError);
    expect(await scene.records('acceptance')).toEqual([]);
  });
});

describe('what is asked wrongly is said', () => {
  let empty: RegistryScene;
  beforeAll(async () => {
    empty = await openRegistryScene(FILES);
  });
  afterAll(() => empty.end());

  it.each([
    ['register', /no run of income succeeded on commit [0-9a-f]{7}/, /assay train income/],
    ['register nobody', /no model "nobody"/, /income/],
    ['register --run 2099', /no run whose id/, undefined],
    ['register --bump minor --version 1.0.0', /cannot both/, undefined],
    ['register --version one', /not a semantic version/, undefined],
    ['register --force ""', /--force needs a/, undefined],
    ['promote income --to prod', /does not name a version/, /income@v1\.4\.0/],
    ['promote income@1.0.0', /needs a stage/, undefined],
    ['promote income@1.0.0 --to prod', /no version income@v1\.0\.0/, /assay register income/],
    ['promote other@1.0.0 --to prod', /no model "other"/, undefined],
    ['rollback income', /needs a stage/, undefined],
    ['rollback income --stage prod', /never on prod/, undefined],
    ['deploy income@1.0.0', /needs a target/, undefined],
  ] as const)('%s', async (words, message, mend) => {
    const failure = await empty.assay(words).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toMatch(message);
    if (mend) expect((failure as UserError).mend).toMatch(mend);
  });

  test.concurrent('a stage that cannot be a tag, a run that failed, a run that only scored', async ({
    scene,
  }) => {
    const failed = await scene.train(0.9, { status: 'failed' });
    await expect(scene.assay(`register --run ${failed.id}`)).rejects.toThrow(
      /failed, so it cannot be released/,
    );
    const scored = await scene.train(0.9, { purpose: 'evaluate', parent: failed.id });
    await expect(scene.assay(`register --run ${scored.id}`)).rejects.toThrow(/only scored another run/);
    await scene.train(0.9);
    await scene.assay('register');
    await expect(scene.assay('promote income@1.0.0 --to "pro#d"')).rejects.toThrow(/registry tag/);
    await expect(scene.assay('promote income@2.0.0 --to prod')).rejects.toMatchObject({
      mend: expect.stringContaining('income@v1.0.0'),
    });
  });
});
