import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SourceTable } from '../../data/table.js';
import { UserError } from '../../errors.js';
import { type DatasetSource, openDataset } from './dataset.js';
import { type DuckdbOptions, openDuckdb } from './engine.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options: DuckdbOptions = {
  env: process.env,
  notice: () => undefined,
  cancel: new AbortController().signal,
  threads: 2,
  memoryBytes: 512 * 1024 * 1024,
};

interface Loaded {
  readonly table: SourceTable;
  /** Cells in reading order. */
  readonly rows: readonly (readonly unknown[])[];
  /** `file:number` of each row. */
  readonly places: readonly string[];
}

async function load(source: Omit<Partial<DatasetSource>, 'folder'> & { source: string }): Promise<Loaded> {
  const { engine, table } = await openDataset({ folder, missing: [''], ...source }, options);
  try {
    const cells = table.columns.map(({ sql }) => sql);
    const found = await engine.query(
      `SELECT ${[`${table.row} AS r`, ...cells].join(', ')} FROM ${table.relation} ORDER BY r`,
    );
    const places = found.map(({ r }) => table.place(Number(r)));
    return {
      table,
      rows: found.map((row) => cells.map((cell) => row[cell])),
      places: places.map(({ file, number }) => `${file}:${number}`),
    };
  } finally {
    await engine.close();
  }
}

async function loadText(text: string | Uint8Array, file = 'x.csv', more: Partial<DatasetSource> = {}) {
  await writeFile(join(folder, file), text);
  return load({ ...more, source: file });
}

async function refusal(action: Promise<unknown>): Promise<UserError> {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error;
  throw error ?? new Error('expected a UserError');
}

const names = ({ table }: Loaded) => table.columns.map(({ name }) => name);

describe('CSV', () => {
  test('keeps values as they are written; missing texts are NULL, quoted or not', async () => {
    const found = await loadText(
      '\ufeffid, name ,"x ""y"""\r\n1, Ann ,?\r\n2,"",NA\r\n3,"a\r\nb",\r\n4,0,x',
      'x.csv',
      {
        missing: ['', '?'],
      },
    );
    expect(names(found)).toEqual(['id', ' name ', 'x "y"']);
    expect(found.rows).toEqual([
      ['1', ' Ann ', null],
      ['2', null, 'NA'],
      ['3', 'a\r\nb', null],
      ['4', '0', 'x'],
    ]);
    expect(found.places).toEqual(['x.csv:2', 'x.csv:3', 'x.csv:4', 'x.csv:6']);
  });

  test('with no missing text an empty field is an empty text', async () => {
    expect((await loadText('a,b\n,1\n', 'x.csv', { missing: [] })).rows).toEqual([['', '1']]);
  });

  test('missing texts may hold quotes, delimiters and line breaks', async () => {
    const found = await loadText(`a,b\n"it's",1\n"x,""y",2\n"l\nm",3\n`, 'x.csv', {
      missing: ["it's", 'x,"y', 'l\nm'],
    });
    expect(found.rows).toEqual([
      [null, '1'],
      [null, '2'],
      [null, '3'],
    ]);
  });

  test('rejected lines are counted and named, and the rows after them keep their lines', async () => {
    const found = await loadText('a,b\n1,2\n3\n"4"x,5\n6,7\n8,9,10\n\n11,12\n');
    expect(found.rows).toEqual([
      ['1', '2'],
      ['6', '7'],
      ['11', '12'],
    ]);
    expect(found.places).toEqual(['x.csv:2', 'x.csv:5', 'x.csv:8']);
    expect(found.table).toMatchObject({ read: 3, rejected: 3 });
    expect(found.table.rejections.map(({ place, reason }) => `${place.number} ${reason}`)).toEqual([
      '3 it has 1 field, not 2',
      '4 text follows a closing quote',
      '6 it has 3 fields, not 2',
    ]);
  });

  test('column names may be anything, and differ in case only', async () => {
    const hostile = ['a"b', "'; DROP TABLE data; --", '😀', 'select', 'A', 'a', ' ', '\u202e', '*', 'c0'];
    const header = hostile
      .filter((name) => name.trim() !== '')
      .map((name) => `"${name.replaceAll('"', '""')}"`);
    const found = await loadText(`${header.join(',')}\n${header.map((_, i) => i).join(',')}\n`);
    expect(names(found)).toEqual(hostile.filter((name) => name.trim() !== ''));
    expect(found.rows).toEqual([header.map((_, i) => String(i))]);
  });

  test('a header alone is a dataset without rows', async () => {
    const found = await loadText('a,b\n');
    expect(found.table).toMatchObject({ read: 0, rejected: 0 });
    expect(names(found)).toEqual(['a', 'b']);
  });

  test('one column: a quoted nothing is a row, a blank line is none', async () => {
    expect((await loadText('a\n""\n\nx\n')).rows).toEqual([[null], ['x']]);
  });

  test('other delimiters', async () => {
    expect((await loadText('a;b\n1,5;2\n', 'x.csv', { delimiter: ';' })).rows).toEqual([['1,5', '2']]);
    expect((await loadText('a\tb\n1,5\t2\n', 'x.tsv')).rows).toEqual([['1,5', '2']]);
    const error = await refusal(loadText('a\n', 'x.csv', { delimiter: '"' }));
    expect(error.message).toBe('"\\"" cannot be a delimiter');
  });

  test('a row of several megabytes is read', async () => {
    const long = 'x'.repeat(5_000_000);
    const found = await loadText(`a,b\n1,"${long}\n"\n2,y\n`);
    expect(found.rows[0]?.[1]).toHaveLength(5_000_001);
    expect(found.places).toEqual(['x.csv:2', 'x.csv:4']);
  });

  test.each<[string, string | Uint8Array, string, number | undefined]>([
    ['an empty file', '', 'x.csv is empty: it has not even a header', 1],
    ['blank lines only', '\n\n', 'x.csv is empty: it has not even a header', 1],
    ['a duplicate name', 'a,b,a\n', 'the header names the column "a" twice', 1],
    ['an empty name', ',b\n1,2\n', 'column 1 of the header has no name', 1],
    [
      'an unclosed quote in the header',
      'a,"b\n1,2\n',
      'the header cannot be read: the quote opened on line 1 is never closed',
      1,
    ],
    ['Latin-1', Buffer.from('a,b\n1,caf\xe9\n2,x\n', 'latin1'), 'not UTF-8 at byte 9 (counted from 0)', 2],
    ['a character cut off', Buffer.from([97, 10, 0xe2, 0x82]), 'not UTF-8 at byte 2 (counted from 0)', 2],
    ['UTF-16', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), 'x.csv is UTF-16, not UTF-8', 1],
  ])('refuses %s', async (_, text, message, line) => {
    const error = await refusal(loadText(text));
    expect(error.message).toBe(message);
    expect(error.location).toEqual({ file: 'x.csv', line });
  });

  test('what DuckDB reads is what csv-parse reads, for any CSV, and every line is accounted for', async () => {
    const field = fc.string({
      unit: fc.constantFrom('a', '7', ',', '"', '\n', '\r', ' ', "'", '\\', 'é', '😀'),
      maxLength: 5,
    });
    const line = fc.oneof(
      { weight: 4, arbitrary: fc.array(field, { minLength: 3, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(field, { minLength: 4, maxLength: 5 }) },
    );
    const write = (cells: readonly string[]) =>
      cells.map((cell) => (/^[a7 é😀]*$/u.test(cell) ? cell : `"${cell.replaceAll('"', '""')}"`)).join(',');
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n'),
        async (lines, eol) => {
          const body = lines.map((cells) => write(cells) + eol);
          const found = await loadText(`x,y,z${eol}${body.join('')}`, 'x.csv', { missing: [] });
          const kept = lines.filter((cells) => cells.length === 3);
          expect(found.rows).toEqual(
            parse(kept.map((cells) => write(cells)).join('\n'), { record_delimiter: '\n' }),
          );
          expect(found.table.read).toBe(kept.length);
          const span = (text: string) => (text.match(/\r\n|\r|\n/g) ?? []).length;
          const refused = body
            .filter((_, i) => lines[i]?.length !== 3)
            .reduce((sum, text) => sum + span(text), 0);
          expect(found.table.rejected).toBe(refused);
          let at = 2;
          const expected = body.map((text, i) => {
            const place = lines[i]?.length === 3 ? [`x.csv:${at}`] : [];
            at += span(text);
            return place;
          });
          expect(found.places).toEqual(expected.flat());
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('JSON', () => {
  test('JSON Lines: bad lines are rejected by number; absent and null are missing', async () => {
    const text = '{"a":1,"b/~c":"x"}\n{"a":\n\n[1]\n{"b/~c":null,"":5.0,"a":"1"}\n{"a":{"n":[1]}}';
    const found = await loadText(text, 'x.jsonl');
    expect(names(found)).toEqual(['a', 'b/~c', '']);
    expect(found.rows).toEqual([
      ['1', '"x"', null],
      ['"1"', null, '5.0'],
      ['{"n":[1]}', null, null],
    ]);
    expect(found.places).toEqual(['x.jsonl:1', 'x.jsonl:5', 'x.jsonl:6']);
    expect(found.table).toMatchObject({ read: 3, rejected: 2, rowsAre: 'lines' });
    expect(found.table.rejections.map(({ place, reason }) => `${place.number} ${reason}`)).toEqual([
      '2 it is not valid JSON',
      '4 it is not a JSON object',
    ]);
  });

  test('an array of objects: rows are counted from 1', async () => {
    const found = await loadText('[{"a": 1},\n 7, {"a": 12345678901234567890123}]', 'x.json');
    expect(found.rows).toEqual([['1'], ['12345678901234567890123']]);
    expect(found.places).toEqual(['x.json:1', 'x.json:3']);
    expect(found.table).toMatchObject({ read: 2, rejected: 1, rowsAre: 'rows' });
  });

  test.each([
    ['', 'x.json is empty'],
    ['{"a": 1}', 'x.json is not an array of objects'],
    ['[{"secret": tru}]', 'x.json is not valid JSON at byte 12: invalid literal'],
  ])('refuses %j without quoting it', async (text, message) => {
    const error = await refusal(loadText(text, 'x.json'));
    expect(error.message).toContain(message);
    expect(JSON.stringify([error.message, error.mend])).not.toContain('secret');
  });

  test('empty JSON Lines are a dataset without rows', async () => {
    expect((await loadText('', 'x.jsonl')).table).toMatchObject({ read: 0, rejected: 0, columns: [] });
  });
});

describe('Parquet', () => {
  async function writeParquet(file: string, select: string): Promise<void> {
    const engine = await openDuckdb(options);
    await engine.query(`COPY (${select}) TO '${join(folder, file)}' (FORMAT parquet)`);
    await engine.close();
  }

  test('columns keep their types, rows are counted in each file', async () => {
    await writeParquet('p-1.parquet', `SELECT 1::BIGINT AS a, 'x' AS "b ""c"`);
    await writeParquet('p-2.parquet', `SELECT range AS a, 'y' AS "b ""c" FROM range(2)`);
    const found = await load({ source: 'p-*.parquet' });
    expect(found.table.columns.map(({ name, storage }) => [name, storage])).toEqual([
      ['a', { kind: 'native', type: 'BIGINT' }],
      ['b "c', { kind: 'native', type: 'VARCHAR' }],
    ]);
    expect(found.places).toEqual(['p-1.parquet:1', 'p-2.parquet:1', 'p-2.parquet:2']);
  });

  test('refuses files that differ, and files that are no Parquet', async () => {
    await writeParquet('q-1.parquet', 'SELECT 1 AS a, 2 AS b');
    await writeParquet('q-2.parquet', `SELECT 1 AS a, 'x' AS b`);
    expect((await refusal(load({ source: 'q-*.parquet' }))).message).toBe(
      'q-2.parquet has other columns than q-1.parquet: "b" (VARCHAR) instead of "b" (INTEGER)',
    );
    expect((await refusal(loadText('PAR1 not', 'n.parquet'))).message).toBe(
      'n.parquet is not a whole Parquet file',
    );
  });
});

describe('files', () => {
  test('compressed text is read; a damaged archive is said to be one', async () => {
    const whole = gzipSync('a,b\n1,2\n');
    expect((await loadText(whole, 'x.csv.gz')).rows).toEqual([['1', '2']]);
    expect((await loadText(gzipSync('{"a":1}\n'), 'x.jsonl.gz')).rows).toEqual([['1']]);
    const error = await refusal(loadText(whole.subarray(0, -9), 'y.csv.gz'));
    expect(error.message).toBe('y.csv.gz is not a whole gzip file');
  });

  test('zstd is read where Node or the machine can, and refused with a way out where not', async () => {
    const engine = await openDuckdb(options);
    await engine.query(
      `COPY (SELECT 1 AS a, 'x' AS b) TO '${join(folder, 'z.csv.zst')}' (FORMAT csv, COMPRESSION zstd)`,
    );
    await engine.close();
    const found = await load({ source: 'z.csv.zst' }).catch((error: unknown) => error);
    if (found instanceof UserError) expect(found.mend).toContain('zstd');
    else expect((found as Loaded).rows).toEqual([['1', 'x']]);
  });

  test('several files are one dataset; a row keeps its file and line; headers must agree', async () => {
    await writeFile(join(folder, 'g-2.csv'), 'a,b\n3,4\n5\n');
    await writeFile(join(folder, 'g-1.csv'), 'a,b\n1,2');
    const found = await load({ source: 'g-*.csv' });
    expect(found.table.files).toEqual(['g-1.csv', 'g-2.csv']);
    expect(found.places).toEqual(['g-1.csv:2', 'g-2.csv:2']);
    expect(found.table.rejections[0]?.place).toEqual({ file: 'g-2.csv', number: 3 });
    await writeFile(join(folder, 'g-3.csv'), 'b,a\n3,4\n');
    const error = await refusal(load({ source: 'g-*.csv' }));
    expect(error.message).toBe('its header differs from that of g-1.csv');
    expect(error.location).toEqual({ file: 'g-3.csv', line: 1 });
  });

  test('a name with the signs of a pattern is a file when it exists', async () => {
    expect((await loadText('a,b\n1,2\n', 'w[1]*.csv')).rows).toEqual([['1', '2']]);
  });

  test.each([
    ['nothing.csv', 'the file nothing.csv does not exist'],
    ['nothing-*.csv', 'no file matches "nothing-*.csv"'],
  ])('%s is refused', async (source, message) => {
    expect((await refusal(load({ source, format: 'csv' }))).message).toBe(message);
  });

  test('an unknown extension asks for the format', async () => {
    const error = await refusal(loadText('a\n', 'x.dat'));
    expect(error.message).toBe('the name "x.dat" does not tell its format');
    expect((await loadText('a,b\n1,2\n', 'x.dat', { format: 'csv' })).rows).toEqual([['1', '2']]);
  });

  test('the digest is of the bytes of the file; of several, of names and contents', async () => {
    const sha = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
    expect((await loadText('a,b\n1,2\n', 'd.csv')).table.digest).toBe(sha('a,b\n1,2\n'));
    const whole = gzipSync('a,b\n1,2\n');
    expect((await loadText(whole, 'd.csv.gz')).table.digest).toBe(sha(whole));
    await writeFile(join(folder, 'e-1.csv'), 'a,b\n');
    await writeFile(join(folder, 'e-2.csv'), 'a,b\n3,4\n');
    const expected = sha(`e-1.csv\0${sha('a,b\n')}\ne-2.csv\0${sha('a,b\n3,4\n')}\n`);
    expect((await load({ source: 'e-*.csv' })).table.digest).toBe(expected);
  });
});

describe('the engine', () => {
  test('once sealed it reads no file and keeps its settings; closed it leaves nothing behind', async () => {
    await writeFile(join(folder, 's.csv'), 'a,b\n1,2\n3\n');
    const { engine } = await openDataset({ folder, source: 's.csv', missing: [] }, options);
    await expect(engine.query(`SELECT * FROM read_text('${join(folder, 's.csv')}')`)).rejects.toThrow(
      /disabled/,
    );
    await expect(engine.query(`COPY (SELECT 1) TO '${join(folder, 'out.csv')}'`)).rejects.toThrow(/disabled/);
    await expect(engine.query('SET enable_external_access = true')).rejects.toThrow();
    await expect(readFile(join(engine.folder, 'source.txt'), 'utf8')).resolves.toBe('1,2\n');
    await engine.close();
    await expect(readdir(engine.folder)).rejects.toThrow(/ENOENT/);
  });

  test('a query stops when it is cancelled, with the reason', async () => {
    const controller = new AbortController();
    const engine = await openDuckdb({ ...options, cancel: controller.signal });
    const query = engine.query('SELECT count(*) FROM range(100000000000) WHERE hash(range) = 1');
    setTimeout(() => controller.abort(new Error('stop it')), 50);
    await expect(query).rejects.toThrow('stop it');
    await engine.close();
  });
});
