import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import type { Verb } from '../src/commands/command-line/verb.js';
import { profile } from '../src/commands/profile.js';
import { show } from '../src/commands/show.js';
import { type ProfileRecord, profileRecord } from '../src/data/profile/record.js';
import { UserError } from '../src/errors.js';
import { testWorld } from './fakes/world.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'assay.yml'), 'data: { people: { source: data/people.csv } }\n');
  writeFileSync(join(folder, 'data/people.csv'), 'age,city\n20,Oslo\n30,Oslo\n40,planted\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(verb: Verb, ...words: string[]) {
  return verb.run(parseInput(verb.spec, words), testWorld({ cwd: folder }));
}

test('the profile is told, recorded without values, and shown again', async () => {
  const { exit, json, text, outputs } = await run(profile, 'people');
  expect(exit).toBe(0);
  const record: ProfileRecord = profileRecord.parse(json);
  expect(outputs).toEqual({ profile: record.id });
  expect(text.split('\n')).toEqual([
    'people: 3 rows, 2 columns',
    '',
    'column  type     missing  distinct  distribution',
    'age     integer        0         3  █▁▁▁▁█▁▁▁▁█   20 … 30 … 40, mean 30 ± 10',
    'city    string         0         2                length 4 … 7',
  ]);
  const shown = await run(show, record.id);
  expect(shown.text).toContain('mean 30 ± 10');
  const files = readdirSync(join(folder, '.assay'), { recursive: true, withFileTypes: true });
  const stored = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
    .join('\n');
  expect(stored).toContain('assay/profile@1');
  expect(stored + shown.text + text).not.toMatch(/planted|Oslo/);
});

test.each([
  ['an unknown dataset', ['peopel'], 'there is no dataset "peopel" in assay.yml', 'did you mean people?'],
  ['no dataset', [], 'profile needs DATASET', undefined],
])('%s is told', async (_, words, message, mend) => {
  const error = await Promise.resolve()
    .then(() => run(profile, ...words))
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ message: expect.stringContaining(message), ...(mend && { mend }) });
});

test('a source that is missing is told where it is named', async () => {
  rmSync(join(folder, 'data/people.csv'));
  const error = await run(profile, 'people').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({
    message: 'the file data/people.csv does not exist',
    location: { file: 'assay.yml', line: 1 },
  });
});
