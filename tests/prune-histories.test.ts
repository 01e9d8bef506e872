import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Artifact } from '../src/artifacts/artifact.js';
import type { ArtifactStore, Blobs } from '../src/artifacts/ports.js';
import { applySweep, planSweep } from '../src/artifacts/sweep.js';
import { OutsideError } from '../src/errors.js';
import { type RetainedRun, type RetentionRule, retain } from '../src/registry/retention.js';
import { artifactsOver, transferScene } from './artifacts-scene.js';
import { memoryBlobs } from './fakes/blobs.js';

/**
 * Whatever the history: what a version, a reference, a young or a kept run needs is whole after every pruning, also
 * after one that was killed, and when a run comes to be needed while it removes.
 */

const DAY = 86_400_000;
const NOW = new Date('2026-06-01T00:00:00Z');
const CONTENTS = 6;

interface Given {
  /** Which contents each run has stored: single files, and a folder of several. */
  readonly runs: readonly {
    readonly model: number;
    readonly age: number;
    readonly file: number;
    readonly folder: readonly number[];
    readonly parent: number | undefined;
  }[];
  readonly versions: readonly number[];
  readonly accepted: readonly number[];
  readonly comparisons: readonly (readonly [number, number])[];
  readonly rule: RetentionRule;
  readonly partBytes: number;
  readonly packed: boolean;
  /** Removals after which the first pruning is killed. */
  readonly killedAfter: number;
  /** The run that is accepted while the first pruning goes on. */
  readonly late: number;
}

const index = fc.nat({ max: 30 });
const given: fc.Arbitrary<Given> = fc.record({
  runs: fc.array(
    fc.record({
      model: fc.nat({ max: 1 }),
      age: fc.nat({ max: 40 }),
      file: fc.nat({ max: CONTENTS - 1 }),
      folder: fc.uniqueArray(fc.nat({ max: CONTENTS - 1 }), { maxLength: 4 }),
      parent: fc.option(index, { nil: undefined }),
    }),
    { minLength: 1, maxLength: 14 },
  ),
  versions: fc.array(index, { maxLength: 2 }),
  accepted: fc.array(index, { maxLength: 2 }),
  comparisons: fc.array(fc.tuple(index, index), { maxLength: 4 }),
  rule: fc.record({
    runs: fc.integer({ min: 1, max: 4 }),
    age: fc.nat({ max: 20 }).map((days) => days * 86_400),
  }),
  partBytes: fc.constantFrom(7, 1e9),
  packed: fc.boolean(),
  killedAfter: fc.nat({ max: 8 }),
  late: index,
});

function layContents(folder: string): void {
  for (let i = 0; i < CONTENTS; i++)
    writeFileSync(join(folder, `${i}`), `content number ${i} `.repeat(i + 1));
}

/** The runs with what they stored, as their training did. */
async function train(store: ArtifactStore, folder: string, of: Given): Promise<readonly RetainedRun[]> {
  const runs: RetainedRun[] = [];
  for (const [at, { model, age, file, folder: files, parent }] of of.runs.entries()) {
    const artifacts: Artifact[] = [await store.put('model', `${file}`)];
    if (files.length > 0) {
      const name = `folder-${at}`;
      mkdirSync(join(folder, name));
      for (const one of files)
        writeFileSync(join(folder, name, `${one}`), `content number ${one} `.repeat(one + 1));
      artifacts.push(await store.put('folder', name));
    }
    const time = new Date(NOW.getTime() - age * DAY);
    runs.push({
      id: idOf(time, at),
      model: `model-${model}`,
      time: time.toISOString(),
      parent: parent === undefined ? null : (runs[parent % Math.max(1, runs.length)]?.id ?? null),
      artifacts,
    });
  }
  return runs;
}

function idOf(time: Date, at: number): string {
  const stamp = time.toISOString().replace(/[-:.]/g, '');
  return `${stamp}-${createHash('sha256').update(`${at}`).digest('hex').slice(0, 8)}`;
}

test('nothing that is needed is ever removed', async () => {
  const root = mkdtempSync(join(tmpdir(), 'assay-histories-'));
  await fc.assert(
    fc.asyncProperty(given, async (of) => {
      const folder = mkdtempSync(join(root, 'history-'));
      layContents(folder);
      // Everything was stored long ago, so that no youth protects it.
      const memory = memoryBlobs({
        partBytes: of.partBytes,
        modified: () => new Date('2026-01-01T00:00:00Z'),
      });
      const packing = { smallBytes: 100, packBytes: 150 };
      const blobs: Blobs = { ...memory.blobs, ...(of.packed ? { packing } : {}) };
      const world = { ...transferScene(), now: () => NOW };
      const store = artifactsOver(blobs, folder, { ...world, now: () => new Date('2026-01-01T00:00:00Z') });
      const runs = await train(store, folder, of);
      const run = (at: number) => runs[at % runs.length] as RetainedRun;
      const references = [
        ...of.versions.map((at) => ({ run: run(at).id, why: 'version' })),
        ...of.accepted.map((at) => ({ run: run(at).id, why: 'accepted' })),
      ];
      const comparisons = of.comparisons.map(([a, b]) => ({ candidate: run(a).id, baseline: run(b).id }));
      const plan = (accepted: readonly { readonly run: string; readonly why: string }[]) => {
        const kept = retain(of.rule, {
          runs,
          references: [...references, ...accepted],
          comparisons,
          now: NOW,
        });
        const live = new Set<string>();
        for (const one of runs)
          if (kept.kept.has(one.id)) for (const { digest } of one.artifacts) live.add(digest);
        const dead = kept.pruned.flatMap(({ artifacts }) => artifacts.map(({ digest }) => digest));
        return { kept, live, dead: new Set(dead.filter((digest) => !live.has(digest))) };
      };
      const before = plan([]);
      // The rule is held.
      for (const one of runs) {
        if ((NOW.getTime() - Date.parse(one.time)) / 1000 < of.rule.age)
          expect(before.kept.kept.has(one.id)).toBe(true);
      }
      for (const one of references) expect(before.kept.kept.has(one.run)).toBe(true);

      const condemned = new Set<string>();
      const prune = async (options: { readonly killedAfter?: number; readonly accepting?: string }) => {
        let removals = 0;
        const { live, dead } = plan(late);
        const dying: Blobs = {
          ...blobs,
          remove: async (...args) => {
            if (removals++ === options.killedAfter) throw new OutsideError('killed');
            return blobs.remove(...args);
          },
        };
        const request = {
          blobs: dying,
          world,
          live,
          dead,
          condemned,
          youngSince: NOW,
          orphansBefore: undefined,
          liveNow: async () => plan(late).live,
        };
        const sweep = await planSweep(request);
        for (const { name } of sweep.remove) condemned.add(name);
        // After the plan was made, before anything goes.
        if (options.accepting) late.push({ run: options.accepting, why: 'accepted late' });
        await applySweep(request, sweep, () => {}).catch((error: unknown) => {
          if (!(error instanceof OutsideError)) throw error;
        });
      };
      const late: { run: string; why: string }[] = [];
      const whole = async () => {
        for (const digest of plan(late).live) {
          expect(await store.verify(digest, { content: true })).toEqual({ state: 'whole', detail: '' });
        }
      };
      await prune({ killedAfter: of.killedAfter, accepting: run(of.late).id });
      await whole();
      await prune({});
      await whole();
      // And what nobody needs is gone: pruning does something.
      const left = new Set(memory.kept.keys());
      const { live, dead } = plan(late);
      for (const digest of dead) {
        if (![...live].some((one) => one === digest)) expect(left.has(`${digest}.folder`)).toBe(false);
      }
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 30 },
  );
  rmSync(root, { recursive: true, force: true });
}, 120_000);
