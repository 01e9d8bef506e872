import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { datasetConfig } from '../../config/data.js';
import { UserError } from '../../errors.js';
import { openDataset } from '../../platform/duckdb/dataset.js';
import { columnFacts } from '../checks/infer.js';
import { validateTable } from '../checks/validate.js';
import { parsePandera } from './pandera.js';
import { type NamedSuite, parseSuite } from './suites.js';
import { parseTableSchema } from './table-schema.js';

/** Schemas of pandera and Frictionless, against the failures that those tools themselves counted (see make_results.py). */

const fixtures = join(import.meta.dirname, '../../../tests/fixtures');
const text = (name: string) => readFileSync(join(fixtures, 'data-schemas', name), 'utf8');

/** Failing rows of each check that fails. */
async function failing(
  suite: NamedSuite,
  missing: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const opened = await openDataset(
    { folder: join(fixtures, 'great-expectations'), source: 'people.csv', missing },
    { env: process.env, notice: () => undefined, cancel: new AbortController().signal, threads: 2 },
  );
  try {
    const { engine, table, others } = opened;
    const result = await validateTable({
      engine,
      table,
      others,
      name: 'people',
      config: datasetConfig.parse({ source: 'people.csv', checks: [{ [suite.kind]: suite.path }] }),
      locate: () => ({ file: 'assay.yml' }),
      now: 0,
      suites: new Map([[suite.path, parseSuite(text(suite.path), suite)]]),
      inferred: await columnFacts(engine, table),
    });
    return Object.fromEntries(
      result.checks.filter(({ passed }) => !passed).map((one) => [one.check, one.failing]),
    );
  } finally {
    await opened.engine.close();
  }
}

describe('pandera', () => {
  test('counts what pandera counts', async () => {
    const counted = JSON.parse(text('pandera.json'));
    expect(await failing({ path: 'pandera.yml', kind: 'pandera' }, ['', 'null'])).toEqual({
      'no column that is not declared': counted['None: column_in_schema'],
      'id: greater than or equal to 2': counted['id: greater_than_or_equal_to(2)'],
      'id: in range min_value 1, max_value 9, include_min true, include_max true':
        counted['id: in_range(1, 9)'],
      'age: unique': counted['age: field_uniqueness'],
      'age: greater than 17': counted['age: greater_than(17)'],
      'age: less than 90': counted['age: less_than(90)'],
      'score: is int64': 1,
      'name: no missing value': counted['name: not_nullable'],
      'name: str matches "[A-G]"': counted["name: str_matches('[A-G]')"],
      'name: isin ["Ann","Bob"]': counted["name: isin(['Ann', 'Bob'])"],
      // A warning, which the failures of pandera leave out.
      'email: str contains "@"': 1,
      'country: notin ["JP"]': counted["country: notin(['JP'])"],
      'code: no missing value': counted['code: not_nullable'],
      'code: str startswith "A"': counted["code: str_startswith('A')"],
      'code: str endswith "1"': counted["code: str_endswith('1')"],
      'low: can be int64': counted["low: coerce_dtype('int64')"],
      'absent: exists': counted['None: column_in_dataframe'],
      // pandera counts every cell of the two columns.
      'country, flag: unique': counted['None: multiple_fields_uniqueness'] / 2,
    });
  });

  test('the older form, with checks under a key of their own', () => {
    const old =
      'schema_type: dataframe\ncolumns:\n  id:\n    dtype: int64\n    checks: { ge: { value: 2, options: { raise_warning: true } } }\n';
    expect(parsePandera(old, 'a.yml').needsTypes).toBe(true);
  });

  test.each([
    ['a: [', 'is not YAML'],
    ['a: 1', 'is not a pandera schema'],
    ['columns: { a: {} }\nchecks: { my_check: 1 }', 'the check "my_check" of the whole frame is not known'],
  ])('%s is refused', (schema, message) => {
    expect(() => parsePandera(schema, 'a.yml')).toThrow(message);
    expect(() => parsePandera(schema, 'a.yml')).toThrow(UserError);
  });
});

describe('Table Schema', () => {
  test('counts what Frictionless counts', async () => {
    const counted = JSON.parse(text('table-schema-results.json'));
    const found = await failing({ path: 'table-schema.json', kind: 'table_schema' }, ['']);
    expect(found).toEqual({
      'id: at least 2': counted['id: constraint-error minimum'],
      'id: at most 9': counted['id: constraint-error maximum'],
      'age: no missing value': counted['age: constraint-error required'],
      'age: at most 60': counted['age: constraint-error maximum'],
      'score: at least 0': counted['score: constraint-error minimum'],
      'name: unique': counted['name: unique-error'],
      'name: one of Ann, Bob, Cid, Eve': counted['name: constraint-error enum'],
      'email: string (email)': counted['email: type-error'],
      'day: date': counted['day: type-error'],
      'country: matches [UDF].': counted['country: constraint-error pattern'],
      'code: length at most 2': counted['code: constraint-error maxLength'],
      'high: year': counted['high: type-error'],
      'json: array': counted['json: type-error'],
      // Frictionless puts repeated and missing keys under one name.
      'country: primary key, no missing value': 1,
      'country: primary key, unique': counted['None: primary-key'] - 1,
    });
  });

  test.each([
    ['{', 'is not JSON'],
    ['{"fields":[]}', 'is not a Table Schema: fields'],
    ['{"fields":[{"name":"a","type":"integr"}]}', 'has a field of type "integr", which is not known'],
    ['{"fields":[{"name":"a"}],"foreignKeys":[{}]}', 'has foreign keys'],
    ['{"fields":[{"name":"a","constraints":{"minimun":1}}]}', 'minimun'],
  ])('%s is refused', (schema, message) => {
    expect(() => parseTableSchema(schema, 'a.json')).toThrow(message);
    expect(() => parseTableSchema(schema, 'a.json')).toThrow(UserError);
  });
});
