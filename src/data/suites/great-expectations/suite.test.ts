import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { datasetConfig } from '../../../config/data.js';
import { UserError } from '../../../errors.js';
import { type OpenDataset, openDataset } from '../../../platform/duckdb/dataset.js';
import { columnFacts } from '../../checks/infer.js';
import { validateTable } from '../../checks/validate.js';
import type { CheckResult } from '../../record.js';
import { EXPECTATIONS, parseExpectations } from './suite.js';

/** Every expectation, against what Great Expectations itself said of the same file (see make_results.py there). */

const folder = join(import.meta.dirname, '../../../../tests/fixtures/great-expectations');

interface Recorded {
  readonly type: string;
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly success: boolean;
  readonly raised: boolean;
  readonly unexpected_count?: number;
}
const recorded: readonly Recorded[] = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')).results;

let opened: OpenDataset;
beforeAll(async () => {
  opened = await openDataset(
    // pandas reads `null` as missing too.
    { folder, source: 'people.csv', missing: ['', 'null'] },
    { env: process.env, notice: () => undefined, cancel: new AbortController().signal, threads: 2 },
  );
});
afterAll(() => opened.engine.close());

async function run(expectations: readonly object[]): Promise<readonly CheckResult[]> {
  const suite = parseExpectations(JSON.stringify({ expectations }), 'suite.json');
  const { engine, table, others } = opened;
  const result = await validateTable({
    engine,
    table,
    others,
    name: 'people',
    config: datasetConfig.parse({ source: 'people.csv', checks: [{ expectations: 'suite.json' }] }),
    locate: () => ({ file: 'assay.yml' }),
    now: 0,
    suites: new Map([['suite.json', suite]]),
    inferred: await columnFacts(engine, table),
  });
  return result.checks.filter(({ check }) => !/^(every line can be read|rows: at least 1)$/.test(check));
}

const REFUSED = /kl_divergence|dateutil_parseable/;
/**
 * RE2 has no look-ahead; texts between texts were allowed up to 0.18; GX with pandas 3 does not find `str` in its own
 * list; GX reads 01/02/2024 as a date in January.
 */
const DIFFERENT = (({ type, kwargs }: Recorded) =>
  kwargs.regex === '^(?!X)' ||
  (type.endsWith('values_to_be_between') && typeof kwargs.min_value === 'string') ||
  (type.endsWith('in_type_list') && kwargs.column === 'name') ||
  (type.endsWith('min_to_be_between') && kwargs.column === 'day')) satisfies (of: Recorded) => boolean;

const cases = recorded
  .filter((one) => !REFUSED.test(one.type) && !DIFFERENT(one))
  .map((one) => [`${one.type} ${JSON.stringify(one.kwargs)}`, one] as const);

/** Counts of rows: what only says yes or no has none to compare. */
const ROWWISE = /^expect_(column_value|column_pair|compound|select|multicolumn)/;

describe('as Great Expectations decides', () => {
  let results: readonly CheckResult[];
  beforeAll(async () => {
    // `loads` of the ordered columns is once for all, so they go in one suite, as they would in life.
    results = await run(cases.map(([, { type, kwargs }]) => ({ type, kwargs })));
  });

  test.each(cases.map(([name, one], i) => [name, one, i] as const))('%s', (_, one, i) => {
    const result = results[i];
    expect(result?.passed).toBe(one.success);
    if (one.unexpected_count === undefined || one.raised || !ROWWISE.test(one.type)) return;
    if (!/lengths|of_type/.test(one.type)) expect(result?.failing).toBe(one.unexpected_count);
  });

  test('every expectation that is known was compared', () => {
    const compared = new Set(cases.map(([, { type }]) => type));
    const alone = EXPECTATIONS.filter((name) => !compared.has(name));
    // Not run by Great Expectations on pandas, deprecated there, or SQL.
    expect(alone).toEqual([
      'expect_column_values_to_match_like_pattern',
      'expect_column_values_to_match_like_pattern_list',
      'expect_column_values_to_not_match_like_pattern',
      'expect_column_values_to_not_match_like_pattern_list',
      'expect_multicolumn_values_to_be_equal',
      'expect_multicolumn_values_to_be_unique',
      'unexpected_rows_expectation',
    ]);
  });
});

describe('the file', () => {
  test('0.x spells it expectation_type', async () => {
    const [result] = await run([
      { expectation_type: 'expect_column_values_to_not_be_null', kwargs: { column: 'age' }, meta: {} },
    ]);
    expect(result).toMatchObject({
      column: 'age',
      passed: false,
      failing: 1,
      total: 10,
      rows: [3],
      severity: 'error',
    });
  });

  test('severity below critical warns', async () => {
    const one = { type: 'expect_column_values_to_not_be_null', kwargs: { column: 'age' } };
    const found = await run([
      { ...one, severity: 'warning' },
      { ...one, severity: 'critical' },
    ]);
    expect(found.map(({ severity }) => severity)).toEqual(['warn', 'error']);
  });

  test('LIKE patterns, and queries of unexpected rows', async () => {
    const found = await run([
      { type: 'expect_column_values_to_match_like_pattern', kwargs: { column: 'code', like_pattern: 'A%' } },
      {
        type: 'unexpected_rows_expectation',
        kwargs: { unexpected_rows_query: 'SELECT rowid, * FROM {batch} WHERE age > 60' },
      },
    ]);
    expect(found.map(({ failing, rows }) => [failing, rows])).toEqual([
      [7, [3, 4, 6, 8, 9, 10, 11]],
      [2, [6, 10]],
    ]);
  });

  test.each([
    ['{', 'suite.json is not JSON'],
    ['{}', 'suite.json is not a Great Expectations suite'],
    [
      '{"expectations":[\n{"type":"expect_column_values_to_be_nul","kwargs":{}}]}',
      'expectation 1 of suite.json, "expect_column_values_to_be_nul", is not known',
    ],
    ['{"expectations":[{"type":"expect_column_kl_divergence_to_be_less_than"}]}', 'is not known'],
  ])('%s is refused', (text, message) => {
    expect(() => parseExpectations(text, 'suite.json')).toThrow(message);
    expect(() => parseExpectations(text, 'suite.json')).toThrow(UserError);
  });

  test('wrong kwargs and patterns that RE2 does not have are told with the name of the expectation', async () => {
    await expect(
      run([{ type: 'expect_column_values_to_be_between', kwargs: { column: 'age' } }]),
    ).rejects.toThrow(
      'suite.json: expect_column_values_to_be_between: neither min_value nor max_value is given',
    );
    await expect(
      run([{ type: 'expect_column_values_to_match_regex', kwargs: { column: 'code', regex: '^(?!X)' } }]),
    ).rejects.toThrow('"^(?!X)" is not a regular expression');
  });
});
