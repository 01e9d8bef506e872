import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { localWorkspace } from '../src/platform/files/workspace.js';
import { collectMetrics, lookBefore } from '../src/runs/collect.js';
import { readMetricsFile } from '../src/runs/readers/readers.js';

/** What one training wrote, taken from real files and folders. */

const root = mkdtempSync(join(tmpdir(), 'assay-collect-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fixtures = join(import.meta.dirname, 'fixtures/readers');

/** A folder of its own: `before` was there already, `written` is what the training writes. */
async function training(options: {
  readonly from: readonly string[];
  readonly before?: Readonly<Record<string, string>>;
  readonly written?: Readonly<Record<string, string>>;
  readonly copied?: Readonly<Record<string, string>>;
}) {
  const folder = mkdtempSync(join(root, 'training-'));
  const workspace = localWorkspace({ folder });
  const write = (files: Readonly<Record<string, string>> = {}): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  write(options.before);
  const before = await lookBefore(workspace, options.from);
  write(options.written);
  for (const [path, fixture] of Object.entries(options.copied ?? {})) {
    cpSync(join(fixtures, fixture), join(folder, path), { recursive: true });
  }
  return collectMetrics({ from: options.from, rules: {}, workspace, before });
}

describe('files that repeat one another', () => {
  test('folds become one metric with a value each, in the order of their numbers', async () => {
    const written = { 'out/fold_10/m.json': '{"acc": 0.9}', 'out/fold_2/m.json': '{"acc": 0.7, "x": 1}' };
    const { metrics, problem } = await training({ from: ['out/*/m.json'], written });
    expect(problem).toBeUndefined();
    expect(metrics).toMatchObject([
      { name: 'acc', value: expect.closeTo(0.8, 12), seed_values: [0.7, 0.9], source: 'out/*/m.json' },
      { name: 'x', value: null, reason: 'it was not measured (fold 10)', seed_values: [1, null] },
    ]);
  });

  test('files that are none disagree, and both are named', async () => {
    const written = { 'a.json': '{"acc": 0.9}', 'b.json': '{"acc": 0.7}' };
    const { problem } = await training({ from: ['*.json'], written });
    expect((problem as UserError).message).toBe('a.json and b.json disagree about acc: 0.9 and 0.7');
  });

  test('the last digits are no disagreement', async () => {
    const written = { 'a.json': '{"acc": 0.7}', 'b.json': '{"acc": 0.7000000000000001}' };
    expect((await training({ from: ['*.json'], written })).problem).toBeUndefined();
  });
});

describe('folders', () => {
  test('of a tool: metrics, series and the params that it recorded', async () => {
    const { metrics, series, params, problem } = await training({
      from: ['logs'],
      copied: { logs: 'lightning_logs' },
    });
    expect(problem).toBeUndefined();
    expect(metrics.map(({ name }) => name)).toEqual(['train_loss', 'val_loss']);
    expect(series.length).toBe(2);
    expect(params).toEqual({ act: 'relu', hidden: 8, lr: 0.05 });
  });

  test('from before the training', async () => {
    const { problem } = await training({ from: ['out'], before: { 'out/m.json': '{"a": 1}' } });
    expect((problem as UserError).message).toMatch(/^out was not written by this run/);
  });

  test('of no tool: say which files are meant', async () => {
    const { problem } = await training({ from: ['out'], written: { 'out/m.json': '{"a": 1}' } });
    expect((problem as UserError).message).toBe('out is a folder in which Assay recognises no tool');
    expect((problem as UserError).mend).toMatch(/^name the files in it, such as out\/\*\.json/);
  });
});

describe('files cut off or damaged', () => {
  const files = readdirSync(fixtures, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.gz') && !entry.parentPath.includes('mlruns'))
    .map((entry) => relative(fixtures, join(entry.parentPath, entry.name)));

  test.each(files)('%s: a reading or one clear line', async (path) => {
    const content = readFileSync(join(fixtures, path));
    const folder = mkdtempSync(join(root, 'damaged-'));
    const workspace = localWorkspace({ folder });
    const place = join(folder, path.split('/').at(-1) ?? '');
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        const damaged = Buffer.from(cut ? content.subarray(0, at) : content);
        if (!cut && at < damaged.length) damaged[at] = byte;
        writeFileSync(place, damaged);
        const file = await workspace.file(relative(folder, place));
        if (!file) throw new Error('not written');
        try {
          const { metrics } = await readMetricsFile(file);
          expect(metrics.every(({ value, reason }) => Number.isFinite(value) || reason)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as UserError).message).not.toMatch(/\n/);
        }
      }),
      { numRuns: 15 },
    );
  });
});
