import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compactedFiles, isCompactedName, readCompacted } from '../src/history/compacted.js';
import { type AnyRecord, recordPath } from '../src/history/record.js';
import { placeRecord, recordText } from '../src/history/stored.js';
import { type GitStore, openGitStore } from '../src/platform/git/history.js';
import {
  clock,
  clone,
  ENV,
  editHistory,
  git,
  ids,
  makeRecord,
  makeRemote,
  makeRepository,
  openScene,
  type Scene,
  seeded,
  write,
} from './history-scene.js';

let scene: Scene;
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.end());

function open(
  folder: string,
  options: { readonly push?: boolean; readonly warnings?: string[] } = {},
): GitStore {
  return openGitStore({
    folder,
    env: ENV,
    branch: 'assay',
    push: options.push ?? false,
    randomness: seeded(`${folder} compaction`),
    clock,
    warn: (line) => options.warnings?.push(line),
  });
}

function dated(date: string, number: number, fields: Partial<AnyRecord> = {}): AnyRecord {
  const id = `${date.replaceAll('-', '')}T000000000Z-${String(number).padStart(8, '0')}`;
  return makeRecord({ id, time: `${date}T00:00:00.000Z`, note: `Zeile\u2028 "${number}" ü`, ...fields });
}

const RECORDS = [
  dated('2026-01-05', 1),
  dated('2026-01-05', 2),
  dated('2026-01-31', 3),
  dated('2026-02-01', 4),
  dated('2026-02-01', 5, { model: 'churn' }),
  dated('2026-03-01', 6),
  dated('2026-01-09', 7, { schema: 'assay/validation@1', dataset: 'adult' }),
];

const files = (folder: string) => git(folder, 'ls-tree', '-r', '--name-only', 'assay').split('\n');

async function everything(store: GitStore): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const { path, text } of store.archive.records()) found[path] = text;
  return found;
}

const texts = (records: readonly AnyRecord[]) =>
  Object.fromEntries(records.map((record) => [recordPath(record), recordText(record)]));

describe('compaction', () => {
  test('closed months become one file each; every record is read with its bytes as before', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    await open(folder).history.append(RECORDS);
    const done = await open(folder).archive.compact('202603');
    expect(done).toEqual({ months: 4, records: 6, files: 4, newer: 0, left: [] });
    expect(files(folder)).toEqual([
      'runs/churn/2026/02/records.jsonl',
      'runs/income/2026/01/records.jsonl',
      'runs/income/2026/02/records.jsonl',
      recordPath(RECORDS[5] as AnyRecord),
      'validations/adult/2026/01/records.jsonl',
    ]);
    const store = open(folder);
    expect(await everything(store)).toEqual(texts(RECORDS));
    expect(ids(await store.history.list({ kind: 'run', owner: 'income' }))).toEqual(
      ids([RECORDS[5], RECORDS[3], RECORDS[2], RECORDS[1], RECORDS[0]] as AnyRecord[]),
    );
    expect(await store.history.find('20260131')).toEqual([RECORDS[2]]);
    // One commit, on top of the others; nothing to do the next time.
    expect(git(folder, 'rev-list', '--count', 'assay')).toBe('2');
    expect(await open(folder).archive.compact('202603')).toMatchObject({ months: 0, records: 0 });
    expect(git(folder, 'rev-list', '--count', 'assay')).toBe('2');
    expect(git(folder, 'fsck', '--strict')).not.toMatch(/error|missing/);
    // Without Assay it is a text.
    const lines = git(folder, 'show', 'assay:runs/income/2026/01/records.jsonl').split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(RECORDS.slice(0, 3));
  });

  test('late records land beside the file of their month, and are folded into it the next time', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    await open(folder).history.append(RECORDS);
    await open(folder).archive.compact('202603');
    const late = dated('2026-01-20', 20);
    const [first] = RECORDS as [AnyRecord];
    await open(folder).history.append([late]);
    // What is in the file of the month is not written a second time, and never replaced.
    await open(folder).history.append([first]);
    await expect(open(folder).history.append([{ ...first, actor: 'mallory' }])).rejects.toThrow(
      /already, with other content/,
    );
    expect(files(folder)).toContain(recordPath(late));
    expect(files(folder)).not.toContain(recordPath(first));
    expect(await everything(open(folder))).toEqual(texts([...RECORDS, late]));
    expect(await open(folder).archive.compact('202603')).toMatchObject({ months: 1, records: 1, files: 1 });
    expect(files(folder)).not.toContain(recordPath(late));
    expect(await everything(open(folder))).toEqual(texts([...RECORDS, late]));
  });

  test('a newer record, a file that is none, and bytes that Assay would not write: nothing is lost', async () => {
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    await open(folder).history.append(RECORDS.slice(0, 2));
    const byHand = dated('2026-01-06', 8);
    const newer = dated('2026-01-06', 9, { schema: 'assay/run@7' });
    const compactText = JSON.stringify(byHand);
    editHistory(folder, (checkout) => {
      write(checkout, recordPath(byHand), compactText);
      write(checkout, recordPath(newer), recordText(newer));
      write(checkout, 'runs/income/2026/01/06/notes.txt', 'hello');
      writeFileSync(
        join(checkout, `${recordPath(byHand).slice(0, -5)}`.replace(/.$/, '0.json')),
        Buffer.from([0xff]),
      );
    });
    const before = await everything(open(folder));
    const done = await open(folder).archive.compact('202602');
    expect(done).toMatchObject({ months: 1, records: 3, newer: 1 });
    expect(done.left.map(([path]) => path)).toHaveLength(2);
    expect(files(folder)).toEqual(
      expect.arrayContaining([recordPath(newer), 'runs/income/2026/01/06/notes.txt']),
    );
    expect(await everything(open(folder))).toEqual(before);
    expect(before[recordPath(byHand)]).toBe(compactText);
    expect(await open(folder).history.find(newer.id)).toEqual([newer]);
  });

  test('beside appends of others, at a remote: both are there, whoever comes first', {
    timeout: 60_000,
  }, async () => {
    const source = makeRepository(join(scene.folder, 'source'), 1);
    const remote = makeRemote(source, join(scene.folder, 'remote.git'));
    const [here, there] = [
      clone(remote, join(scene.folder, 'here')),
      clone(remote, join(scene.folder, 'there')),
    ];
    await open(here, { push: true }).history.append(RECORDS);
    const late = Array.from({ length: 4 }, (_, number) => dated('2026-01-25', 40 + number));
    const appending = (async () => {
      for (const record of late) await open(there, { push: true }).history.append([record]);
    })();
    await open(here, { push: true }).archive.compact('202603');
    await appending;
    const after = await everything(open(there, { push: true }));
    expect(after).toEqual(texts([...RECORDS, ...late]));
    await open(there, { push: true }).archive.compact('202603');
    expect(await everything(open(here, { push: true }))).toEqual(after);
    expect(files(remote)).toHaveLength(5);
    expect(git(remote, 'fsck', '--strict')).not.toMatch(/error|missing/);
  });
});

describe('the file of a month', () => {
  const stored = RECORDS.slice(0, 3).map(placeRecord);

  test('is the same whatever the order, and is split below its bound', () => {
    const [file] = compactedFiles(stored);
    expect(compactedFiles(stored.toReversed())[0]?.text).toBe(file?.text);
    const parts = compactedFiles(stored, 400);
    expect(parts.map(({ name }) => name)).toEqual(['records.jsonl', 'records-2.jsonl', 'records-3.jsonl']);
    expect(parts.every(({ text }) => Buffer.byteLength(text) <= 400)).toBe(true);
    expect(parts.flatMap(({ text }) => readCompacted(text).records)).toEqual(stored);
    expect(parts.every(({ name }) => isCompactedName(name))).toBe(true);
  });

  test('tells broken lines', () => {
    const text = `${compactedFiles(stored)[0]?.text}{"cut`;
    expect(readCompacted(text)).toMatchObject({ broken: [{ line: 4, problem: 'it is not JSON' }] });
    expect(isCompactedName('records-1.jsonl')).toBe(false);
  });
});

describe('the index', () => {
  const path = (folder: string) => join(folder, '.git/assay/index/run.idx');

  test.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 7)],
    [
      'overwritten in the middle',
      (bytes: Buffer) => Buffer.from(bytes).fill(0x20, bytes.length / 2, bytes.length / 2 + 9),
    ],
    ['overwritten as a whole', (bytes: Buffer) => Buffer.alloc(bytes.length, 'x')],
    ['empty', () => Buffer.alloc(0)],
  ])('%s: made again, with the same answers', async (_, damage) => {
    const { readFileSync } = await import('node:fs');
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    await open(folder).history.append(RECORDS);
    const ask = async () => {
      const query = {
        kind: 'run',
        order: { field: 'note', descending: true },
        fields: ['note', 'model'],
      } as const;
      const { rows, total } = await open(folder).history.select(query);
      return { total, rows: rows.map((row) => [row.id, row.get('note'), row.get('model')]) };
    };
    const before = await ask();
    expect(before.total).toBe(6);
    writeFileSync(path(folder), damage(readFileSync(path(folder))));
    expect(await ask()).toEqual(before);
    rmSync(path(folder));
    expect(await ask()).toEqual(before);
  });

  test('a history of many folders at a remote comes as a whole', { timeout: 60_000 }, async () => {
    const source = makeRepository(join(scene.folder, 'source'), 1);
    const remote = makeRemote(source, join(scene.folder, 'remote.git'));
    git(remote, 'config', 'uploadpack.allowFilter', 'true');
    const many = Array.from({ length: 600 }, (_, number) =>
      dated('2026-03-01', number, { model: `model-${number}` }),
    );
    const here = clone(remote, join(scene.folder, 'here'));
    await open(here, { push: true }).history.append(many);
    const warnings: string[] = [];
    const there = clone(remote, join(scene.folder, 'there'), '--single-branch');
    const store = open(there, { push: true, warnings });
    expect((await store.history.select({ kind: 'run' })).total).toBe(600);
    expect(await everything(store)).toEqual(texts(many));
    expect(warnings).toEqual([]);
  });

  test('an unchanged folder is not read again', async () => {
    const { statSync } = await import('node:fs');
    const folder = makeRepository(join(scene.folder, 'code'), 1);
    await open(folder).history.append(RECORDS);
    await open(folder).history.select({ kind: 'run' });
    const size = statSync(path(folder)).size;
    await open(folder).history.select({ kind: 'run' });
    expect(statSync(path(folder)).size).toBe(size);
    const now = dated('2026-03-01', 60);
    await open(folder).history.append([now]);
    expect((await open(folder).history.select({ kind: 'run' })).total).toBe(7);
    // One block more: that of the day.
    expect(statSync(path(folder)).size).toBeLessThan(1.6 * size);
  });
});
