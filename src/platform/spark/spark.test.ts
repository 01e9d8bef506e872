import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { TableColumn } from '../../data/table.js';
import { OutsideError, UserError } from '../../errors.js';
import { localProcesses } from '../process/processes.js';
import { javaPattern } from './pattern.js';
import { SparkSession } from './session.js';
import { sparkSql, textLiteral } from './sql.js';

/** What can be said without Spark; what Spark itself computes is in tests/spark.test.ts. */

const folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const native = (type: string, sql: string): TableColumn => ({
  name: `column ${sql}`,
  sql,
  storage: { kind: 'native', type },
});
const columns = new Map<string, TableColumn>([
  ['c0', { name: 'text', sql: 'c0', storage: { kind: 'text' } }],
  ['c1', native('DOUBLE', 'c1')],
  ['c2', native('INTEGER[]', 'c2')],
  ['c3', native('DECIMAL(9,2)', 'c3')],
  ['c4', { name: 'json', sql: 'c4', storage: { kind: 'json' } }],
]);
const spark = (sql: string) => sparkSql(sql, columns).replace(/\s+/g, ' ');

describe('statements for Spark', () => {
  test.each([
    [
      'SELECT count(DISTINCT row(p0, p1)) FILTER (WHERE p0 IS NOT NULL) FROM t',
      'SELECT count(DISTINCT struct(p0, p1)) FILTER (WHERE p0 IS NOT NULL) FROM t',
    ],
    [
      'SELECT quantile_cont(x, 0.5::DOUBLE), quantile_disc(x, 0.25) FROM t',
      'SELECT percentile(x, CAST(0.5 AS DOUBLE)), percentile_disc(0.25) WITHIN GROUP (ORDER BY x) FROM t',
    ],
    ["SELECT x LIKE 'a\\b' FROM t", "SELECT x LIKE 'a\\u005c\\u005cb' FROM t"],
    ["SELECT json_type(c4), json_extract_string(c4, '$') FROM t", 'SELECT c4_type, c4_text FROM t'],
    [
      'WITH f AS MATERIALIZED (SELECT 1 AS n FROM t) SELECT n FROM f',
      'WITH f AS (SELECT 1 AS n FROM t) SELECT n FROM f',
    ],
    [
      'SELECT min({r: r, value: NULL::VARCHAR}, 10) AS x0 FROM t',
      "SELECT min_by(named_struct('r', r, 'value', CAST(NULL AS STRING)), r, 10) AS x0 FROM t",
    ],
    // Only what is asked for is computed inside.
    [
      'SELECT count(p0) AS n FROM (SELECT c0 AS p0, c0 AS s0 FROM source) AS v',
      'SELECT count(p0) AS n FROM (SELECT c0 AS p0 FROM source) AS v',
    ],
    [
      'SELECT count(*) AS n FROM (SELECT c0 AS p0 FROM source) AS v',
      'SELECT count(*) AS n FROM (SELECT 1 AS one FROM source) AS v',
    ],
  ])('%s', (sql, wanted) => {
    expect(spark(sql)).toBe(wanted);
  });

  test.each([
    ['SELECT hash(c0) FROM t', /"hash" is not sure/],
    ["SELECT try_strptime(c0, '%Y') FROM t", /"try_strptime"/],
    ['SELECT CAST(c0 AS INTERVAL) FROM t', /type INTERVAL/],
    [
      'SELECT length(s1) FROM (SELECT CAST(c1 AS VARCHAR) AS s1 FROM t) AS v',
      /"column c1" cannot be compared as text/,
    ],
    [
      "SELECT count(*) FILTER (WHERE s1 NOT IN ('1')) FROM (SELECT CAST(c1 AS VARCHAR) AS s1 FROM t) AS v",
      /floating-point/,
    ],
    ['SELECT CAST(c2 AS VARCHAR) AS x FROM t', /INTEGER\[\]/],
    ['SELECT json_type(c0) FROM t', /JSON inside of texts/],
    ['SELECT regexp_matches(c0, c1) FROM t', /regular expression/],
  ])('%s is refused', (sql, reason) => {
    expect(() => spark(sql)).toThrow(UserError);
    expect(() => spark(sql)).toThrow(reason);
  });

  test('what is missing or counted of a number as text is the same everywhere', () => {
    expect(
      spark(
        'SELECT count(DISTINCT s1) AS n FROM (SELECT CAST(c1 AS VARCHAR) AS s1 FROM t) AS v WHERE s1 IS NOT NULL',
      ),
    ).toContain('count(DISTINCT s1)');
  });

  test('texts and names are spelled so that nothing in them has a meaning', () => {
    expect(textLiteral(`it's \\ "x"\n\u0000😀`)).toBe(
      "'it\\u0027s \\u005c \\u0022x\\u0022\\u000a\\u0000\\ud83d\\ude00'",
    );
    expect(spark(`SELECT 'a''); DROP TABLE x; --' FROM t`)).toBe(
      "SELECT 'a\\u0027); DROP TABLE x; --' FROM t",
    );
  });
});

describe('regular expressions for Java', () => {
  test.each(['\\p{L}', '(?i)a', 'a++', '\\Q', '[[:alpha:]]', '(?<n>a)', '\\1', '[\\W]', '\\B', '[a'])(
    '%s is refused',
    (pattern) => {
      expect(() => javaPattern(pattern)).toThrow(/cannot be used/);
    },
  );
});

describe('the job', () => {
  const processes = localProcesses({
    env: process.env,
    clock: { now: () => new Date(), monotonic: () => performance.now() / 1000 },
    graceSeconds: 1,
  });
  const start = (submit: string, cancel = new AbortController().signal) =>
    SparkSession.start({
      submit,
      master: 'local[1]',
      conf: { 'spark.x': "it's" },
      args: ['--queue', 'a b'],
      cwd: folder,
      processes,
      cancel,
    });
  const script = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  /** A program in the place of Spark that answers the first question and ends with the second. */
  const FAKE = `const { connect } = require('node:net');
const link = connect(process.argv[2]);
let asked = 0;
const say = (message) => link.write(JSON.stringify(message) + '\\n');
link.on('connect', () => say({ version: '9.9', master: 'local' }));
link.on('data', (data) => {
  if (String(data).includes('"stop"')) process.exit(0);
  if (++asked === 1) say({ result: [{ x: 1 }] });
  else { console.log('26/11/25 INFO fine'); console.log('java.lang.OutOfMemoryError: Java heap space'); process.exit(3); }
});
`;

  test('that cannot be started is told with what to install', async () => {
    const error = await start(join(folder, 'nowhere')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain('cannot be started');
    expect((error as UserError).mend).toContain('pip install pyspark');
  });

  test('that fails at its start is told with the lines of its log that matter', async () => {
    const submit = script(
      'fails',
      'echo "26/11/25 INFO much"\necho "Exception in thread \\"main\\" Could not parse Master URL: x"\nexit 1',
    );
    const error = await start(submit).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OutsideError);
    expect((error as Error).message).toBe(
      'the Spark job ended with 1:\n  Exception in thread "main" Could not parse Master URL: x',
    );
  });

  test('gets its settings, ours last, and is told when it dies in the midst', async () => {
    writeFileSync(join(folder, 'fake.cjs'), FAKE);
    const submit = script(
      'dies',
      `printf '%s\\n' "$@" > words.txt\nwhile [ "$1" != --properties-file ]; do shift; done; cp "$2" settings.txt\nfor last; do :; done\nexec '${process.execPath}' fake.cjs "$last"`,
    );
    const session = await start(submit);
    expect(session.version).toBe('9.9');
    const error = await session.query('SELECT 1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OutsideError);
    expect((error as Error).message).toContain(
      'ended with 3:\n  java.lang.OutOfMemoryError: Java heap space',
    );
    await session.close();
    const words = readFileSync(join(folder, 'words.txt'), 'utf8');
    expect(words).toContain('--master\nlocal[1]\n--deploy-mode\nclient\n');
    // What may be a secret is in no word.
    expect(words).not.toContain('spark.x');
    expect(readFileSync(join(folder, 'settings.txt'), 'utf8')).toContain('spark.x=it\\u0027s\n');
    expect(words).toMatch(/spark\.sql\.session\.timeZone=UTC\n[\s\S]*--queue\na b\n/);
  });

  test('is killed, with what it started, when the command is cancelled', async () => {
    const cancelled = new AbortController();
    const submit = script('hangs', 'sleep 600 & echo $! > child.txt; touch hanging; wait');
    const starting = start(submit, cancelled.signal).catch((thrown: unknown) => thrown);
    const alive = (): number | undefined => {
      try {
        const pid = Number(readFileSync(join(folder, 'child.txt'), 'utf8'));
        process.kill(pid, 0);
        return pid;
      } catch {
        return undefined;
      }
    };
    await expect.poll(alive, { timeout: 20_000 }).toBeGreaterThan(0);
    const reason = new Error('interrupted');
    cancelled.abort(reason);
    expect(await starting).toBe(reason);
    await expect.poll(alive, { timeout: 20_000 }).toBeUndefined();
  });
});
