import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import type { Verb } from '../src/commands/command-line/verb.js';
import { drift } from '../src/commands/drift.js';
import { ingest } from '../src/commands/ingest.js';
import { profile } from '../src/commands/profile.js';
import { validate } from '../src/commands/validate.js';
import type { DriftRecord } from '../src/data/drift/record.js';
import type { DatasetRecord } from '../src/data/ingest/record.js';
import type { ProfileRecord } from '../src/data/profile/record.js';
import type { ValidationRecord } from '../src/data/record.js';
import { UserError } from '../src/errors.js';
import { openDuckdb } from '../src/platform/duckdb/engine.js';
import type { World } from '../src/world.js';
import { testWorld } from './fakes/world.js';

/** Every kind of damaged or unusual input, through every verb that reads data: told with its line and cause, or read whole. */

let folder: string;
let hours = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly file?: string;
  readonly bytes: string | Uint8Array;
  /** Keys of the dataset, as YAML in one line each. */
  readonly config?: readonly string[];
}
interface Refused extends Case {
  readonly message: string | RegExp;
  readonly line?: number;
}
interface Read extends Case {
  readonly rows: number;
  /** `line: reason` of what is left out. */
  readonly rejected?: readonly string[];
  readonly names?: readonly string[];
  /** Checks that fail, with the lines they name. */
  readonly failing?: Readonly<Record<string, readonly number[]>>;
}

const REFUSED: Readonly<Record<string, Refused>> = {
  'an empty file': { bytes: '', message: 'x.csv is empty: it has not even a header', line: 1 },
  'a byte order mark alone': { bytes: '\ufeff', message: /has not even a header/, line: 1 },
  'a duplicate name': { bytes: 'a,b,a\n1,2,3\n', message: 'the header names the column "a" twice', line: 1 },
  'an empty name': { bytes: 'a,\n1,2\n', message: 'column 2 of the header has no name', line: 1 },
  'a NUL byte in the header': { bytes: 'a,b\0\n1,2\n', message: /it holds a NUL byte/, line: 1 },
  'a quote in the header that is never closed': { bytes: 'a,"b\n1,2\n', message: /is never closed/, line: 1 },
  'Latin-1': {
    bytes: Buffer.from('a,b\n1,x\n2,caf\xe9\n', 'latin1'),
    message: /^not UTF-8 at byte 13/,
    line: 3,
  },
  'UTF-16 as Excel saves it': {
    bytes: Buffer.from('\ufeffa,b\r\n1,2\r\n', 'utf16le'),
    message: /is UTF-16/,
    line: 1,
  },
  'a gzip that was cut off': {
    file: 'x.csv.gz',
    bytes: gzipSync('a,b\n1,2\n').subarray(0, -9),
    message: 'x.csv.gz is not a whole gzip file',
  },
  'a gzip that is none': {
    file: 'x.csv.gz',
    bytes: 'a,b\n1,2\n',
    message: 'x.csv.gz is not a whole gzip file',
  },
  'a zip bomb': {
    file: 'x.csv.gz',
    bytes: gzipSync(`a,b\n${'0,0\n'.repeat(400_000)}`, { level: 9 }),
    config: ['max_unpacked: 1MB'],
    message: /^x.csv.gz unpacks to more than 500 times its size/,
  },
  'a zstd that is none': { file: 'x.csv.zst', bytes: 'a,b\n1,2\n', message: /zstd/ },
  'a Parquet that was cut off': {
    file: 'x.parquet',
    bytes: 'PAR1 and no more',
    message: /is not a whole Parquet file/,
  },
  'JSON that was cut off': { file: 'x.json', bytes: '[{"a": 1}, {"a"', message: /^x.json is not valid JSON/ },
  'JSON of another shape': {
    file: 'x.json',
    bytes: '{"a": 1}',
    message: 'x.json is not an array of objects',
  },
};

const READ: Readonly<Record<string, Read>> = {
  'ragged rows': {
    bytes: 'a,b\n1,2\n3\n4,5,6\n7,8\n',
    rows: 2,
    rejected: ['3: it has 1 field, not 2', '4: it has 3 fields, not 2'],
  },
  'a quote that is never closed': {
    bytes: 'a,b\n1,2\n3,"4\n5,6\n',
    rows: 1,
    rejected: ['3: the quote opened on line 3 is never closed'],
  },
  'text after a quote': {
    bytes: 'a,b\n"1"x,2\n3,4\n',
    rows: 1,
    rejected: ['2: text follows a closing quote'],
  },
  'NUL bytes': { bytes: 'a,b\n1,\0\n3,4\n', rows: 1, rejected: ['2: it holds a NUL byte'] },
  'a byte order mark': { bytes: '\ufeffa,b\n1,2\n', rows: 1, names: ['a', 'b'] },
  'line ends of every kind': { bytes: 'a,b\r\n1,2\n3,4\r5,6\r\n', rows: 3 },
  'a header only': { bytes: 'a,b\n', rows: 0, failing: { 'rows: at least 1': [] } },
  'a line of 17 MB among others': {
    bytes: `a,b\n1,2\n3,${'x'.repeat(17 * 1024 * 1024)}\n5,6\n`,
    rows: 2,
    rejected: ['3: it is longer than 16 MiB'],
  },
  'thousands separators': {
    bytes: 'a,b\n"1,000",2\n3,4\n',
    rows: 2,
    config: ['columns: { a: { type: integer } }'],
    failing: { 'a: integer': [2] },
  },
  'dates in two formats': {
    bytes: 'a,b\n2026-01-31,2\n31.01.2026,4\n',
    rows: 2,
    config: ['columns: { a: { type: date } }'],
    failing: { 'a: date': [3] },
  },
  'mixed types': {
    bytes: 'a,b\n1,2\nx,4\n2.5,6\n',
    rows: 3,
    config: ['columns: { a: { type: number } }'],
    failing: { 'a: number': [3] },
  },
  'names with quotes, spaces, SQL, emoji and a line break': {
    bytes: `"a""b"," c ","'; DROP TABLE data; --",😀,"l\nm"\n1,2,3,4,5\n`,
    rows: 1,
    names: ['a"b', ' c ', "'; DROP TABLE data; --", '😀', 'l\nm'],
  },
  'JSON lines of different shapes': {
    file: 'x.jsonl',
    bytes: '{"a":1}\n{"b":[1,{"c":2}]}\n[1]\n"a"\n{"a":\n\n{"a":"x","d":null}\n',
    rows: 3,
    names: ['a', 'b', 'd'],
    rejected: ['3: it is not a JSON object', '4: it is not a JSON object', '5: it is not valid JSON'],
  },
  'an archive larger than it looks, when it is allowed': {
    file: 'x.csv.gz',
    bytes: gzipSync(`a,b\n${'0,0\n'.repeat(400_000)}`, { level: 9 }),
    config: ['max_unpacked: 2MB'],
    rows: 400_000,
  },
};

function scene(one: Case): string {
  const file = one.file ?? 'x.csv';
  writeFileSync(join(folder, file), one.bytes);
  writeFileSync(join(folder, 'fine.csv'), 'a,b\n1,2\n3,4\n');
  configure(file, one.config);
  return file;
}

function configure(source: string, more: readonly string[] = []): void {
  const keys = [`source: ${JSON.stringify(source)}`, ...more].map((key) => `    ${key}\n`);
  writeFileSync(
    join(folder, 'assay.yml'),
    `history: { directory: history }\nartifacts: { directory: store }\ndata:\n  x:\n${keys.join('')}  fine: { source: fine.csv }\n`,
  );
}

const VERBS: Readonly<Record<string, readonly [Verb, ...string[]]>> = {
  validate: [validate, 'x'],
  profile: [profile, 'x'],
  drift: [drift, 'fine', 'x'],
  ingest: [ingest, 'x'],
};

async function run(verb: string, more: Partial<World> = {}) {
  const [command, ...words] = VERBS[verb] as readonly [Verb, ...string[]];
  const world = testWorld({ cwd: folder });
  // Of the world, so that ids differ between calls.
  const at = 3_600_000 * hours++;
  const { now } = world.clock;
  const clock = { ...world.clock, now: () => new Date(now().getTime() + at) };
  const outcome = await command.run(parseInput(command.spec, words), { ...world, clock, ...more });
  return { json: outcome.json, lines: world.lines };
}

async function refused(verb: string): Promise<UserError> {
  const thrown: unknown = await run(verb).catch((error: unknown) => error);
  expect(thrown, `${verb} says yes`).toBeInstanceOf(UserError);
  return thrown as UserError;
}

const rejectedIn = (lines: readonly string[]) => lines.filter((line) => line.includes('left out')).join();

describe.each(Object.entries(REFUSED))('%s is refused', (_, one) => {
  test.each(Object.keys(VERBS))('by %s', async (verb) => {
    const file = scene(one);
    const error = await refused(verb);
    expect(error.message).toMatch(one.message);
    expect(JSON.stringify([error.location?.file, error.message])).toContain(file);
    if (one.line !== undefined) expect(error.location).toMatchObject({ file, line: one.line });
    expect(error.mend ?? error.message).not.toBe('');
  });
});

describe.each(Object.entries(READ))('%s', (_, one) => {
  const count = one.rejected?.length ?? 0;

  test('validate', async () => {
    const file = scene(one);
    const { json } = await run('validate');
    const [record] = json as readonly ValidationRecord[];
    expect(record).toMatchObject({ rows: one.rows });
    const failing = (record?.checks ?? []).filter(({ passed }) => !passed);
    const readable = failing.find(({ check }) => /can be read$/.test(check));
    expect(readable?.detail?.split('; ') ?? []).toEqual((one.rejected ?? []).map((told) => `line ${told}`));
    const others = failing.filter((check) => check !== readable);
    expect(Object.fromEntries(others.map(({ check, rows }) => [check, rows]))).toEqual(one.failing ?? {});
    // Nothing disappears: lines of the file are the header, rows, lines left out and blank ones.
    if (typeof one.bytes === 'string' && file === 'x.csv' && !one.bytes.includes('l\nm')) {
      const lines = one.bytes.replace(/(\r\n|\r|\n)$/, '').split(/\r\n|\r|\n/).length;
      expect(1 + (record?.rows ?? 0) + (record?.rejected ?? 0)).toBe(lines);
    }
  });

  test('profile', async () => {
    const file = scene(one);
    const { json, lines } = await run('profile');
    const record = json as ProfileRecord;
    expect(record.rows).toBe(one.rows);
    if (one.names) expect(record.columns.map(({ name }) => name)).toEqual(one.names);
    expect(record.rejected > 0).toBe(count > 0);
    for (const told of (one.rejected ?? []).slice(0, 3))
      expect(rejectedIn(lines)).toContain(`${file}:${told}`);
  });

  test('drift', async () => {
    const file = scene(one);
    const { json, lines } = await run('drift');
    expect((json as DriftRecord).current.rows).toBe(one.rows);
    for (const told of (one.rejected ?? []).slice(0, 3))
      expect(rejectedIn(lines)).toContain(`${file}:${told}`);
  });

  test('ingest', async () => {
    const file = scene(one);
    const { json, lines } = await run('ingest');
    const [record] = json as readonly DatasetRecord[];
    expect(record?.rows).toBe(one.rows);
    expect((record?.rejected ?? 0) > 0).toBe(count > 0);
    for (const told of (one.rejected ?? []).slice(0, 3))
      expect(rejectedIn(lines)).toContain(`${file}:${told}`);
  });
});

describe('what is no plain file', () => {
  test.each(Object.keys(VERBS))('a pipe is not waited for by %s', async (verb) => {
    spawnSync('mkfifo', [join(folder, 'pipe.csv')]);
    configure('pipe.csv');
    writeFileSync(join(folder, 'fine.csv'), 'a,b\n1,2\n');
    expect((await refused(verb)).message).toBe('pipe.csv is a pipe, not a file');
  });

  test('a folder is read file by file; an empty one, and a pattern that matches nothing, are told', async () => {
    mkdirSync(join(folder, 'days.csv'));
    configure('days.csv');
    expect((await refused('validate')).message).toBe('the folder days.csv has no data files');
    writeFileSync(join(folder, 'days.csv/1.csv'), 'a\n1\n');
    expect((await run('validate')).json).toMatchObject([{ rows: 1 }]);
    configure('days-*.csv');
    expect((await refused('profile')).message).toBe('no file matches "days-*.csv"');
  });

  test('a link out of the repository is told, one within is not', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'assay-test-'));
    writeFileSync(join(outside, 'o.csv'), 'a\n1\n');
    symlinkSync(join(outside, 'o.csv'), join(folder, 'x.csv'));
    configure('x.csv');
    expect((await run('validate')).lines.join()).toContain('x.csv is a link that leads out of the folder');
    rmSync(join(folder, 'x.csv'));
    writeFileSync(join(folder, 'real.csv'), 'a\n1\n');
    symlinkSync('real.csv', join(folder, 'x.csv'));
    expect((await run('validate')).lines.join()).not.toContain('is a link');
    rmSync(outside, { recursive: true });
  });

  test('a link to nothing is a file that does not exist', async () => {
    symlinkSync('nowhere.csv', join(folder, 'x.csv'));
    configure('x.csv');
    expect((await refused('validate')).message).toBe('the file x.csv does not exist');
  });
});

describe('a file that changes while it is read', () => {
  test.each(['validate', 'profile', 'drift'])('is told by %s, and nothing is recorded', async (verb) => {
    scene({ bytes: 'a,b\n1,2\n' });
    let changed = false;
    const { terminal } = testWorld({ cwd: folder });
    const noticing: World['terminal'] = {
      ...terminal,
      progress: (what) => ({
        update: () => {
          if (!changed && what === 'reading x') appendFileSync(join(folder, 'x.csv'), '3,4\n');
          changed ||= what === 'reading x';
        },
        end: () => undefined,
      }),
    };
    const error: unknown = await run(verb, { terminal: noticing }).catch((thrown: unknown) => thrown);
    expect(changed).toBe(true);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toBe('x.csv changed while it was read');
  });
});

describe('a file that DVC tracks', () => {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const point = (text: string, more = '  hash: md5\n') =>
    writeFileSync(join(folder, 'x.csv.dvc'), `outs:\n- md5: ${md5(text)}\n${more}  path: x.csv\n`);

  test('and was edited since is read, and the difference told', async () => {
    scene({ bytes: 'a,b\n1,2\n' });
    point('a,b\n1,2\n');
    expect((await run('ingest')).lines.join()).not.toContain('pointer');
    expect((await run('validate')).lines.join()).not.toContain('stands for');
    writeFileSync(join(folder, 'x.csv'), 'a,b\n1,3\n');
    for (const verb of ['validate', 'ingest']) {
      expect((await run(verb)).lines.join()).toContain('x.csv is not the content that x.csv.dvc stands for');
    }
  });

  test('by DVC 2, which took CRLF for LF', async () => {
    scene({ bytes: 'a,b\r\n1,2\r\n' });
    point('a,b\n1,2\n', '');
    expect((await run('validate')).lines.join()).not.toContain('stands for');
  });

  test('and is damaged in the cache is refused', async () => {
    scene({ bytes: '' });
    rmSync(join(folder, 'x.csv'));
    point('a,b\n1,2\n');
    const name = md5('a,b\n1,2\n');
    const place = join(folder, '.dvc/cache/files/md5', name.slice(0, 2));
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, name.slice(2)), 'a,b\n1,2\n');
    expect((await run('validate')).json).toMatchObject([{ rows: 1 }]);
    writeFileSync(join(place, name.slice(2)), 'a,b\n1,2\n3,4\n');
    const error = await refused('validate');
    expect(error.message).toBe('the content of x.csv in the cache of DVC is not what x.csv.dvc stands for');
    expect(error.mend).toContain('dvc pull --force x.csv.dvc');
  });
});

test('a Parquet without its last bytes, by every verb', async () => {
  const engine = await openDuckdb({
    env: process.env,
    notice: () => undefined,
    cancel: new AbortController().signal,
  });
  const path = join(folder, 'whole.parquet');
  await engine.query(`COPY (SELECT range AS a FROM range(1000)) TO '${path}'`);
  await engine.close();
  const { readFileSync } = await import('node:fs');
  scene({ file: 'x.parquet', bytes: readFileSync(path).subarray(0, -20) });
  for (const verb of Object.keys(VERBS)) {
    expect((await refused(verb)).message, verb).toBe('x.parquet is not a whole Parquet file');
  }
});
