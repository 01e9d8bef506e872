import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Blobs } from '../src/artifacts/ports.js';
import { applySweep, planSweep, type SweepRequest } from '../src/artifacts/sweep.js';
import { OutsideError, UserError } from '../src/errors.js';
import type { PruningRecord } from '../src/registry/record.js';
import type { RunRecord } from '../src/runs/record.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';
import { memoryBlobs } from './fakes/blobs.js';
import { testWorld } from './fakes/world.js';
import { clone, git, makeRemote, openHistory, openScene, type Scene, write } from './history-scene.js';
import { openRegistryScene, type RegistryScene } from './registry-scene.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const OLD = new Date('2026-01-01T00:00:00Z');
const SINCE = new Date('2026-02-01T00:00:00Z');

describe('sweeping', () => {
  let scene: Scene;
  let now: Date;
  let memory: ReturnType<typeof memoryBlobs>;
  beforeEach(() => {
    scene = openScene();
    now = OLD;
    memory = memoryBlobs({ partBytes: 4, modified: () => now });
  });
  afterEach(() => scene.end());

  const store = () => artifactsOver(memory.blobs, scene.folder, { ...transferScene(), now: () => now });
  async function folder(files: Readonly<Record<string, string>>): Promise<string> {
    const name = `folder-${Object.keys(files).length}-${Object.values(files).join('')}`;
    for (const [path, text] of Object.entries(files)) write(scene.folder, `${name}/${path}`, text);
    return (await store().put('model', name)).digest;
  }
  function request(given: Partial<SweepRequest>): SweepRequest {
    return {
      blobs: memory.blobs,
      world: transferScene(),
      live: new Set(),
      dead: new Set(),
      condemned: new Set(),
      youngSince: SINCE,
      orphansBefore: undefined,
      ...given,
    };
  }
  async function sweep(given: Partial<SweepRequest>) {
    const of = request(given);
    const plan = await planSweep(of);
    await applySweep(of, plan, () => {});
    return plan;
  }
  const names = () => [...memory.kept.keys()].sort();

  test('what a needed folder shares with one that is not stays; parts of its files go with it', async () => {
    const dead = await folder({ a: 'same', b: 'dead', c: 'of several parts' });
    const live = await folder({ a: 'same', d: 'live' });
    const plan = await sweep({ live: new Set([live]), dead: new Set([dead]) });
    expect(names()).toEqual([`${live}.folder`, sha256('same'), sha256('live')].sort());
    // Lists first: one that is there means that all it names is.
    expect(plan.remove[0]?.name).toBe(`${dead}.folder`);
    expect(plan.remove[1]?.name).toBe(`${sha256('of several parts')}.parts`);
    expect(plan.kept).toEqual({ count: 3, bytes: expect.any(Number) });
    expect(await store().verify(live, { content: true })).toMatchObject({ state: 'whole' });
  });

  test('killed at any point, the next one removes the rest', async () => {
    const dead = await folder({ a: 'aaaa', b: 'of several parts' });
    const plan = await planSweep(request({ dead: new Set([dead]) }));
    for (let survived = 0; survived <= plan.remove.length; survived++) {
      memory.kept.clear();
      await folder({ a: 'aaaa', b: 'of several parts' });
      let left = survived;
      const dying: Blobs = {
        ...memory.blobs,
        remove: async (name) => {
          if (left-- === 0) throw new OutsideError('killed');
          return memory.blobs.remove(name);
        },
      };
      await applySweep(request({ blobs: dying }), plan, () => {}).catch(() => {});
      // The list that named the rest may be gone: the record of the pruning has the names.
      await sweep({ dead: new Set([dead]), condemned: new Set(plan.remove.map(({ name }) => name)) });
      expect(names()).toEqual([]);
    }
  });

  test('what is stored right now is left, with all it consists of', async () => {
    const dead = await folder({ a: 'aaaa', b: 'bbbb' });
    now = new Date('2026-02-10T00:00:00Z');
    await store().put('again', 'folder-2-aaaabbbb');
    const plan = await sweep({ dead: new Set([dead]) });
    expect(plan.young.map(({ name }) => name).sort()).toEqual(names());
    expect(names()).toHaveLength(3);
  });

  test('what is stored between the plan and the removal is rescued, with all it consists of', async () => {
    const dead = await folder({ a: 'aaaa', b: 'bbbb' });
    await folder({ c: 'cccc' });
    const of = request({ dead: new Set([dead, ...names().filter((name) => name === sha256('cccc'))]) });
    const plan = await planSweep(of);
    now = new Date('2026-02-10T00:00:00Z');
    await store().put('again', 'folder-2-aaaabbbb');
    await applySweep(of, plan, () => {});
    expect(await store().verify(dead, { content: true })).toMatchObject({ state: 'whole' });
    expect(memory.kept.has(sha256('cccc'))).toBe(false);
  });

  test('what is recorded as needed between the plan and the removal stays, with all it consists of', async () => {
    const accepted = await folder({ a: 'aaaa', b: 'of several parts' });
    const dead = await folder({ c: 'cccc' });
    let asked = 0;
    const of = request({
      dead: new Set([dead, accepted]),
      liveNow: async () => {
        asked++;
        return new Set([accepted]);
      },
    });
    const plan = await planSweep(of);
    await applySweep(of, plan, () => {});
    expect(asked).toBe(1);
    expect(await store().verify(accepted, { content: true })).toMatchObject({ state: 'whole' });
    expect(memory.kept.has(`${dead}.folder`)).toBe(false);
  });

  test('asked again while a long removal goes on', async () => {
    const dead = await folder({ a: 'aaaa', b: 'bbbb', c: 'cccc' });
    let [asked, clock] = [0, 0];
    const of = request({
      dead: new Set([dead]),
      world: {
        ...transferScene(),
        now: () => {
          clock += 6000;
          return new Date(clock);
        },
      },
      liveNow: async () => new Set(++asked > 1 ? [sha256('cccc'), sha256('bbbb'), sha256('aaaa')] : []),
    });
    await applySweep(of, await planSweep(of), () => {});
    expect(asked).toBeGreaterThan(1);
    // The list and, with this clock, at most one of its files had gone.
    expect(names().length).toBeGreaterThanOrEqual(2);
  });

  test('what no record names is left, unless asked for and old', async () => {
    const orphan = await folder({ a: 'aaaa' });
    expect((await sweep({})).unknown).toHaveLength(2);
    expect((await sweep({ orphansBefore: OLD })).unknown).toHaveLength(2);
    await sweep({ orphansBefore: SINCE });
    expect(names()).toEqual([]);
    expect(await store().has(orphan)).toBe(false);
  });

  test('a needed list that is damaged stops it; one that is not needed does not', async () => {
    const digest = await folder({ a: 'aaaa' });
    memory.kept.set(`${digest}.folder`, { bytes: Buffer.from('{}'), modified: OLD });
    await expect(planSweep(request({ live: new Set([digest]) }))).rejects.toBeInstanceOf(OutsideError);
    await sweep({ dead: new Set([digest]) });
    expect(names()).toEqual([sha256('aaaa')]);
  });
});

/** Long before the clock of the scene, which begins with 2026. */
const LONG_AGO = new Date('2025-10-01T00:00:00Z');

describe('assay prune', () => {
  const CONFIG = `retention: { runs: 2, age: 1s }
models:
  income: { train: { run: 'true' }, metrics: { from: [m.json] } }
`;
  let scene: RegistryScene;
  beforeEach(async () => {
    scene = await openRegistryScene(CONFIG);
  });
  afterEach(() => scene.end());

  const artifacts = () => join(scene.folder, '.assay/artifacts/sha256');
  function stored(): readonly string[] {
    return readdirSync(artifacts()).flatMap((prefix) =>
      readdirSync(join(artifacts(), prefix)).map((name) => prefix + name),
    );
  }
  /** As if they had been stored long ago. */
  function age(): void {
    for (const name of stored()) {
      const path = join(artifacts(), name.slice(0, 2), name.slice(2));
      chmodSync(path, 0o644);
      utimesSync(path, LONG_AGO, LONG_AGO);
    }
  }
  const prunings = () => openHistory(scene.folder).list({ kind: 'pruning' });
  const model = (number: number) => sha256(`model ${number}`);

  test('shows first, removes when told, records it, and keeps what versions, people and branches need', async () => {
    const runs: RunRecord[] = [];
    for (let i = 1; i <= 3; i++) runs.push(await scene.train(0.9));
    git(scene.folder, 'branch', 'feature');
    for (let i = 4; i <= 8; i++) runs.push(await scene.train(0.9));
    await scene.assay(`register --run ${runs[0]?.id}`);
    await scene.assay(`accept ${runs[4]?.id} --reason good`);
    age();
    const shown = await scene.assay('prune');
    expect(shown.text.replaceAll(scene.folder, 'REPOSITORY')).toMatchInlineSnapshot(`
      "model   runs kept  runs pruned  artifacts  bytes
      income          5            3          6   63 B

      kept in REPOSITORY/.assay/artifacts: 10 blobs (105 B)
      why runs are kept: 1 accepted, 2 baseline, 1 newest 2, 1 version
      would remove 6 blobs (63 B); do it: assay prune --apply"
    `);
    expect(stored()).toHaveLength(16);
    expect(await prunings()).toEqual([]);

    const done = await scene.assay('prune --apply');
    expect(done.outputs).toEqual({ removed: '6', bytes: shown.outputs.bytes });
    // Of a version, of the branch that left main there, accepted, the newest two.
    const kept = [1, 3, 5, 7, 8];
    expect(stored().filter((name) => [1, 2, 3, 4, 5, 6, 7, 8].some((i) => name === model(i)))).toEqual(
      expect.arrayContaining(kept.map(model)),
    );
    expect(stored()).toHaveLength(10);
    const [record] = (await prunings()) as unknown as PruningRecord[];
    expect(record).toMatchObject({ rule: { runs: 2, age: 1, orphans: false } });
    expect(record?.artifacts.map(({ run }) => run)).toEqual([1, 1, 3, 3, 5, 5].map((i) => runs[i]?.id));
    expect(record?.blobs).toHaveLength(6);
    expect((await scene.assay(`show ${record?.id}`)).text).toContain('6 blobs');
    // All records are still there, and what is kept can be used.
    expect((await scene.records('run')).length).toBe(8);
    expect((await scene.assay('prune --apply')).text).toContain('removed: 0 blobs');
    expect(await prunings()).toHaveLength(1);
  });

  test('what was stored lately stays; what no record names stays, unless asked for', async () => {
    for (let i = 1; i <= 4; i++) await scene.train(0.9);
    expect((await scene.assay('prune')).outputs.removed).toBe('0');
    age();
    const digest = sha256('stranger');
    mkdirSync(join(artifacts(), digest.slice(0, 2)), { recursive: true });
    writeFileSync(join(artifacts(), digest.slice(0, 2), digest.slice(2)), 'stranger');
    age();
    expect((await scene.assay('prune --apply')).text).toContain('1 blob (8 B) that no record');
    expect(stored()).toContain(digest);
    await scene.assay('prune --apply --orphans');
    expect(stored()).not.toContain(digest);
  });

  test('what records of a newer version name is kept', async () => {
    const [first] = [
      await scene.train(0.9),
      await scene.train(0.9),
      await scene.train(0.9),
      await scene.train(0.9),
    ];
    const history = await scene.project.history();
    await history.append([
      {
        ...first,
        ...scene.project.stamp(),
        schema: 'assay/run@7',
        artifacts: [{ new: first?.artifacts[0]?.digest }],
      } as never,
    ]);
    age();
    await scene.assay('prune --apply');
    expect(stored()).toContain(model(1));
    expect(stored()).not.toContain(model(2));
  });

  test('a run that somebody accepts while it removes keeps its files', async () => {
    const runs: RunRecord[] = [];
    for (let i = 1; i <= 5; i++) runs.push(await scene.train(0.9));
    age();
    const main = join(import.meta.dirname, '../build/main.js');
    const quiet = { update: () => {}, end: () => {} };
    const accepting = {
      ...testWorld({ cwd: scene.folder }).terminal,
      progress: (label: string) => {
        // The plan is made and recorded by now.
        if (label === 'removing') {
          const args = [main, 'accept', runs[1]?.id ?? '', '--reason', 'good after all'];
          const env = { PATH: process.env.PATH, HOME: scene.folder };
          expect(spawnSync('node', args, { cwd: scene.folder, env, encoding: 'utf8' }).stderr).not.toMatch(
            /error/i,
          );
        }
        return quiet;
      },
    };
    const done = await scene.assay('prune --apply', { terminal: accepting });
    expect(done.outputs.removed).toBe('4');
    expect(stored()).toContain(model(2));
    expect(stored()).not.toContain(model(3));
  });

  test("what a dataset's steps gave is kept", async () => {
    write(scene.folder, 'out/clean.csv', 'a\n1\n');
    const output = await (await scene.project.artifacts()).put('clean', join(scene.folder, 'out/clean.csv'));
    const fixture = join(import.meta.dirname, 'fixtures/records/dataset@1.json');
    const dataset = JSON.parse(readFileSync(fixture, 'utf8'));
    const [step] = dataset.steps;
    const steps = [{ ...step, output: { ...output, format: 'csv' } }];
    await (await scene.project.history()).append([{ ...dataset, ...scene.project.stamp(), steps }]);
    age();
    await scene.assay('prune --apply --orphans');
    expect(stored()).toContain(output.digest);
  });

  test('outside git the newest runs are kept', async () => {
    const outside = await openRegistryScene(CONFIG, { inGit: false });
    for (let i = 1; i <= 4; i++) await outside.train(0.9);
    expect((await outside.assay('prune --runs 1')).exit).toBe(0);
    outside.end();
  });

  test.each([
    ['--runs 0', /--runs/],
    ['--age soon', /not a duration/],
  ])('%s is refused', async (words, message) => {
    await expect(scene.assay(`prune ${words}`)).rejects.toThrow(message);
    await expect(scene.assay(`prune ${words}`)).rejects.toBeInstanceOf(UserError);
  });

  test('a history that is not read as a whole stops it', async () => {
    for (let i = 1; i <= 4; i++) await scene.train(0.9);
    age();
    git(scene.folder, 'remote', 'add', 'origin', join(scene.folder, 'nowhere'));
    expect((await scene.assay('prune')).outputs.removed).toBe('4');
    const failure = await scene.assay('prune --apply').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutsideError);
    expect(String(failure)).toMatch(/nothing was removed.*remote/);
    expect(stored()).toHaveLength(8);
  });

  test('records that only the remote has count: a version released elsewhere keeps its files', async () => {
    const runs = [
      await scene.train(0.9),
      await scene.train(0.9),
      await scene.train(0.9),
      await scene.train(0.9),
    ];
    const remote = makeRemote(scene.folder, `${scene.folder}-remote`);
    git(scene.folder, 'remote', 'add', 'origin', remote);
    const elsewhere = clone(remote, `${scene.folder}-elsewhere`);
    await openHistory(elsewhere, { push: true }).append([
      {
        ...scene.project.stamp(),
        schema: 'assay/acceptance@1',
        commit: null,
        actor: 'bob',
        trigger: { event: 'local', url: null, attempt: 1 },
        model: 'income',
        run: runs[0]?.id,
        reason: 'good',
      },
    ]);
    age();
    await scene.assay('prune --apply');
    expect(stored()).toContain(model(1));
    expect(stored()).not.toContain(model(2));
    // The pruning is known to all.
    expect(await openHistory(clone(remote, `${scene.folder}-later`)).list({ kind: 'pruning' })).toHaveLength(
      1,
    );
  });

  test('a clone without the main branch does not guess what is a baseline', async () => {
    await scene.train(0.9);
    git(scene.folder, 'branch', '-m', 'main', 'topic');
    await expect(scene.assay('prune')).rejects.toThrow(/main branch is not in this clone/);
  });
});
