import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { VERBS } from '../src/commands/verbs.js';
import { runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import {
  git,
  makeRecord,
  makeRepository,
  openHistory,
  openScene,
  type Scene,
  write,
} from './history-scene.js';

let scene: Scene;
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.end());

function repository(name: string): string {
  const folder = makeRepository(join(scene.folder, name), 1);
  write(folder, 'assay.yml', 'models: { income: { train: { run: x }, metrics: { from: [m.json] } } }');
  return folder;
}

async function assay(folder: string, name: string, ...words: string[]) {
  const verb = await VERBS[name]?.load();
  if (!verb) throw new Error(`no verb ${name}`);
  return verb.run(parseInput(verb.spec, words), testWorld({ cwd: folder }));
}

function files(folder: string): readonly string[] {
  return git(folder, 'ls-tree', '-r', 'assay').split('\n');
}

const run = (number: number) =>
  runOf({ id: `2026010${number}T000000000Z-0000000${number}`, params: { note: 'Zeile\u2028\n"ü"' } });

describe('JSON Lines', () => {
  test('there and back: the same paths and bytes, and again changes nothing', async () => {
    const [here, there] = [repository('here'), repository('there')];
    await openHistory(here).append([run(1), run(2), makeRecord({ schema: 'assay/stage@1' })]);
    await openHistory(here).append([makeRecord({ schema: 'assay/validation@1', dataset: 'adult' })]);
    const exported = await assay(here, 'export', 'jsonl', 'all.jsonl');
    expect(exported.json).toEqual({ target: 'jsonl', records: 4, place: 'all.jsonl' });
    const lines = readFileSync(join(here, 'all.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).id)).toHaveLength(4);

    const words = ['import', 'jsonl', join(here, 'all.jsonl')] as const;
    expect((await assay(there, ...words, '--dry-run')).json).toMatchObject({ read: 4, added: 0 });
    expect(() => files(there)).toThrow();
    expect((await assay(there, ...words)).json).toMatchObject({
      added: 4,
      present: 0,
      kinds: { run: 2, stage: 1, validation: 1 },
    });
    expect(files(there)).toEqual(files(here));
    expect((await assay(there, ...words)).json).toMatchObject({ added: 0, present: 4 });
    expect(git(there, 'rev-list', '--count', 'assay')).toBe('1');
  });

  test('a bad line, two of one id, and an id that is there with other content: refused before anything is written', async () => {
    const folder = repository('here');
    await openHistory(folder).append([run(1)]);
    const before = files(folder);
    const attempt = (...lines: string[]) => {
      writeFileSync(join(folder, 'in.jsonl'), lines.join('\n'));
      return assay(folder, 'import', 'jsonl', 'in.jsonl');
    };
    const line = (number: number) => JSON.stringify(run(number));
    await expect(attempt(line(2), '', '{ "id": 3')).rejects.toMatchObject({
      message: 'this line is no record: it is not JSON',
      location: { file: 'in.jsonl', line: 3 },
    });
    await expect(attempt(line(2), '{"schema":"assay/run@1","id":"../../x"}')).rejects.toThrow(/is no record/);
    await expect(attempt(line(2), line(2))).rejects.toThrow(/holds two records of the id 20260102/);
    await expect(attempt(line(2), JSON.stringify({ ...run(1), actor: 'mallory' }))).rejects.toThrow(
      /already, with other content/,
    );
    expect(files(folder)).toEqual(before);
  });

  test('a source or target that is not there names the nearest', async () => {
    const folder = repository('here');
    await expect(assay(folder, 'import', 'jsnl', 'x')).rejects.toMatchObject({ mend: 'did you mean jsonl?' });
    await expect(assay(folder, 'export', 'jsnl', 'x')).rejects.toMatchObject({ mend: 'did you mean jsonl?' });
    await expect(assay(folder, 'import', 'jsonl', 'gone.jsonl')).rejects.toThrow(/there is no .*gone.jsonl/);
    await expect(assay(folder, 'export', 'jsonl')).rejects.toThrow(/needs PATH/);
  });
});
