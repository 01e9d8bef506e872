import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import type { Verb } from '../src/commands/command-line/verb.js';
import { drift } from '../src/commands/drift.js';
import { profile } from '../src/commands/profile.js';
import { show } from '../src/commands/show.js';
import { type DriftRecord, driftRecord } from '../src/data/drift/record.js';
import { UserError } from '../src/errors.js';
import { randomOf } from '../src/statistics/random.js';
import { testWorld } from './fakes/world.js';

let folder: string;
let world: ReturnType<typeof testWorld>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
  world = testWorld({ cwd: folder });
  mkdirSync(join(folder, 'data'));
  write('assay.yml', CONFIG);
  write('data/reference.csv', people({ seed: 1 }));
  write('data/same.csv', people({ seed: 2 }));
  write('data/older.csv', people({ seed: 3, older: 8 }));
});
afterEach(() => rmSync(folder, { recursive: true }));

const CONFIG = `
data:
  people:
    source: data/same.csv
    reference: data/reference.csv
  older:
    source: data/older.csv
    reference: people
`;

function write(path: string, text: string): void {
  writeFileSync(join(folder, path), text);
}

/** 400 rows: a counter, an age, a town, a height that some lack, a day, a text. */
function people(options: { seed: number; older?: number; rows?: number; town?: string }): string {
  const { seed, older = 0, rows = 400, town } = options;
  const random = randomOf(seed);
  const lines = Array.from({ length: rows }, (_, i) => {
    const age = 18 + random.below(60) + older;
    const place = town && i % 10 === 0 ? town : ['Oslo', 'Rome', 'Bern', 'planted'][random.below(4)];
    const height = random.uniform() < 0.05 ? '' : (170 + 10 * random.normal()).toFixed(1);
    return `${1000 * seed + i},${age},${place},${height},2026-0${seed}-${String(1 + (i % 28)).padStart(2, '0')},mail${random.below(1e9)}@example.org`;
  });
  return `id,age,town,height,day,mail\n${lines.join('\n')}\n`;
}

async function run(...words: string[]) {
  return runVerb(drift, ...words);
}

async function runVerb(verb: Verb, ...words: string[]) {
  const outcome = await verb.run(parseInput(verb.spec, words), world);
  return { ...outcome, lines: world.lines };
}

function recordOf(json: unknown): DriftRecord {
  return driftRecord.parse(json);
}

function verdicts(json: unknown): Record<string, string> {
  return Object.fromEntries(recordOf(json).columns.map(({ name, verdict }) => [name, verdict]));
}

const column = (json: unknown, name: string) => recordOf(json).columns.find((one) => one.name === name);

describe('the verb', () => {
  test('says no drift where there is none, and why each column was judged so', async () => {
    const { exit, json, outputs, text } = await run('data/reference.csv', 'data/same.csv');
    expect(exit).toBe(0);
    expect(outputs).toEqual({ drifted: 'false', columns: '' });
    expect(verdicts(json)).toEqual({
      id: 'not tested',
      age: 'no drift',
      town: 'no drift',
      height: 'no drift',
      day: 'no drift',
      mail: 'no drift',
    });
    expect(text).toMatch(
      /^no drift: 0 of 5 columns drifted; .*same\.csv \(400 rows\) against .*reference\.csv/,
    );
    expect(column(json, 'id')?.reason).toContain('identifier');
    expect(column(json, 'day')?.notes).toEqual([
      'another window of time: compared by its rhythm, not by its dates',
    ]);
  });

  test('says drift, with the number that decided, records it, and shows no value of a text', async () => {
    const { exit, json, outputs, text, summary } = await run('older');
    expect(exit).toBe(1);
    expect(outputs).toEqual({ drifted: 'true', columns: 'age' });
    const record = recordOf(json);
    expect(record).toMatchObject({ dataset: 'older', verdict: 'drift', drifted: ['age'] });
    expect(column(json, 'age')?.reason).toMatch(
      /^moved by 0\.\d+ standard deviations ≥ 0\.1 \(Kolmogorov–Smirnov p [<=] /,
    );
    const shown = await runVerb(show, record.id);
    expect(shown.text).toContain('moved by 0.');
    const stored = readdirSync(join(folder, '.assay'), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
      .join('\n');
    expect(stored).toContain('assay/drift@1');
    expect(stored + text + summary + shown.text).not.toMatch(/Oslo|Rome|planted|example\.org/);
  });

  test('names values when the dataset says show_values', async () => {
    write('assay.yml', `${CONFIG}    show_values: true\n`);
    const { json } = await run('older');
    const picture = column(json, 'town')?.picture;
    expect(picture && 'labels' in picture ? [...picture.labels].sort() : []).toEqual([
      'Bern',
      'Oslo',
      'Rome',
      'planted',
    ]);
  });

  test('is the same in every run', async () => {
    const [one, two] = [await run('people'), await run('people')];
    const facts = ({ json }: { json: unknown }) => {
      const { id, time, seconds, ...rest } = recordOf(json);
      return rest;
    };
    expect(facts(one)).toEqual(facts(two));
  });

  test('two paths need no assay.yml, and are not recorded', async () => {
    rmSync(join(folder, 'assay.yml'));
    const { exit, lines } = await run('data/reference.csv', 'data/older.csv');
    expect(exit).toBe(1);
    expect(lines).toContain('info: not recorded: there is no assay.yml here');
    expect(readdirSync(folder)).toEqual(['data']);
  });

  test('cannot tell from 20 rows, whatever they are', async () => {
    write('data/few.csv', people({ seed: 4, rows: 20, older: 40 }));
    const { exit, json, outputs, text } = await run('data/reference.csv', 'data/few.csv');
    expect(exit).toBe(0);
    expect(outputs.drifted).toBe('unknown');
    expect(text).toMatch(/^cannot tell: 20 rows on one side, and 30 are needed;/);
    expect(column(json, 'age')).toMatchObject({ verdict: 'cannot tell', tests: [] });
  });
});

describe('what changed', () => {
  test('a new category, by the share of its rows', async () => {
    write('data/new.csv', people({ seed: 5, town: 'Bergen' }));
    const { json } = await run('data/reference.csv', 'data/new.csv');
    expect(column(json, 'town')).toMatchObject({ verdict: 'drift', new_values: 40 });
    expect(JSON.stringify(json)).not.toContain('Bergen');
  });

  test('columns that are gone, new, or of another type', async () => {
    const lines = people({ seed: 6 }).split('\n');
    const changed = lines.map((line, i) => {
      if (line === '') return line;
      const [id, age, town, height, day] = line.split(',');
      return i === 0
        ? 'id,age,town,height,day,extra'
        : `${id},${'x'.repeat(Number(age) % 7)}y,${town},${height},${day},1`;
    });
    write('data/changed.csv', changed.join('\n'));
    const { exit, json, text } = await run('data/reference.csv', 'data/changed.csv');
    expect(exit).toBe(1);
    expect(recordOf(json).schema_changes).toEqual({
      added: ['extra'],
      removed: ['mail'],
      retyped: [{ name: 'age', reference: 'integer', current: 'text' }],
    });
    expect(recordOf(json).drifted).toEqual(['mail', 'age']);
    expect(text).toContain('gone: "mail"');
  });

  test('decimals among whole numbers are no other type', async () => {
    write('data/decimals.csv', people({ seed: 2 }).replace(/^(\d+),(\d+),/gm, '$1,$2.5,'));
    const { json } = await run('data/reference.csv', 'data/decimals.csv');
    expect(recordOf(json).schema_changes.retyped).toEqual([]);
    expect(column(json, 'age')?.kind).toBe('numbers');
  });

  test('columns, tests and floors as assay.yml says', async () => {
    write(
      'assay.yml',
      `${CONFIG}    drift:\n      ignore: [mail]\n      classifier: false\n      columns: { age: { test: anderson-darling, min_effect: 2 }, id: { test: kolmogorov-smirnov } }\n`,
    );
    const { exit, json } = await run('older');
    expect(column(json, 'mail')).toMatchObject({ verdict: 'not tested', reason: 'left out by assay.yml' });
    expect(column(json, 'age')?.tests[0]?.test).toBe('anderson-darling');
    expect(column(json, 'age')?.reason).toMatch(/^certain but small: moved by .* < 2 /);
    expect(column(json, 'id')?.verdict).toBe('drift');
    expect(recordOf(json)).toMatchObject({ classifier: null, alpha: { columns: 0.05, classifier: 0 } });
    expect(exit).toBe(1);
  });
});

describe('from a profile', () => {
  test('of the history, by its digest or id, and from a file: the same verdicts, the loss stated', async () => {
    const { json: made, outputs } = await runVerb(profile, 'people');
    const { digest } = made as { digest: string };
    write('profile.json', JSON.stringify(made));
    for (const words of [`people@${digest.slice(0, 8)}`, `${outputs.profile}`, 'profile.json']) {
      const { exit, json, text } = await run(words, 'data/older.csv');
      expect(exit).toBe(1);
      expect(recordOf(json)).toMatchObject({
        reference: { from: 'profile', rows: 400 },
        drifted: ['age'],
        classifier: null,
      });
      expect(text).toContain('no classifier: it needs the rows of both sides');
      expect(column(json, 'height')?.notes[0]).toMatch(
        /^from a profile: its distribution is known at \d+ points/,
      );
      expect(column(json, 'id')?.verdict).toBe('not tested');
    }
    const same = await run(`people@${digest.slice(0, 8)}`, 'people');
    expect(same.exit).toBe(0);
    expect(recordOf(same.json).columns.every(({ verdict }) => verdict !== 'drift')).toBe(true);
  });
});

describe('what cannot be', () => {
  test.each([
    [
      'a name that is nothing',
      ['peple', 'older'],
      '"peple" is neither a file nor a dataset',
      'did you mean people?',
    ],
    [
      'an unknown digest',
      ['people@0000', 'older'],
      'there is no profile of people with the digest 0000',
      /make one/,
    ],
    [
      'a version that is not',
      ['version:m@prod', 'older'],
      'there is no version "m@prod"',
      /version:MODEL@STAGE/,
    ],
    ['no words and two references', [], 'drift needs to know what to compare', /REFERENCE CURRENT/],
    ['one path', ['data/same.csv'], 'there is no dataset "data/same.csv"', /name both/],
    ['three words', ['a', 'b', 'c'], 'drift takes 2 arguments', undefined],
  ])('%s', async (_, words, message, mend) => {
    const error = await run(...words).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(message);
    if (mend) expect((error as UserError).mend).toMatch(mend);
  });
});
