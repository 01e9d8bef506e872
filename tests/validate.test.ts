import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { validate } from '../src/commands/validate.js';
import { type ValidationRecord, validationRecord } from '../src/data/record.js';
import { UserError } from '../src/errors.js';
import { testWorld } from './fakes/world.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const CONFIG = `
data:
  people:
    source: data/people.csv
    columns:
      age: { type: integer, required: true, min: 17 }
      email: { type: string, pattern: '^[^@]+@example.com$', unique: true }
  fine:
    source: data/fine.csv
    columns: { a: { type: integer } }
`;
const PEOPLE = 'age,email\n20,ann@example.com\n12,planted@elsewhere.org\n,ann@example.com\n7\n';

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function scene(files: Record<string, string> = {}): void {
  const all = { 'assay.yml': CONFIG, 'data/people.csv': PEOPLE, 'data/fine.csv': 'a,b\n1,2\n', ...files };
  for (const [path, text] of Object.entries(all)) write(path, text);
}

async function run(...words: string[]) {
  const outcome = await validate.run(parseInput(validate.spec, words), testWorld({ cwd: folder }));
  return { ...outcome, records: outcome.json as readonly ValidationRecord[] };
}

async function refused(...words: string[]): Promise<UserError> {
  const error = await run(...words).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

/** Every file below `.assay/`, as one text. */
function stored(): string {
  const entries = readdirSync(join(folder, '.assay'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

describe('the verb', () => {
  test('says which checks failed, of how many, on which lines, and records it', async () => {
    scene();
    const { exit, records, text, outputs } = await run();
    expect(exit).toBe(1);
    expect(outputs).toEqual({
      valid: 'false',
      failed: 'people',
      report: '.assay/reports/validation-people.md\n.assay/reports/validation-fine.md',
    });
    expect(text.replace(/\d+(\.\d+)? s\)/g, 'T)').split('\n')).toEqual([
      'people: not valid (5 of 8 checks failed; 3 rows, 2 columns, 1 line rejected; T)',
      '',
      '  check                               result       failing  first',
      '  every line can be read              failed  1 of 4 (25%)  line 5',
      '  age: no missing value               failed  1 of 3 (33%)  line 4',
      '  age: at least 17                    failed  1 of 2 (50%)  line 3',
      '  email: matches ^[^@]+@example.com$  failed  1 of 3 (33%)  line 3',
      '  email: unique                       failed  1 of 3 (33%)  line 4',
      '',
      '  every line can be read: line 5: it has 1 field, not 2',
      '',
      'fine: valid (3 checks passed; 1 row, 2 columns; T)',
    ]);
    for (const record of records) expect(validationRecord.parse(record)).toEqual(record);
    expect(records.map(({ dataset, rows, rejected, valid }) => ({ dataset, rows, rejected, valid }))).toEqual(
      [
        { dataset: 'people', rows: 3, rejected: 1, valid: false },
        { dataset: 'fine', rows: 1, rejected: 0, valid: true },
      ],
    );
    expect(stored()).toContain(records[0]?.id);
    expect(stored()).toContain(records[1]?.id);
  });

  test('one dataset by name', async () => {
    scene();
    const { exit, records, outputs } = await run('fine');
    expect([exit, records.map(({ dataset }) => dataset)]).toEqual([0, ['fine']]);
    expect(outputs).toEqual({ valid: 'true', failed: '', report: '.assay/reports/validation-fine.md' });
  });

  test('no value of the data reaches the terminal, the report or the history, unless asked for', async () => {
    scene();
    const { text, records, summary } = await run('people');
    for (const sink of [text, JSON.stringify(records), summary, stored()]) {
      expect(sink).not.toMatch(/planted|ann@|elsewhere/);
    }
    rmSync(join(folder, '.assay'), { recursive: true });
    scene({
      'assay.yml': CONFIG.replace(
        '    source: data/people.csv',
        '    source: data/people.csv\n    show_values: true',
      ),
    });
    const shown = await run('people');
    expect(shown.text).toContain('values: "planted@elsewhere.org"');
    expect(JSON.stringify(shown.records)).toContain('planted@elsewhere.org');
  });

  test('text of the data cannot speak to the terminal or to markdown', async () => {
    const name = 'x|`<b>\u001b[31m\n::error::';
    scene({
      'data/fine.csv': `"${name}"\n1\n`,
      'assay.yml': 'data: { fine: { source: data/fine.csv, columns: { a: {} }, extra_columns: fail } }',
    });
    const { text, summary } = await run();
    expect(text).not.toContain('\u001b');
    expect(text.split('\n').some((line) => line.startsWith('::'))).toBe(false);
    expect(summary).not.toContain('<b>');
    const widths = (summary ?? '')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.split('|').length);
    expect(new Set(widths).size).toBe(1);
  });
});

describe('wrong input', () => {
  test('an unknown dataset names the nearest', async () => {
    scene();
    expect(await refused('peple')).toMatchObject({
      message: 'there is no dataset "peple" in assay.yml',
      mend: 'did you mean people?',
    });
  });

  test('a file that is missing is named with its place in assay.yml', async () => {
    scene({ 'assay.yml': CONFIG.replace('people.csv', 'peple.csv') });
    const error = await refused('people');
    expect(error.message).toBe('the file data/peple.csv does not exist');
    expect(error.location).toMatchObject({ file: 'assay.yml', line: 4 });
  });

  test('a pattern that is none is named with its place in assay.yml', async () => {
    scene({ 'assay.yml': CONFIG.replace('^[^@]+@example.com$', '(') });
    const error = await refused('people');
    expect(error.location).toMatchObject({ file: 'assay.yml', line: 7 });
  });

  test('a file that cannot be read as a whole leaves no record', async () => {
    scene({ 'data/people.csv': '' });
    const error = await refused();
    expect(error.message).toContain('is empty');
    expect(error.location).toEqual({ file: 'data/people.csv', line: 1 });
    expect(() => stored()).toThrow(/ENOENT/);
  });

  test('a config without datasets says how to add one', async () => {
    scene({ 'assay.yml': 'models: { m: { train: { run: "true" }, metrics: { from: [m.json] } } }' });
    expect((await refused()).message).toBe('assay.yml has no datasets');
  });
});

test('as a process: exit codes, and JSON alone on stdout', () => {
  scene();
  const assay = (...words: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, '..', 'build', 'main.js'), 'validate', ...words], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder },
    });
  const failed = assay('people', '--json');
  expect(failed.status).toBe(1);
  expect(JSON.parse(failed.stdout)).toMatchObject([{ schema: 'assay/validation@1', valid: false }]);
  expect(assay('fine').status).toBe(0);
  const unknown = assay('fin');
  expect([unknown.status, unknown.stdout]).toEqual([2, '']);
  expect(unknown.stderr).toContain('did you mean fine?');
});
