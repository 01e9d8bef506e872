import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { validate } from '../src/commands/validate.js';
import type { ValidationRecord } from '../src/data/record.js';
import { UserError } from '../src/errors.js';
import { testWorld } from './fakes/world.js';

/** Checks of a dataset as a whole, through the verb: the config, the engine and the record. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const ORDERS = `id,country,day,amount,customer
1,US,2025-12-30,10,a
2,US,2025-12-31,20,b
3,DE,2025-12-31,30,a
4,DE,2026-01-01,-1,z
5,FR,2026-01-01,,
`;

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function record(checks: string, more = ''): Promise<ValidationRecord> {
  rmSync(join(folder, '.assay'), { recursive: true, force: true });
  write('orders.csv', ORDERS);
  write('customers.csv', 'id,name\na,Ann\nb,Bob\n');
  write(
    'assay.yml',
    `data:\n  customers: { source: customers.csv }\n  orders:\n    source: orders.csv\n${more}    checks:\n${checks}`,
  );
  const outcome = await validate.run(parseInput(validate.spec, ['orders']), testWorld({ cwd: folder }));
  const [found] = outcome.json as readonly ValidationRecord[];
  if (!found) throw new Error('no record');
  return found;
}

/** `check: passed|failed failing/total @ lines (detail)`, without the checks that are always there. */
async function results(checks: string, more = ''): Promise<readonly string[]> {
  const found = await record(checks, more);
  return found.checks
    .filter(({ check }) => !/^(every line can be read|rows: at least 1)$/.test(check))
    .map(({ check, passed, failing, total, rows, detail }) => {
      const where = rows.length > 0 ? ` @ ${rows}` : '';
      return `${check}: ${passed ? 'passed' : 'failed'} ${failing}/${total}${where}${detail ? ` (${detail})` : ''}`;
    });
}

async function refusal(checks: string, more = ''): Promise<UserError> {
  const error = await record(checks, more).catch((thrown: unknown) => thrown);
  if (error instanceof UserError) return error;
  throw error instanceof Error ? error : new Error('expected a UserError');
}

describe('sql', () => {
  test('every row it returns is a violation; rowid names the lines', async () => {
    expect(await results('      - sql: select rowid, * from data where amount < 0;')).toEqual([
      'no row of: select rowid, * from data where amount < 0;: failed 1/5 @ 5',
    ]);
    expect(
      await results('      - sql: select country from data group by 1 having sum(amount) > 1000'),
    ).toEqual(['no row of: select country from data group by 1 having sum(amount) > 1000: passed 0/5']);
  });

  test('columns have the types their values have, or that are declared', async () => {
    const columns = '    columns: { id: { type: string } }\n';
    const sql =
      "      - sql: select 1 where (select typeof(id) || typeof(day) || typeof(amount) from data limit 1) <> 'VARCHARDATEBIGINT'";
    expect((await record(sql, columns)).valid).toBe(true);
  });

  test.each([
    ['select 1; select 2', 'the query is 2 statements'],
    ['drop table data', 'the query is not a SELECT'],
    ["select * from read_text('assay.yml')", 'file system operations are disabled'],
    ["copy (select 1) to 'x.csv'", 'file system operations are disabled'],
    ['select nothing from data', 'Referenced column "nothing" not found'],
  ])('%s is refused with its place', async (sql, message) => {
    const error = await refusal(`      - sql: "${sql}"`);
    expect(error.message).toContain(message);
    expect(error.location).toMatchObject({ file: 'assay.yml', line: 6 });
  });

  test('a message of the engine does not carry values', async () => {
    const error = await refusal('      - sql: select cast(country as integer) from data');
    expect(error.message).toContain('Conversion Error');
    expect(error.message).not.toMatch(/US|DE|FR/);
  });
});

test('foreign keys name the rows whose key is nowhere; a missing key is not looked for', async () => {
  const check = '      - foreign_key: { columns: [customer], references: customers(id) }';
  expect(await results(check)).toEqual(['customer: exists in customers(id): failed 1/4 @ 5']);
  const error = await refusal('      - foreign_key: { columns: [customer], references: customer(id) }');
  expect(error).toMatchObject({ message: 'there is no dataset "customer"', mend: 'did you mean customers?' });
  const wrong = await refusal('      - foreign_key: { columns: [customer], references: customers(idd) }');
  expect(wrong.message).toBe('there is no column "idd" in the dataset customers');
});

test('freshness looks at the newest value', async () => {
  // The clock of the test stands at 2026-01-01.
  const fresh = await results('      - freshness: { column: day, max_age: 1d }');
  expect(fresh[0]).toMatch(/^day: newest value at most 24 h old: passed 0\/1/);
  const stale = await results(
    "      - freshness: { column: day, max_age: 1h }\n        when: country = 'US'",
  );
  expect(stale[0]).toMatch(
    /^day: newest value at most 1 h old when country = 'US': failed 1\/1 \(the newest value is 24 h old\)/,
  );
});

test('bounds on a distribution', async () => {
  const check = `      - distribution:
          column: amount
          mean: { min: 14, max: 15 }
          stdev: { max: 13 }
          sum: { min: 59, max: 59 }
          quantiles: { 0.5: { max: 14 } }
          distinct: { min: 5 }
          distinct_share: { min: 1 }`;
  expect((await results(check)).map((line) => line.replace(/ \(.*/, ''))).toEqual([
    'amount: mean between 14 and 15: passed 0/1',
    'amount: standard deviation at most 13: failed 1/1',
    'amount: sum between 59 and 59: passed 0/1',
    'amount: median at most 14: failed 1/1',
    'amount: distinct values at least 5: failed 1/1',
    'amount: share of distinct values at least 1: passed 0/1',
  ]);
});

describe('part of the rows and groups', () => {
  test('when', async () => {
    const check =
      "      - columns: { amount: { min: 0, required: true } }\n        when: country in ('DE', 'FR')";
    expect(await results(check)).toEqual([
      "amount: no missing value when country in ('DE', 'FR'): failed 1/3 @ 6",
      "amount: number when country in ('DE', 'FR'): passed 0/2",
      "amount: at least 0 when country in ('DE', 'FR'): failed 1/2 @ 5",
    ]);
    expect(await results('      - rows: { min: 2 }\n        when: amount > 15')).toEqual([
      'rows: at least 2 when amount > 15: passed 0/1 (there are 2 rows)',
    ]);
  });

  test('by: it must hold in every group', async () => {
    expect(await results('      - rows: { min: 2 }\n        by: country')).toEqual([
      'rows: at least 2 by country: failed 1/3 (fails in 1 of 3 groups)',
    ]);
    expect(await results('      - unique: [day]\n        by: country')).toEqual([
      'day: unique by country: passed 0/5 (in each of 3 groups)',
    ]);
    expect(await results('      - unique: [day]')).toEqual(['day: unique: failed 2/5 @ 4,6']);
    const share = '      - columns: { amount: { min: 0 } }\n        by: [country]\n        max_failing: 30%';
    expect((await results(share)).at(-1)).toBe(
      'amount: at least 0 by country: failed 1/4 @ 5 (fails in 1 of 3 groups)',
    );
    const spread = '      - distribution: { column: amount, stdev: { max: 10 } }\n        by: country';
    expect(await results(spread)).toEqual([
      'amount: standard deviation at most 10 by country: failed 2/3 (fails in 2 of 3 groups)',
    ]);
  });

  test.each([
    ["when: country = 'US' or", 'has its end where'],
    ['when: countri = 1', 'there is no column "countri" in the data'],
    ['when: country ; drop', 'cannot read the condition'],
    ['by: nothing', 'there is no column "nothing" in the data'],
  ])('%s is refused', async (key, message) => {
    expect((await refusal(`      - rows: { min: 1 }\n        ${key}`)).message).toContain(message);
  });
});

test('severity, tolerance and name', async () => {
  const found = await record(
    '      - { columns: { amount: { min: 0 } }, max_failing: 25%, name: amounts }\n      - { sql: select * from data, severity: warn }',
  );
  expect(found.valid).toBe(true);
  expect(found.checks.map(({ check, passed, severity }) => `${check} ${passed} ${severity}`)).toContain(
    'amounts true error',
  );
});

test('a suite of Great Expectations, as its file is', async () => {
  cpSync(join(import.meta.dirname, 'fixtures/great-expectations/suite.json'), join(folder, 'suite.json'));
  write('people.csv', 'id,age,email\n1,20,a@x.org\n1,130,planted\n3,,c@x.org\n');
  write('assay.yml', 'data: { people: { source: people.csv, checks: [{ expectations: suite.json }] } }');
  const { exit, json } = await validate.run(parseInput(validate.spec, []), testWorld({ cwd: folder }));
  const [found] = json as readonly ValidationRecord[];
  expect(exit).toBe(1);
  expect(
    found?.checks
      .filter(({ passed }) => !passed)
      .map(({ check, failing, total, rows }) => [check, failing, total, rows]),
  ).toEqual([
    ['table row count to be between (min_value 50, max_value 100)', 1, 1, []],
    ['age: values to not be null', 1, 3, [4]],
    ['id: values to be unique', 2, 3, [2, 3]],
    ['age: values to be between (min_value 0, max_value 120)', 1, 2, [3]],
    ['email: values to match regex (mostly 0.99, regex ^[^@]+@[^@]+$)', 1, 3, [3]],
    ['age: mean to be between (min_value 10, max_value 60)', 1, 1, []],
  ]);
  expect(JSON.stringify(found)).not.toContain('planted');
});

test('a suite that is not there is told with its place', async () => {
  const error = await refusal('      - expectations: nothing.json');
  expect(error.message).toBe('the file nothing.json cannot be read: ENOENT');
  expect(error.location).toMatchObject({ file: 'assay.yml', line: 6 });
});
