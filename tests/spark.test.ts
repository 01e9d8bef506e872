import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DatasetConfig, datasetConfig } from '../src/config/data.js';
import { columnFacts } from '../src/data/checks/infer.js';
import type { Suite } from '../src/data/checks/suite.js';
import { type ValidationResult, validateTable } from '../src/data/checks/validate.js';
import type { SqlEngine } from '../src/data/ports.js';
import { type Profile, profileTable } from '../src/data/profile/profile.js';
import { parseExpectations } from '../src/data/suites/great-expectations/suite.js';
import type { SourceTable } from '../src/data/table.js';
import { UserError } from '../src/errors.js';
import { type OpenOptions, useDataset } from '../src/platform/duckdb/dataset.js';
import { localProcesses } from '../src/platform/process/processes.js';
import { useSparkDataset } from '../src/platform/spark/dataset.js';
import { javaPattern } from '../src/platform/spark/pattern.js';
import { SparkSession } from '../src/platform/spark/session.js';
import { textLiteral } from '../src/platform/spark/sql.js';

/** DuckDB and Spark, on the same data with the same checks: one session of real Spark for all of them. */

const submit = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'spark-submit'))
  .find((path) => existsSync(path));
const REASON = 'there is no spark-submit on PATH (pip install pyspark==4.3.0, and Java 17)';

const folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
const options: OpenOptions = {
  env: process.env,
  notice: () => undefined,
  cancel: new AbortController().signal,
  threads: 2,
  memoryBytes: 512 * 1024 * 1024,
};
let session: SparkSession;
afterAll(async () => {
  await session?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Case {
  readonly config: DatasetConfig;
  readonly suites?: ReadonlyMap<string, Suite>;
  readonly others?: ReadonlyMap<string, DatasetConfig>;
}

type Use<T> = (opened: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly others: ReadonlyMap<string, SourceTable>;
}) => Promise<T>;

function here<T>({ config, others }: Case, use: Use<T>): Promise<T> {
  const more = others && { others: placed(others) };
  return useDataset({ folder, ...config }, { ...options, ...more }, use);
}

function onSpark<T>({ config, others }: Case, use: Use<T>): Promise<T> {
  const more = others && { others: placed(others) };
  return useSparkDataset({ folder, ...config }, { ...options, ...more, session }, use);
}

function placed(others: ReadonlyMap<string, DatasetConfig>) {
  return new Map([...others].map(([name, config]) => [name, { folder, ...config }]));
}

function validated({ config, suites = new Map() }: Case): Use<ValidationResult> {
  return async ({ engine, table, others }) =>
    validateTable({
      engine,
      table,
      others,
      config,
      suites,
      name: 'x',
      locate: (path) => ({ file: path.join('/') }),
      inferred: suites.size > 0 ? await columnFacts(engine, table) : new Map(),
      now: Date.UTC(2026, 0, 1),
    });
}

/** Equal, and numbers within a relative 1e-9; exactly where they are whole. */
function expectAlike(found: unknown, wanted: unknown, at = ''): void {
  if (typeof wanted === 'number' && typeof found === 'number' && !Number.isInteger(wanted)) {
    const close = Math.abs(found - wanted) <= 1e-9 * Math.max(Math.abs(wanted), 1e-6);
    expect(close ? wanted : found, at).toBe(wanted);
  } else if (wanted !== null && typeof wanted === 'object') {
    const [a, b] = [found as object, wanted as object];
    expect(Object.keys(a ?? {}), at).toEqual(Object.keys(b));
    for (const [key, value] of Object.entries(b))
      expectAlike((a as Record<string, unknown>)[key], value, `${at}.${key}`);
  } else expect(found, at).toEqual(wanted);
}

async function sameProfile(of: Case, gathered?: number): Promise<Profile> {
  const use: Use<Profile> = ({ engine, table }) =>
    profileTable({ engine, table, config: of.config, ...(gathered !== undefined && { gathered }) });
  const [wanted, found] = [await here(of, use), await onSpark(of, use)];
  expectAlike(inOrder(found), inOrder(wanted));
  return found;
}

/** Pairs whose r is the same but for its last digits come in any order. */
function inOrder(profile: Profile): Profile {
  const top = [...profile.correlations.top].sort((x, y) => (x.a + x.b < y.a + y.b ? -1 : 1));
  return { ...profile, correlations: { ...profile.correlations, top } };
}

async function sameValidation(of: Case): Promise<ValidationResult> {
  const [wanted, found] = [await here(of, validated(of)), await onSpark(of, validated(of))];
  expectAlike(found, wanted);
  return found;
}

/** Values that engines like to read differently. */
const INTEGERS = [
  '0',
  '-7',
  '+7',
  '007',
  '1.0',
  '1e3',
  ' 1',
  '9223372036854775808',
  `${'9'.repeat(38)}`,
  '9'.repeat(45),
  'x',
];
const NUMBERS = [
  '1.',
  '.5',
  '-1.5e-3',
  '1E10',
  'nan',
  'inf',
  '1e999',
  '-0',
  '1e-320',
  '12345678901234567890',
  '0.1',
  '1,5',
];
const DATES = [
  '2024-02-29',
  '2023-02-29',
  '0000-01-01',
  '9999-12-31',
  '2024-1-1',
  '1582-10-10',
  '2024-06-15',
];
const TIMES = [
  '2024-02-29T12:00:00Z',
  '2024-02-29 12:00',
  '2024-02-29T12:00Z',
  '2024-02-29T12:00:00.123456789+02',
  '2024-02-29T23:59:59-0530',
  '2024-02-29T12:00:00+14:00',
  '2024-02-30T12:00:00',
  '2024-02-29T12:60:00',
  '1969-12-31T23:59:59.999999',
  '2024-02-29',
];
const TEXTS = [
  'a',
  'é',
  '日本',
  '😀',
  'a\nb',
  'a"b',
  "it's",
  'back\\slash',
  ' lead',
  'tab\t',
  '$x',
  'NULL',
  'A'.repeat(300),
];
const BOOLEANS = ['true', 'False', 'TRUE', '1', 'yes'];

const cell = (values: readonly string[]) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 9, arbitrary: fc.constantFrom(...values) });
const someInteger = fc.oneof(cell(INTEGERS), fc.integer({ min: -50, max: 50 }).map(String));
const someNumber = fc.oneof(
  cell(NUMBERS),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map(String),
);
const row = fc.tuple(
  someInteger,
  someNumber,
  cell(DATES),
  cell(TIMES),
  cell(TEXTS),
  cell(BOOLEANS),
  fc.integer({ min: -1000, max: 1000 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0.001, max: 1e4 }).map(String),
  fc.constantFrom('red', 'green', 'blue', ''),
);
const HEADER = ['i', 'n', 'day', 'time', 'text', 'flag', 'whole', 'real', 'group'];

function csv(rows: readonly (readonly string[])[]): string {
  const quoted = (value: string) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return `${[HEADER, ...rows].map((cells) => cells.map(quoted).join(',')).join('\n')}\n`;
}

const TYPED = {
  i: { type: 'integer', required: true, min: -20, max: 30, unique: true },
  n: { type: 'number', min: -100.5, max: 1e9, max_missing: 0.05 },
  day: { type: 'date', min: '1900-01-01', max: '2024-06-01', monotonic: 'increasing' },
  time: { type: 'timestamp', min: '2000-01-01T00:00:00Z', max: '2024-02-29T12:00:00+01:00' },
  text: {
    type: 'string',
    pattern: '^[a-zé日😀].*$',
    min_length: 1,
    max_length: 20,
    allowed: ['a', "it's", 'back\\slash', 'a\nb'],
  },
  flag: { type: 'boolean', allowed: [true] },
  whole: { type: 'integer', monotonic: 'decreasing' },
};
const CHECKS = [
  { rows: { min: 1, max: 100 } },
  { unique: ['day', 'flag', 'group'] },
  { unique: ['whole'], when: "group = 'red' and whole > 0" },
  {
    distribution: {
      column: 'real',
      mean: { min: 0 },
      stdev: { max: 1 },
      sum: { min: 0 },
      quantiles: { '0.3': { max: 1 }, '0.5': { min: 0 } },
      distinct: { min: 3 },
      distinct_share: { min: 0.5 },
    },
  },
  { distribution: { column: 'whole', mean: { min: 0 } }, by: 'group' },
  { columns: { real: { max: 5000 } }, by: ['group'], max_failing: 0.1 },
  { freshness: { column: 'time', max_age: '1d' } },
  { columns: { text: { pattern: '\\bb\\b|\\s' } }, when: 'not (flag = true) or n is null' },
];

describe.skipIf(submit === undefined)(
  `the same on Spark as here${submit ? '' : `: ${REASON}`}`,
  { timeout: 300_000 },
  () => {
    beforeAll(async () => {
      session = await SparkSession.start({
        submit: submit ?? '',
        master: 'local[2]',
        // Of some hundred rows each; compiling every statement would take longer than all of them.
        conf: {
          'spark.sql.shuffle.partitions': '2',
          'spark.driver.memory': '1g',
          'spark.driver.extraJavaOptions': '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
          'spark.sql.codegen.wholeStage': 'false',
          'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
          'spark.sql.adaptive.enabled': 'false',
        },
        args: [],
        cwd: folder,
        processes: localProcesses({
          env: process.env,
          clock: { now: () => new Date(), monotonic: () => performance.now() / 1000 },
        }),
        cancel: options.cancel,
      });
    }, 300_000);

    test('tables at random, of values that engines read differently', async () => {
      const tables = fc.sample(fc.array(row, { minLength: 120, maxLength: 160 }), { numRuns: 2, seed: 7 });
      const [first = [], second = []] = tables;
      writeFileSync(join(folder, 'checked.csv'), csv(first));
      await sameValidation({
        config: datasetConfig.parse({ source: 'checked.csv', columns: TYPED, checks: CHECKS }),
      });
      // Every line ends in CRLF, and one in the midst is no row.
      const lines = csv(second).split('\n');
      lines.splice(3, 0, 'too,short');
      writeFileSync(join(folder, 'profiled.csv'), lines.join('\r\n'));
      const profile = await sameProfile({
        config: datasetConfig.parse({ source: 'profiled.csv', show_values: true }),
      });
      expect(profile.rejected).toBeGreaterThan(0);
    });

    test('more distinct numbers than travel: exact counts and ranks, moments within 1e-9', async () => {
      const rows = fc.sample(
        fc.tuple(
          fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e3, max: 1e6 }),
          fc.integer({ min: 0, max: 1e9 }),
        ),
        { numRuns: 2000, seed: 3 },
      );
      const text = rows.map(
        ([x, s], k) =>
          `${x},${s % 700},${new Date(s * 1000).toISOString()},${k % 3 === 0 ? '' : 9007199254740993n + BigInt(s)}`,
      );
      writeFileSync(join(folder, 'many.csv'), ['x,small,at,wide', ...text, ...text.slice(0, 9)].join('\n'));
      const profile = await sameProfile({ config: datasetConfig.parse({ source: 'many.csv' }) }, 300);
      expect(profile.duplicates).toBeGreaterThanOrEqual(9);
      expect(profile.columns[0]?.numbers?.steps.exact).toBe(false);
    });

    test('suites of other tools, with keys of another dataset, in JSON Lines and in Parquet', async () => {
      const fixtures = join(import.meta.dirname, 'fixtures');
      writeFileSync(
        join(folder, 'people.csv'),
        readFileSync(join(fixtures, 'great-expectations/people.csv')),
      );
      const recorded = JSON.parse(readFileSync(join(fixtures, 'great-expectations/results.json'), 'utf8'))
        .results as readonly {
        readonly type: string;
        readonly kwargs: object;
      }[];
      // Refused there, with a reason: see below.
      const left = /kl_divergence|dateutil|strftime|json_parseable/;
      const usable = recorded.filter(
        ({ type, kwargs }) => !left.test(type) && !JSON.stringify(kwargs).includes('(?!'),
      );
      // One of each kind.
      const expectations = usable.filter(
        (one, i) => usable.slice(0, i).filter(({ type }) => type === one.type).length < 1,
      );
      const suite = parseExpectations(JSON.stringify({ expectations }), 'suite.json');
      const config = datasetConfig.parse({
        source: 'people.csv',
        missing: ['', 'null'],
        checks: [{ expectations: 'suite.json' }],
      });
      const result = await sameValidation({ config, suites: new Map([['suite.json', suite]]) });
      expect(result.checks.length).toBeGreaterThan(30);

      const lines = [
        { id: 1, a: 'x', nested: [1] },
        { id: 2, a: null },
        { id: '3', a: 'y', b: true },
        'no object',
        { id: 9.5, b: 'true' },
      ];
      writeFileSync(join(folder, 'rows.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
      writeFileSync(join(folder, 'keys.csv'), 'id,name\n1,x\n3,z\n');
      const jsonl = datasetConfig.parse({
        source: 'rows.jsonl',
        columns: { id: { type: 'integer' }, a: { type: 'string', required: true }, b: { type: 'boolean' } },
        checks: [{ foreign_key: { columns: ['id'], references: 'keys(id)' } }],
      });
      await sameValidation({
        config: jsonl,
        others: new Map([['keys', datasetConfig.parse({ source: 'keys.csv' })]]),
      });
      await sameProfile({ config: jsonl });
    });

    test('Parquet where it lies, of every type and of several files', async () => {
      const values = `range(25) t(i)`;
      const select = `SELECT i::TINYINT AS tiny, i::UBIGINT AS big, (i / 7)::FLOAT AS f, i * 1.5 AS d, CAST(i * 1.25 AS DECIMAL(9, 3)) AS dec, i % 2 = 0 AS b, DATE '1960-01-30' + (i * 400)::INTEGER AS day, (TIMESTAMP '1969-12-31 23:00:00.25' + INTERVAL (i) HOUR) AS ts, (TIMESTAMP '1969-12-31 23:59:59.999999' + INTERVAL (i) MICROSECOND)::TIMESTAMP_NS AS ns, (TIMESTAMPTZ '2024-01-01 00:00:00+02' + INTERVAL (i) DAY) AS tz, 'v' || (i % 5) AS "te""xt\`", CASE WHEN i % 4 > 0 THEN i END AS gaps FROM ${values}`;
      writeFileSync(join(folder, 'seed.csv'), 'a\n1\n');
      for (const part of ['a b', "c'd%20[1]"]) {
        const path = join(folder, `part ${part}.parquet`);
        await useDataset(
          { folder, source: 'seed.csv', missing: [''] },
          { ...options, writes: [path] },
          ({ engine }) =>
            engine.query(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`),
        );
      }
      const config = datasetConfig.parse({
        source: 'part *.parquet',
        columns: {
          tiny: { type: 'integer', max: 20, unique: true },
          big: { type: 'number', min: 3 },
          f: { type: 'integer' },
          d: { type: 'integer', max: 30 },
          dec: { type: 'integer' },
          day: { type: 'timestamp', min: '1970-01-01' },
          ts: { type: 'date', monotonic: 'increasing' },
          ns: { type: 'timestamp', unique: true },
          tz: { min: '2024-01-05', pattern: '00$' },
          'te"xt`': { pattern: '^v[0-3]$' },
        },
        checks: [
          { unique: ['f', 'b'] },
          { distribution: { column: 'dec', sum: { max: 1 }, stdev: { max: 1 } }, when: 'gaps is not null' },
        ],
      });
      const result = await sameValidation({ config });
      expect(result.rows).toBe(50);
      expect(result.checks.flatMap(({ files = [] }) => files)).toContain("part c'd%20[1].parquet");
      await sameProfile({ config: datasetConfig.parse({ source: 'part *.parquet', show_values: true }) });
    });

    test('regular expressions match the same texts in RE2 and in Java', async () => {
      const patterns = [
        '^a.b$',
        'a$',
        '\\s',
        '\\bcat\\b',
        '[^\\d\\s]',
        '[\\w.-]+@[\\w.-]+',
        'x{2,3}?y',
        '(?:ab|c)+',
        '[a&&b]',
        '[[x]',
        '[]a]',
        '\\.',
        '{',
        'a{x',
        '\\$',
        '#',
        '~',
        '[^a-c-]',
        '[+\\-]',
        'é|日',
        '^😀$',
        '\\t',
        'a|^$',
      ];
      const texts = [
        'a\nb',
        'a\n',
        'a\r',
        'axb',
        '\u000b',
        ' ',
        'the cat',
        'écate cat',
        'ca',
        '1',
        'me@x.org',
        'xxy',
        'abab',
        'c',
        '&',
        '[x',
        ']',
        '.',
        '{',
        'a{x',
        '$',
        '#',
        '~',
        '-',
        '+',
        'é',
        '日',
        '😀',
        '\t',
        '',
        'a\u0085b',
        'a\u2028b',
      ];
      const terms = patterns.flatMap((pattern, p) =>
        texts.map((text, t) => ({ name: `m${p}_${t}`, pattern, text })),
      );
      const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
      writeFileSync(join(folder, 'seed.csv'), 'a\n1\n');
      const [wanted = {}] = await useDataset(
        { folder, source: 'seed.csv', missing: [''] },
        options,
        ({ engine }) =>
          engine.query(
            `SELECT ${terms.map(({ name, pattern, text }) => `regexp_matches(${quote(text)}, ${quote(pattern)}) AS ${name}`).join(', ')}`,
          ),
      );
      const [found = {}] = await session.query(
        `SELECT ${terms.map(({ name, pattern, text }) => `${textLiteral(text)} RLIKE ${textLiteral(javaPattern(pattern))} AS ${name}`).join(', ')}`,
      );
      const different = terms.filter(({ name }) => found[name] !== wanted[name]);
      expect(different).toEqual([]);
    });

    describe('what would differ is refused, with the reason', () => {
      const asked = async (text: string, settings: object) => {
        writeFileSync(join(folder, 'refused.csv'), text);
        const of = { config: datasetConfig.parse({ source: 'refused.csv', ...settings }) };
        const error = await onSpark(of, validated(of)).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(UserError);
        return (error as UserError).message;
      };
      test.each([
        ['v\n2024-01-01T24:00:00\n', { columns: { v: { type: 'timestamp' } } }, /an hour of 24/],
        ['v\n2024-01-01T10:00:00+19:00\n', { columns: { v: { type: 'timestamp' } } }, /offset of 18 hours/],
        [`v\n1${'0'.repeat(38)}\n`, { columns: { v: { type: 'integer' } } }, /39 digits/],
        ['v\na\n', { columns: { v: { pattern: '\\p{L}' } } }, /regular expression "\\\\p\{L\}"/],
        ['v\na\n', { checks: [{ sql: 'select * from data' }] }, /SQL of DuckDB/],
      ] as const)('%j', async (text, settings, reason) => {
        expect(await asked(text, settings)).toMatch(reason);
      });
    });
  },
);
