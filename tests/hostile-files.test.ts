import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.js';
import { localWorkspace } from '../src/platform/files/workspace.js';
import { readMetricsFile } from '../src/runs/readers/readers.js';
import { openScene, write } from './history-scene.js';

/** Files that nobody means well with: each ends in one clear line, or is read for what is a number in it. */

const scene = openScene();
afterAll(() => scene.end());
const folder = join(scene.folder, 'project');
write(folder, 'assay.yml', '');
const workspace = localWorkspace({ folder });

async function read(name: string) {
  const file = await workspace.file(name);
  if (!file) throw new Error(`no ${name}`);
  return readMetricsFile(file);
}

const laughs = [
  'a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]',
  ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
].join('\n');
const keys = (count: number) => Array.from({ length: count }, (_, i) => `"k${i}": ${i}`).join(',');
const binary = (name: string, bytes: readonly number[], size = bytes.length) => {
  writeFileSync(join(folder, name), Buffer.from(bytes));
  if (size > bytes.length) truncateSync(join(folder, name), size);
};

const REFUSED: readonly (readonly [string, string, () => void, RegExp])[] = [
  [
    'cut off JSON',
    'cut.json',
    () => write(folder, 'cut.json', '{"acc": 0.9, "loss": 0.'),
    /cut off|expected/,
  ],
  ['cut off JSON Lines', 'cut.jsonl', () => write(folder, 'cut.jsonl', '{"a": 1}\n{"a": '), /cut off/],
  [
    'a cut off event file',
    'events.out.tfevents.1',
    () => binary('events.out.tfevents.1', [24, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
    /./,
  ],
  [
    '2 GB of nothing in a sparse .json',
    'sparse.json',
    () => binary('sparse.json', [0x7b], 2 ** 31),
    /2\.15 GB; metrics files are read up to 50 MB/,
  ],
  [
    '2 GB of nothing in a sparse .yaml',
    'sparse.yaml',
    () => binary('sparse.yaml', [0x61, 0x3a], 2 ** 31),
    /metrics files are read up to/,
  ],
  [
    'lists nested 100,000 deep',
    'deep.json',
    () => write(folder, 'deep.json', `{"a": ${'['.repeat(1e5)}`),
    /nested deeper than 200/,
  ],
  [
    'maps nested 100,000 deep',
    'deep.yaml',
    () => write(folder, 'deep.yaml', `a: ${'{a: '.repeat(1e5)}`),
    /not valid YAML/,
  ],
  [
    'a million keys',
    'keys.json',
    () => write(folder, 'keys.json', `{${keys(1e6)}}`),
    /more than 100,000 names/,
  ],
  [
    '20,000 metrics',
    'many.json',
    () => write(folder, 'many.json', `{${keys(20_000)}}`),
    /more than 10,000 numbers/,
  ],
  [
    'a pickle called .json',
    'pickle.json',
    () => binary('pickle.json', [0x80, 4, 0x95, 10, 0, 0, 0, 0, 0, 0, 0, 0x7d, 0x94, 0x2e]),
    /is a Python pickle/,
  ],
  [
    'an old pickle called .json',
    'old.json',
    () => write(folder, 'old.json', "cos\nsystem\n(S'echo hacked'\ntR."),
    /./,
  ],
  [
    'a YAML that asks for code',
    'code.yaml',
    () => write(folder, 'code.yaml', 'a: !!python/object/apply:os.system ["echo hacked"]\n'),
    /not valid YAML|NumPy|python/,
  ],
  ['billions of laughs', 'laughs.yaml', () => write(folder, 'laughs.yaml', laughs), /not valid YAML/],
  [
    'only dates',
    'dates.json',
    () => write(folder, 'dates.json', '{"when": "2026-11-25", "at": "2026-11-25T10:00:00Z"}'),
    /no number in it/,
  ],
  [
    'entities in XML',
    'bomb.xml',
    () =>
      write(
        folder,
        'bomb.xml',
        '<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite name="&b;"/>',
      ),
    /./,
  ],
];

describe('refused in one line', () => {
  test.each(REFUSED)('%s', async (_, name, make, message) => {
    make();
    const before = process.memoryUsage().rss;
    const error = await read(name).then(
      (reading) => reading,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    const { message: said } = error as UserError;
    expect(said).toMatch(message);
    expect(said).not.toContain('\n');
    expect(said.length).toBeLessThan(400);
    // A file of 15 MB at most: nothing may unfold to many times that.
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  });

  test.each([
    ['a link to a file outside', 'link.json', '../outside.json'],
    ['a link to a folder outside', 'up', '..'],
    ['a link to a device', 'zero.json', '/dev/zero'],
  ])('%s', async (_, name, target) => {
    write(scene.folder, 'outside.json', '{"secret": 1}');
    symlinkSync(target, join(folder, name));
    const path = name === 'up' ? 'up/outside.json' : name;
    await expect(workspace.file(path)).rejects.toThrow(/symbolic link that leads outside/);
  });

  test('a link that leads nowhere but to itself', async () => {
    symlinkSync('loop.json', join(folder, 'loop.json'));
    await expect(workspace.file('loop.json')).rejects.toThrow(UserError);
  });
});

describe('read for what is a number in it', () => {
  test.each([
    ['NaN as a key', 'nan-key.json', '{"NaN": 1, "null": 2}', ['NaN', 'null']],
    [
      'names with markup',
      'markup.json',
      '{"<img src=x onerror=alert(1)>": 1, "a|b`c`": 2}',
      ['<img src=x onerror=alert(1)>', 'a|b`c`'],
    ],
    [
      'names of prototypes',
      'proto.json',
      '{"__proto__": 1, "constructor": 2, "acc": 3}',
      ['__proto__', 'constructor', 'acc'],
    ],
    [
      'dates beside a number',
      'mixed.yaml',
      'when: 2026-11-25\nat: 2026-11-25T10:00:00Z\nacc: 0.5\n',
      ['acc'],
    ],
    [
      'numbers of every size',
      'sizes.json',
      '{"big": 1e308, "small": 5e-324, "huge": 1e999}',
      ['big', 'small', 'huge'],
    ],
  ])('%s', async (_, name, text, names) => {
    write(folder, name, text);
    const { metrics } = await read(name);
    expect(metrics.map((metric) => metric.name)).toEqual(names);
    for (const { value, reason } of metrics) {
      if (value === null) expect(reason).toMatch(/Infinity/);
      else expect(Number.isFinite(value)).toBe(true);
    }
  });
});
