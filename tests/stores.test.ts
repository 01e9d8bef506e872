import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { localWorkspace } from '../src/platform/files/workspace.js';
import { collectMetrics, lookBefore } from '../src/runs/collect.js';
import { crc32c, masked } from '../src/runs/readers/binary/crc32.js';
import { readMetricsFile, readMetricsFolder } from '../src/runs/readers/readers.js';

/** Stores that hold many runs, and logs in binary formats: which run is meant, and what damage does. */

const fixtures = join(import.meta.dirname, 'fixtures/readers');
const root = mkdtempSync(join(tmpdir(), 'assay-stores-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function place(): string {
  return mkdtempSync(join(root, 'place-'));
}

async function read(folder: string, path: string, run?: string) {
  const workspace = localWorkspace({ folder });
  const inner = await workspace.folder(path);
  if (inner) return readMetricsFolder(inner, { run });
  const file = await workspace.file(path);
  if (!file) throw new Error(`no ${path}`);
  return readMetricsFile(file, { run });
}

async function errorOf(work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error;
  throw new Error('expected a UserError', { cause: error });
}

/** What a training is told to have written in the store; `write` is the training. */
async function trained(folder: string, from: string, write: () => void) {
  const workspace = localWorkspace({ folder });
  const before = await lookBefore(workspace, [from]);
  write();
  return collectMetrics({ from: [from], rules: {}, workspace, before });
}

/** A run in the form of the file store. */
function writeRun(
  store: string,
  run: {
    readonly id: string;
    readonly status?: number;
    readonly parent?: string;
    readonly metrics: Readonly<Record<string, string>>;
    readonly params?: Readonly<Record<string, string>>;
    readonly started?: number;
  },
): void {
  const folder = join(store, '1', run.id);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const started = run.started ?? Date.now();
  mkdirSync(join(store, '1'), { recursive: true });
  writeFileSync(join(store, '1', 'meta.yaml'), "experiment_id: '1'\nname: test\nlifecycle_stage: active\n");
  write(
    'meta.yaml',
    `run_id: ${run.id}\nrun_name: it's ${run.id}\nstatus: ${run.status ?? 3}\nstart_time: ${started}\nend_time: null\nlifecycle_stage: active\ntags: []\n`,
  );
  if (run.parent) write('tags/mlflow.parentRunId', run.parent);
  for (const [name, lines] of Object.entries(run.metrics)) write(`metrics/${name}`, lines);
  for (const [name, value] of Object.entries(run.params ?? {})) write(`params/${name}`, value);
}

describe('MLflow', () => {
  const values = (metrics: readonly { name: string; value: number | null; seed_values?: unknown }[]) =>
    Object.fromEntries(metrics.map(({ name, value }) => [name, value]));

  test('a database of 3.x and its file store say the same', async () => {
    const folder = place();
    writeFileSync(
      join(folder, 'mlflow.db'),
      gunzipSync(readFileSync(join(fixtures, 'mlflow3/mlflow.db.gz'))),
    );
    const database = await read(folder, 'mlflow.db');
    const files = await read(fixtures, 'mlflow3/mlruns');
    expect(database.metrics).toEqual(files.metrics);
    expect(database.params).toEqual(files.params);
    expect(database.series).toEqual(files.series);
    expect(readdirSync(folder)).toEqual(['mlflow.db']);
  });

  test('of a training, the run that it wrote, not a newer time from before', async () => {
    const folder = place();
    const store = join(folder, 'mlruns');
    writeRun(store, { id: 'old', metrics: { acc: '1 0.9 0\n' }, started: Date.now() + 1e9 });
    const collected = await trained(folder, 'mlruns', () =>
      writeRun(store, {
        id: 'new',
        metrics: { acc: '1 0.5 0\n2 0.7 1\n' },
        params: { depth: '4', lr: '0.10' },
      }),
    );
    expect(collected.problem).toBeUndefined();
    expect(values(collected.metrics)).toEqual({ acc: 0.7 });
    expect(collected.params).toEqual({ depth: 4, lr: 0.1 });
  });

  test('a run that failed is an error, unless it is named', async () => {
    const folder = place();
    const write = (): void =>
      writeRun(join(folder, 'mlruns'), { id: 'f00d', status: 4, metrics: { acc: '1 0.5 0\n' } });
    const { problem } = await trained(folder, 'mlruns', write);
    expect((problem as UserError).message).toMatch(/^the MLflow run f00d of mlruns is FAILED/);
    const named = await trained(folder, 'mlruns#f00d', write);
    expect(values(named.metrics)).toEqual({ acc: 0.5 });
  });

  test('a run without an end is read, and that is said', async () => {
    const folder = place();
    const { metrics, warnings } = await trained(folder, 'mlruns', () =>
      writeRun(join(folder, 'mlruns'), { id: 'abc', status: 1, metrics: { acc: '1 0.5 0\n' } }),
    );
    expect(values(metrics)).toEqual({ acc: 0.5 });
    expect(warnings).toEqual(['the MLflow run abc has not ended: mlflow.end_run() was not called']);
  });

  test('seeds in runs of their own are one metric', async () => {
    const folder = place();
    const { metrics, problem } = await trained(folder, 'mlruns', () => {
      for (const seed of [10, 2]) {
        writeRun(join(folder, 'mlruns'), {
          id: `s${seed}`,
          metrics: { acc: `1 0.${seed} 0\n` },
          params: { seed: String(seed), depth: '3' },
        });
      }
    });
    expect(problem).toBeUndefined();
    expect(metrics).toMatchObject([{ name: 'acc', seed_values: [0.2, 0.1] }]);
  });

  test('of runs that differ in a param the newest is read, and the others are told', async () => {
    const folder = place();
    const { metrics, warnings } = await trained(folder, 'mlruns', () => {
      writeRun(join(folder, 'mlruns'), {
        id: 'a',
        metrics: { acc: '1 0.1 0\n' },
        params: { depth: '3' },
        started: 5e12,
      });
      writeRun(join(folder, 'mlruns'), {
        id: 'b',
        metrics: { acc: '1 0.2 0\n' },
        params: { depth: '4' },
        started: 6e12,
      });
    });
    expect(values(metrics)).toEqual({ acc: 0.2 });
    expect(warnings).toEqual(['mlruns has 2 finished runs that could be meant: the newest is read, b']);
  });

  test('a value that is none: its file and line', async () => {
    const folder = place();
    writeRun(join(folder, 'mlruns'), { id: 'a', metrics: { 'val/acc': '1 0.1 0\n2 2024-01-01 1\n' } });
    const error = await errorOf(read(folder, 'mlruns'));
    expect([error.message, error.location]).toEqual([
      'expected: time value step',
      { file: 'mlruns/1/a/metrics/val/acc', line: 2 },
    ]);
  });

  test('links that lead out of the store are not followed', async () => {
    const folder = place();
    writeRun(join(folder, 'mlruns'), { id: 'a', metrics: { acc: '1 0.1 0\n' } });
    const secret = join(folder, 'secret');
    writeFileSync(secret, '1 42 0\n');
    const { symlinkSync } = await import('node:fs');
    symlinkSync(secret, join(folder, 'mlruns/1/a/metrics/leak'));
    symlinkSync(folder, join(folder, 'mlruns/1/loop'));
    expect((await read(folder, 'mlruns')).metrics.map(({ name }) => name)).toEqual(['acc']);
  });
});

describe('SQLite', () => {
  const database = readFileSync(join(fixtures, 'mlflow2/mlflow.db'));

  test.each([
    ['cut off', database.subarray(0, 100_000)],
    [
      'pages of noise',
      Buffer.concat([database.subarray(0, 4096), Buffer.alloc(database.length - 4096, 0xa5)]),
    ],
    ['only its signature', database.subarray(0, 16)],
  ])('%s: one clear line', async (_, content) => {
    const folder = place();
    writeFileSync(join(folder, 'mlflow.db'), content);
    expect((await errorOf(read(folder, 'mlflow.db'))).message).toMatch(
      /^mlflow\.db cannot be read as an SQLite database: /,
    );
  });

  test.each(['-wal', '-journal'])('changes that wait in a file %s are not passed over', async (ending) => {
    const folder = place();
    writeFileSync(join(folder, 'mlflow.db'), database);
    writeFileSync(join(folder, `mlflow.db${ending}`), 'x');
    expect((await errorOf(read(folder, 'mlflow.db'))).message).toBe(
      `mlflow.db has changes in mlflow.db${ending} that are not in it yet`,
    );
  });

  test('of no tool that is known', async () => {
    const folder = place();
    // An empty database: the signature and one page.
    const page = Buffer.alloc(4096);
    page.write('SQLite format 3\0', 'latin1');
    page.set([0x10, 0, 1, 1, 0, 64, 32, 32], 16);
    page.writeUInt32BE(1, 28);
    page.set([0x0d, 0, 0, 0, 0, 0x10, 0, 0], 100);
    writeFileSync(join(folder, 'x.db'), page);
    expect((await errorOf(read(folder, 'x.db'))).message).toBe(
      'x.db is an SQLite database, but neither of MLflow nor of Optuna',
    );
  });
});

describe('TensorBoard', () => {
  const path = 'tensorboard/run_1/events.out.tfevents.1622543341.86862.0';
  const events = readFileSync(join(fixtures, path));

  test('CRC-32C as published (RFC 3720, B.4)', () => {
    expect(crc32c(new Uint8Array(32), 0, 32)).toBe(0x8a9136aa);
    expect(
      crc32c(
        Uint8Array.from({ length: 32 }, (_, index) => index),
        0,
        32,
      ),
    ).toBe(0x46dd794e);
    expect(crc32c(Buffer.from('x123456789'), 1, 10)).toBe(0xe3069283);
    expect(masked(0)).toBe(0xa282ead8);
  });

  test('a last record that was not written to its end is left aside, and that is said', async () => {
    const folder = place();
    writeFileSync(join(folder, 'a.tfevents.1'), events.subarray(0, events.length - 5));
    const { series, notes } = await read(folder, 'a.tfevents.1');
    expect(series[0]?.values.length).toBe(99);
    expect(notes).toEqual([
      expect.stringMatching(/^a\.tfevents\.1 ends within a record: its last \d+ bytes left aside$/),
    ]);
  });

  test('a wrong CRC: the place', async () => {
    const folder = place();
    const damaged = Buffer.from(events);
    damaged[damaged.length - 10] = (damaged[damaged.length - 10] ?? 0) ^ 1;
    writeFileSync(join(folder, 'a.tfevents.1'), damaged);
    expect((await errorOf(read(folder, 'a.tfevents.1'))).message).toMatch(
      /^a\.tfevents\.1 is damaged: the content of the record at byte \d+ does not match its CRC$/,
    );
  });

  test('a record with a right CRC around noise', async () => {
    const folder = place();
    const noise = Buffer.from([0x2a, 0x7f, 1, 2]);
    const head = Buffer.alloc(12);
    head.writeUInt32LE(noise.length);
    head.writeUInt32LE(masked(crc32c(head, 0, 8)), 8);
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(masked(crc32c(noise, 0, noise.length)));
    writeFileSync(join(folder, 'x'), Buffer.concat([head, noise, crc]));
    expect((await errorOf(read(folder, 'x'))).message).toBe('x holds no event at record 1: cut off');
  });

  test('tensors of TensorFlow 2: a float, a double, a list of one; hyperparameters', async () => {
    const { metrics, params } = await read(fixtures, 'tensorboard-keras/train');
    expect(metrics.map(({ name, value }) => [name, value])).toEqual([
      ['epoch_loss', Math.fround(0.2)],
      ['epoch_accuracy', Math.fround(0.9)],
      ['double', 4.1],
    ]);
    expect(params).toEqual({ lr: 0.1, opt: 'adam', bn: true });
  });
});

describe('Weights & Biases', () => {
  const log = readFileSync(join(fixtures, 'wandb-0.16/run-umenjv9y.wandb'));

  test('the log of a run that was killed is read as far as it goes', async () => {
    const folder = place();
    writeFileSync(join(folder, 'run.wandb'), log.subarray(0, 2500));
    const { metrics, notes } = await read(folder, 'run.wandb');
    expect(metrics.find(({ name }) => name === 'train/loss')?.value).toBeGreaterThan(0);
    expect(notes?.join('\n')).toMatch(/has no end: the run was killed, or is still going/);
  });

  test('a wrong CRC: the place', async () => {
    const folder = place();
    const damaged = Buffer.from(log);
    damaged[40] = (damaged[40] ?? 0) ^ 1;
    writeFileSync(join(folder, 'run.wandb'), damaged);
    expect((await errorOf(read(folder, 'run.wandb'))).message).toBe(
      'run.wandb is damaged: the record at byte 7 does not match its CRC',
    );
  });

  test('of many runs the one of this training', async () => {
    const folder = place();
    cpSync(join(fixtures, 'wandb'), join(folder, 'wandb'), { recursive: true });
    const [run = ''] = readdirSync(join(folder, 'wandb'));
    const { metrics, problem } = await trained(folder, 'wandb', () => {
      mkdirSync(join(folder, 'wandb/run-20200101_000000-old00000'));
      writeFileSync(join(folder, 'wandb/run-20200101_000000-old00000/run-old00000.wandb'), log);
      appendFileSync(join(folder, 'wandb/debug.log'), 'x');
    });
    expect(problem).toBeUndefined();
    expect(metrics[0]?.source).toBe('wandb');
    expect((await read(folder, 'wandb', 'zu6s')).metrics.length).toBeGreaterThan(0);
    expect((await errorOf(read(folder, 'wandb', 'none'))).mend).toContain(run);
  });
});

describe('Optuna', () => {
  test('a study that is not there: those that are', async () => {
    expect((await errorOf(read(fixtures, 'optuna/study.db', 'other'))).mend).toMatch(/^studies there are: /);
  });
});
