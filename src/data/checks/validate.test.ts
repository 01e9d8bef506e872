import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { datasetConfig } from '../../config/data.js';
import { UserError } from '../../errors.js';
import { openDataset } from '../../platform/duckdb/dataset.js';
import { openDuckdb } from '../../platform/duckdb/engine.js';
import type { CheckResult } from '../record.js';
import { type ValidationResult, validateTable } from './validate.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = {
  env: process.env,
  notice: () => undefined,
  cancel: new AbortController().signal,
  threads: 2,
  memoryBytes: 512 * 1024 * 1024,
};

/** Validates a text by a config as assay.yml would have it. */
async function validate(text: string, settings: object, file = 'x.csv'): Promise<ValidationResult> {
  await writeFile(join(folder, file), text);
  return validateFile(file, settings);
}

async function validateFile(source: string, settings: object): Promise<ValidationResult> {
  const config = datasetConfig.parse({ source, ...settings });
  const { engine, table } = await openDataset({ folder, ...config }, options);
  try {
    const locate = (path: readonly (string | number)[]) => ({ file: path.join('/') });
    return await validateTable({
      engine,
      table,
      name: 'x',
      config,
      locate,
      now: Date.UTC(2026, 0, 1),
      others: new Map(),
      suites: new Map(),
      inferred: new Map(),
    });
  } finally {
    await engine.close();
  }
}

/** What failed: `check: failing/total @ rows`. */
function failures(result: ValidationResult): readonly string[] {
  return result.checks
    .filter((check) => !check.passed)
    .map(
      ({ check, failing, total, rows }) =>
        `${check}: ${failing}/${total}${rows.length > 0 ? ` @ ${rows}` : ''}`,
    );
}

const one = (values: readonly string[]) => `v,k\n${values.map((value) => `${quoted(value)},k\n`).join('')}`;
const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;

describe('types', () => {
  const cases: Record<string, { good: string[]; bad: string[] }> = {
    integer: {
      good: ['0', '-7', '+7', '007', '170141183460469231731687303715884105727'],
      bad: [
        '1.0',
        '1e3',
        '1_000',
        ' 1',
        '1 ',
        '0x1F',
        'one',
        '1,000',
        '٣',
        '170141183460469231731687303715884105728',
      ],
    },
    number: {
      good: ['1', '1.', '.5', '-1.5e-3', '1E10', '+2'],
      bad: ['nan', 'NaN', 'inf', '-Infinity', '1e999', '1,5', '1_0', ' 1', '.', 'e5', '1e', '--1'],
    },
    boolean: { good: ['true', 'False', 'TRUE'], bad: ['0', '1', 't', 'yes', ' true'] },
    date: {
      good: ['2024-02-29', '1999-12-31'],
      bad: ['2023-02-29', '2024-2-1', '01/02/2024', '2024-01-01T00:00'],
    },
    timestamp: {
      good: [
        '2024-02-29',
        '2024-01-01T10:00',
        '2024-01-01 10:00:00.123456',
        '2024-01-01T10:00:00Z',
        '2024-01-01T10:00:00+05:30',
      ],
      bad: ['2024-01-01T25:00', '2023-02-29 10:00', '10:00', '1704067200', '2024-01-01 10:00 Europe/Paris'],
    },
    string: { good: ['', ' ', '1', 'x'], bad: [] },
  };
  test.each(Object.entries(cases))('%s', async (type, { good, bad }) => {
    const settings = { missing: [], columns: { v: { type } } };
    expect(failures(await validate(one(good), settings))).toEqual([]);
    if (bad.length === 0) return;
    const rows = bad.map((_, i) => i + 2).slice(0, 10);
    expect(failures(await validate(one(bad), settings))).toEqual([
      `v: ${type}: ${bad.length}/${bad.length} @ ${rows}`,
    ]);
  });

  test('in JSON a quoted number is a string', async () => {
    const text =
      '{"n":1,"s":"x","d":"2024-01-01"}\n{"n":"1","s":2,"d":20240101}\n{"n":1.0,"s":"","d":null}\n{"n":NaN}\n';
    const columns = { n: { type: 'integer' }, s: { type: 'string' }, d: { type: 'date' } };
    expect(failures(await validate(text, { columns }, 'x.jsonl'))).toEqual([
      'n: integer: 3/4 @ 2,3,4',
      's: string: 1/3 @ 2',
      'd: date: 1/2 @ 2',
    ]);
  });

  test('in Parquet the type of the column decides', async () => {
    const engine = await openDuckdb(options);
    await engine.query(
      `COPY (SELECT * FROM (VALUES
         (1, 1.0::DOUBLE, '1', TIMESTAMP '2024-01-01', 'nan'::DOUBLE, 1.50::DECIMAL(9,2), true),
         (2, 2.5, '2', TIMESTAMP '2024-01-01 10:00', 'inf'::DOUBLE, 2.00, NULL)) AS t(i, f, s, t, n, d, b))
       TO '${join(folder, 'types.parquet')}' (FORMAT parquet)`,
    );
    await engine.close();
    const check = async (types: object) => {
      const columns = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
      return failures(await validateFile('types.parquet', { columns }));
    };
    expect(
      await check({ i: 'integer', f: 'number', s: 'string', t: 'timestamp', d: 'number', b: 'boolean' }),
    ).toEqual([]);
    expect(
      await check({
        f: 'integer',
        s: 'integer',
        t: 'date',
        n: 'number',
        d: 'integer',
        i: 'string',
        b: 'integer',
      }),
    ).toEqual([
      'f: integer: 1/2 @ 2',
      's: integer: 2/2 @ 1,2',
      't: date: 1/2 @ 2',
      'n: number: 2/2 @ 1,2',
      'd: integer: 1/2 @ 1',
      'i: string: 2/2 @ 1,2',
      'b: integer: 1/1 @ 1',
    ]);
  });
});

describe('values', () => {
  test.each<[string, string[], object, string[]]>([
    ['bounds', ['1', '5', '10', ''], { type: 'integer', min: 2, max: 9 }, ['v: between 2 and 9: 2/3 @ 2,4']],
    ['a fractional bound', ['1', '2'], { type: 'integer', min: 1.5 }, ['v: at least 1.5: 1/2 @ 2']],
    [
      'a bound implies numbers',
      ['1', 'x', '-1'],
      { min: 0 },
      ['v: number: 1/3 @ 3', 'v: at least 0: 1/2 @ 4'],
    ],
    [
      'dates',
      ['2024-01-01', '2023-01-01'],
      { type: 'date', min: '2024-01-01' },
      ['v: at least 2024-01-01: 1/2 @ 3'],
    ],
    [
      'timestamps with an offset',
      ['2024-01-01T01:00:00+02:00', '2024-01-01'],
      { type: 'timestamp', min: '2024-01-01T00:00:00Z' },
      ['v: at least 2024-01-01T00:00:00Z: 1/2 @ 2'],
    ],
    [
      'lengths in characters',
      ['ab', 'éé', 'a', 'abcd'],
      { min_length: 2, max_length: 3 },
      ['v: length between 2 and 3: 2/4 @ 4,5'],
    ],
    ['a pattern matches anywhere', ['xab', 'b', "a'"], { pattern: "a[b']" }, ["v: matches a[b']: 1/3 @ 3"]],
    [
      'an anchored pattern',
      ['a@b', 'ab', 'a\nb@c'],
      { pattern: '^[^@\\n]+@[^@]+$' },
      ['v: matches ^[^@\\n]+@[^@]+$: 2/3 @ 3,4'],
    ],
    [
      'allowed texts',
      ['Female', 'female', "O'Brien"],
      { allowed: ['Female', "O'Brien"] },
      ["v: one of Female, O'Brien: 1/3 @ 3"],
    ],
    ['allowed numbers', ['1', '2.0', '3'], { allowed: [1, 2] }, ['v: one of 1, 2: 1/3 @ 4']],
    ['unique', ['a', 'b', 'a', '', '', 'a'], { unique: true }, ['v: unique: 2/4 @ 4,7']],
    ['unique integers', ['7', '07', '8'], { type: 'integer', unique: true }, ['v: unique: 1/3 @ 3']],
    [
      'increasing',
      ['1', '', '1', '3', '2', 'x', '9'],
      { type: 'integer', monotonic: 'increasing' },
      ['v: integer: 1/6 @ 7', 'v: never decreasing: 1/5 @ 6'],
    ],
    [
      'decreasing',
      ['3', '4', '1'],
      { type: 'number', monotonic: 'decreasing' },
      ['v: never increasing: 1/3 @ 3'],
    ],
    ['required', ['1', '', '2'], { required: true }, ['v: no missing value: 1/3 @ 3']],
    ['max_missing', ['1', '', '', '2'], { max_missing: '25%' }, ['v: at most 25% missing values: 2/4 @ 3,4']],
    ['max_missing that holds', ['1', '', '', '2'], { max_missing: 0.5 }, []],
    ['max_failing that holds', ['1', 'x', '2', '3'], { type: 'integer', max_failing: 0.25 }, []],
    [
      'max_failing that does not',
      ['1', 'x', 'y', '3'],
      { type: 'integer', max_failing: 0.25 },
      ['v: integer: 2/4 @ 3,4'],
    ],
  ])('%s', async (_, values, column, expected) => {
    const result = await validate(one(values).replaceAll('"",k', ',k'), { columns: { v: column } });
    expect(failures(result)).toEqual(expected);
    expect(result.valid).toBe(expected.length === 0);
  });

  test('at most ten rows are named, the first in the file', async () => {
    const values = Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? 'x' : '1'));
    const result = await validate(one(values), { columns: { v: { type: 'integer' } } });
    expect(failures(result)).toEqual(['v: integer: 2500/5000 @ 2,4,6,8,10,12,14,16,18,20']);
  });

  test('a share is compared as it is written: 29 of 100 are 29%', async () => {
    const values = Array.from({ length: 100 }, (_, i) => (i < 29 ? 'x' : '1'));
    const run = (max_failing: string) =>
      validate(one(values), { columns: { v: { type: 'integer', max_failing } } });
    expect((await run('29%')).valid).toBe(true);
    expect((await run('28%')).valid).toBe(false);
  });

  test('hundreds of checks each keep their own counts', async () => {
    const names = Array.from({ length: 450 }, (_, i) => `c${i}`);
    const text = `${names.join(',')}\n${names.map((_, i) => (i % 3 === 0 ? 'x' : i)).join(',')}\n`;
    const columns = Object.fromEntries(names.map((name) => [name, { type: 'integer' }]));
    const bad = names.filter((_, i) => i % 3 === 0);
    expect(failures(await validate(text, { columns }))).toEqual(
      bad.map((name) => `${name}: integer: 1/1 @ 2`),
    );
  });

  test('counts are those of a plain loop, for any values', async () => {
    const value = fc.oneof(
      fc.constantFrom('', '1', '2', '3', '-1', '1.5', 'x', ' '),
      fc.string({ maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 30 }), async (values) => {
        const columns = { v: { type: 'number', min: 0, max: 2, unique: true, required: true } };
        const result = await validate(one(values), { columns });
        const rowsWhere = (is: (value: string, i: number) => boolean) =>
          lines.filter((_, i) => is(values[i] ?? '', i)).slice(0, 10);
        const lines: number[] = [];
        let line = 2;
        for (const text of values) {
          lines.push(line);
          line += 1 + (text.match(/\r\n|\r|\n/g) ?? []).length;
        }
        const isNumber = (text: string) =>
          /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text));
        const byName = Object.fromEntries(result.checks.map((check) => [check.check, check.rows]));
        // A text with a NUL byte never arrives as a row.
        fc.pre(result.rejected === 0);
        expect(byName['v: no missing value']).toEqual(rowsWhere((text) => text === ''));
        expect(byName['v: number']).toEqual(rowsWhere((text) => text !== '' && !isNumber(text)));
        expect(byName['v: between 0 and 2']).toEqual(
          rowsWhere((text) => isNumber(text) && (Number(text) < 0 || Number(text) > 2)),
        );
        const earlier = (text: string, i: number) =>
          values.slice(0, i).some((other) => isNumber(other) && Number(other) === Number(text));
        expect(byName['v: unique']).toEqual(rowsWhere((text, i) => isNumber(text) && earlier(text, i)));
      }),
      { numRuns: 20 },
    );
  });
});

describe('datasets', () => {
  const find = (result: ValidationResult, check: string): CheckResult | undefined =>
    result.checks.find((found) => found.check === check);

  test('an absent column names the nearest undeclared one', async () => {
    const result = await validate('Age,sex\n1,F\n', {
      columns: { age: { min: 5 }, sex: {}, other: { required: false } },
    });
    expect(failures(result)).toEqual(['age: exists: 1/1']);
    expect(find(result, 'age: exists')?.detail).toBe('missing column; nearest: "Age"');
    expect(find(result, 'other: exists')).toMatchObject({
      passed: true,
      detail: 'missing column (allowed by required: false)',
    });
  });

  test('columns called like parts of every object are ordinary columns', async () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const result = await validate(`${names.join(',')}\n1,2,3\n`, { extra_columns: 'fail' });
    expect(failures(result)).toEqual(['no column that is not declared: 3/3']);
  });

  test('extra columns: allowed, warned about or refused', async () => {
    const text = 'a,b,c\n1,2,3\n';
    const run = (extra_columns: string) => validate(text, { columns: { a: {} }, extra_columns });
    expect((await run('allow')).valid).toBe(true);
    const warned = await run('warn');
    expect(warned.valid).toBe(true);
    expect(find(warned, 'no column that is not declared')).toMatchObject({
      passed: false,
      severity: 'warn',
      detail: 'not declared: "b", "c"',
    });
    expect((await run('fail')).valid).toBe(false);
  });

  test('the number of rows', async () => {
    const run = (rows: object) => validate('a,b\n1,2\n3,4\n', { checks: [{ rows }] });
    expect((await run({ min: 2, max: 2 })).valid).toBe(true);
    expect(failures(await run({ min: 3 }))).toEqual(['rows: at least 3: 1/1']);
    expect(failures(await run({ max: 1 }))).toEqual(['rows: at most 1: 1/1']);
  });

  test('a dataset without rows is said to be one, unless assay.yml allows it', async () => {
    const columns = { a: { type: 'integer', required: true, unique: true, monotonic: 'increasing' } };
    const result = await validate('a,b\n', { columns });
    expect(failures(result)).toEqual(['rows: at least 1: 1/1']);
    expect((await validate('a,b\n', { columns, checks: [{ rows: { min: 0 } }] })).valid).toBe(true);
  });

  test('lines that are no rows fail the dataset and are named', async () => {
    const result = await validate('a,b\n1,2\n3\n4,"5\n', {});
    expect(failures(result)).toEqual(['every line can be read: 2/3 @ 3,4']);
    expect(find(result, 'every line can be read')?.detail).toBe(
      'line 3: it has 1 field, not 2; line 4: the quote opened on line 4 is never closed',
    );
  });

  test('unique over several columns; rows with a missing part are skipped', async () => {
    const text = 'id,day\n1,a\n1,b\n1,a\n,a\n,a\n';
    const result = await validate(text, { checks: [{ unique: ['id', 'day'] }] });
    expect(failures(result)).toEqual(['id, day: unique: 1/3 @ 4']);
    const error = await validate(text, { checks: [{ unique: ['id', 'dya'] }] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ mend: 'did you mean "day"?', location: { file: 'data/x/checks/0' } });
  });

  test('a warning is reported and does not fail', async () => {
    const result = await validate('a,b\nx,1\n', { columns: { a: { type: 'integer', severity: 'warn' } } });
    expect(failures(result)).toEqual(['a: integer: 1/1 @ 2']);
    expect(result.valid).toBe(true);
  });

  test('several files: each row with its file', async () => {
    await writeFile(join(folder, 'm-1.csv'), 'a,b\n1,1\nx,1\n');
    await writeFile(join(folder, 'm-2.csv'), 'a,b\ny,1\n');
    const result = await validateFile('m-*.csv', { columns: { a: { type: 'integer' } } });
    expect(find(result, 'a: integer')).toMatchObject({ rows: [3, 2], files: ['m-1.csv', 'm-2.csv'] });
  });

  test('hostile names of columns are names', async () => {
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 12 }),
      fc.constantFrom('"', "'; DROP TABLE data; --", '😀', '__proto__', 'r'),
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 4 }), async (names) => {
        fc.pre(names.every((each) => each.trim() !== '' && !each.includes('\0')));
        const text = `${names.map(quoted).join(',')}\n${names.map(() => 'x').join(',')}\n`;
        const columns = JSON.parse(
          `{${names.map((each) => `${JSON.stringify(each)}: { "type": "integer" }`).join(',')}}`,
        );
        const result = await validate(text, { columns, checks: [{ unique: names }] });
        const expected = names
          .filter((each) => each !== '__proto__')
          .map((each) => `${each}: integer: 1/1 @ 2`);
        expect([...failures(result)].sort()).toEqual([...expected].sort());
      }),
      { numRuns: 20 },
    );
  });
});

describe('privacy', () => {
  const text =
    'email,age,id\nplanted@example.org,x,1\nplanted@example.org,secret-age,1\n,,\n"planted@example.org\n",3\n';
  const settings = {
    columns: {
      email: {
        pattern: '^nobody$',
        allowed: ['a'],
        max_length: 3,
        unique: true,
        monotonic: 'increasing',
        required: true,
      },
      age: { type: 'integer', min: 5 },
    },
    checks: [{ unique: ['email', 'id'] }],
  };

  test('no value of the data is in the result', async () => {
    for (const [file, body] of [
      ['x.csv', text],
      ['x.jsonl', '{"email":"planted@example.org","age":"secret-age"}\n{"email":"planted@example.org"\n'],
    ] as const) {
      const { checks, ...rest } = settings;
      const result = await validate(body, file === 'x.csv' ? { checks, ...rest } : rest, file);
      expect(result.valid).toBe(false);
      expect(JSON.stringify(result)).not.toMatch(/planted|secret/);
    }
  });

  test('with show_values they are, cut to a length', async () => {
    const long = 'y'.repeat(500);
    const result = await validate(`a,b\n${long},1\nx,2\n`, {
      columns: { a: { type: 'integer' } },
      show_values: true,
    });
    const check = result.checks.find((found) => found.check === 'a: integer');
    expect(check?.values).toEqual([`${'y'.repeat(100)}…`, 'x']);
  });
});

describe('checks that cannot be asked', () => {
  test.each<[object, string, string]>([
    [{ pattern: '(' }, '"(" is not a regular expression: missing ): (', 'data/x/columns/a/pattern'],
    [{ pattern: '(?=x)' }, '"(?=x)" is not a regular expression', 'data/x/columns/a/pattern'],
    [
      { type: 'integer', min: '5' },
      '"5" is not a number, and the column is of type integer',
      'data/x/columns/a',
    ],
    [{ type: 'string', max: 5 }, 'min and max mean nothing for a column of type string', 'data/x/columns/a'],
    [{ type: 'date', min: '2023-02-29' }, '"2023-02-29" is not a date', 'data/x/columns/a'],
    [
      { type: 'timestamp', min: '2023-02-28T10:00+99:99' },
      '"2023-02-28T10:00+99:99" is not a timestamp',
      'data/x/columns/a',
    ],
    [{ min: 'abc' }, '"abc" is not a date', 'data/x/columns/a'],
    [
      { type: 'integer', allowed: [1.5] },
      '1.5 can never be a value of a column of type integer',
      'data/x/columns/a',
    ],
    [
      { type: 'boolean', allowed: ['yes'] },
      '"yes" can never be a value of a column of type boolean',
      'data/x/columns/a',
    ],
  ])('%j', async (column, message, place) => {
    const error = await validate('a,b\n1,2\n', { columns: { a: column } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(message);
    expect((error as UserError).location).toEqual({ file: place });
  });
});
