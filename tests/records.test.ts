import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { knowRecord, summarize } from '../src/commands/records/known-record.js';
import { VERBS } from '../src/commands/verbs.js';
import { type AnyRecord, RECORD_KINDS, recordPath } from '../src/history/record.js';
import { newestVersion, schemaOf, type Upgrade } from '../src/history/upgrade.js';
import { openGitStore } from '../src/platform/git/history.js';
import { openDirectoryStore } from '../src/platform/local/history.js';
import { testWorld } from './fakes/world.js';
import {
  clock,
  ENV,
  editHistory,
  git,
  makeRecord,
  makeRepository,
  openHistory,
  openScene,
  type Scene,
  seeded,
  write,
} from './history-scene.js';

/**
 * Records of every version of every kind, as verbs wrote them. They are never edited: a record that was written once must
 * be read for ever, and whoever changes a schema adds an upgrade and one file more.
 */
const FIXTURES = join(import.meta.dirname, 'fixtures/records');
const written = readdirSync(FIXTURES).map((name) => {
  const text = readFileSync(join(FIXTURES, name), 'utf8');
  return { name: name.replace(/\.json$/, ''), text, record: JSON.parse(text) as AnyRecord };
});

let scene: Scene;
let folder: string;
beforeEach(() => {
  scene = openScene();
  folder = makeRepository(join(scene.folder, 'code'), 1);
  write(folder, 'assay.yml', 'models: { income: { train: { run: x }, metrics: { from: [m.json] } } }');
});
afterEach(() => scene.end());

async function assay(words: string, cwd = folder) {
  const [name = '', ...rest] = words.split(' ');
  const world = testWorld({ cwd });
  // After every month of these tests, so that all of them are closed.
  const now = () => new Date('2027-06-01T00:00:00Z');
  const verb = await VERBS[name]?.load();
  if (!verb) throw new Error(`no verb ${name}`);
  const outcome = await verb.run(parseInput(verb.spec, rest), {
    ...world,
    clock: { ...world.clock, now },
  });
  return { ...outcome, lines: world.lines };
}

const stored = (path: string) => `${git(folder, 'cat-file', 'blob', `assay:${path}`)}\n`;

describe('records that were written once', () => {
  test('there is one of every version of every kind', () => {
    const expected = RECORD_KINDS.flatMap((kind) =>
      Array.from({ length: newestVersion(kind) }, (_, index) => `${kind}@${index + 1}`),
    );
    expect(written.map(({ name }) => name).sort()).toEqual([...expected].sort());
  });

  test.each(written)('$name is read whole, is told in words, and keeps its bytes', async ({ name, text }) => {
    const record = JSON.parse(text) as AnyRecord;
    const known = knowRecord(record);
    expect(known.kind).toBe(name.split('@')[0]);
    const { kind, version } = schemaOf(record);
    // Nothing that was written is dropped by the schema that reads it.
    if (version === newestVersion(kind)) expect(known.record).toEqual(record);
    expect(summarize(known)).not.toBe('');
    const path = recordPath(record);
    await openHistory(folder).append([makeRecord()]);
    editHistory(folder, (checkout) => write(checkout, path, text));
    expect(await openHistory(folder).list({ kind })).toContainEqual(known.record);
    expect((await assay(`show ${record.id}`)).text).toContain(record.id);
    expect(stored(path)).toBe(text);
  });
});

describe('a newer record', () => {
  const [run] = written.filter(({ name }) => name === 'run@1');
  const newer = {
    ...run?.record,
    schema: 'assay/run@9',
    id: '20260301T000000000Z-00000009',
    time: '2026-03-01T00:00:00.000Z',
    shape: { of: ['things', 'to', 'come'] },
  } as AnyRecord;
  const unknown = {
    ...makeRecord({ id: '20260302T000000000Z-00000008', time: '2026-03-02T00:00:00.000Z' }),
    schema: 'assay/prophecy@1',
  };
  // As a newer Assay may write it, and this one would not.
  const texts = new Map([newer, unknown].map((record) => [recordPath(record), JSON.stringify(record)]));

  beforeEach(async () => {
    await openHistory(folder).append([
      makeRecord({ id: '20260301T000000000Z-00000001', time: '2026-03-01T00:00:00.000Z' }),
    ]);
    editHistory(folder, (checkout) => {
      for (const [path, text] of texts) write(checkout, path, text);
    });
  });
  const untouched = () => {
    for (const [path, text] of texts) expect(stored(path).trimEnd()).toBe(text);
  };

  test('is shown as such', async () => {
    const listed = await assay('runs');
    expect(listed.text).toMatch(/20260301T000000000Z-00000009 .* not readable/);
    expect(listed.lines.join('\n')).toContain('assay/run@9 was written by a newer version of Assay');
    await openHistory(folder).append(Array.from({ length: 101 }, () => makeRecord()));
    const long = await assay('runs --limit 200');
    expect(long.text).toMatch(/20260301T000000000Z-00000009 .* not readable/);
    expect(long.lines.join('\n')).toContain('1 run of a newer version of Assay');
    expect((await assay('log income --limit 200')).text).toContain(
      'assay/run@9 was written by a newer version of Assay',
    );
    const shown = (await assay(`show ${newer.id}`)).text;
    expect(shown).toContain('was written by a newer version of Assay');
    expect(shown).toContain('"to"');
    expect((await assay(`show ${unknown.id}`)).text).toContain('which knows more kinds of records');
  });

  test('is never rewritten: by compact, by export and import, by prune', async () => {
    expect((await assay('history compact')).json).toMatchObject({ records: 1, newer: 2 });
    untouched();
    await assay('prune --apply');
    untouched();
    await assay('export jsonl all.jsonl');
    const there = makeRepository(join(scene.folder, 'there'), 1);
    write(there, 'assay.yml', 'models: { income: { train: { run: x }, metrics: { from: [m.json] } } }');
    await assay(`import jsonl ${join(folder, 'all.jsonl')}`, there);
    for (const [path, text] of texts) expect(git(there, 'cat-file', 'blob', `assay:${path}`)).toBe(text);
  });
});

describe('an older record', () => {
  const upgrades: readonly Upgrade[] = [
    { kind: 'run', from: 1, apply: ({ took, ...rest }) => ({ ...rest, seconds: took }) },
  ];
  const old = makeRecord({ took: 5 });

  test.each(['branch', 'folder'])('in a history on a %s is filtered and read as the newest', async (kind) => {
    const open = (given: readonly Upgrade[] | undefined) =>
      kind === 'branch'
        ? openGitStore({
            folder,
            env: ENV,
            branch: 'assay',
            push: false,
            randomness: seeded('upgrades'),
            clock,
            warn: () => {},
            ...(given && { upgrades: given }),
          })
        : openDirectoryStore({
            folder: join(scene.folder, 'history'),
            warn: () => {},
            ...(given && { upgrades: given }),
          });
    await open(undefined).history.append([old]);
    // An index that an Assay without the upgrade has made is no answer for one with it.
    expect((await open(undefined).history.select({ kind: 'run' })).rows[0]?.get('seconds')).toBeUndefined();
    const { history, archive } = open(upgrades);
    const where = { kind: 'comparison', field: 'seconds', operator: '=', value: '5' } as const;
    const [row] = (await history.select({ kind: 'run', where })).rows;
    expect(row?.get('schema')).toBe('assay/run@2');
    const { took, ...rest } = old;
    expect(await history.list({ kind: 'run', where })).toEqual([
      { ...rest, schema: 'assay/run@2', seconds: took },
    ]);
    expect(await history.find(old.id)).toMatchObject([{ seconds: 5 }]);
    for await (const { record } of archive.records()) expect(record).toEqual(old);
  });
});
