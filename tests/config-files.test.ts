import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LoadedConfig } from '../src/config/load.js';
import { readConfig } from '../src/platform/files/config.js';
import { printed } from './config-scene.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

const read = (): Promise<LoadedConfig> => readConfig(join(folder, 'assay.yml'), 'assay.yml');
const failure = async (): Promise<string> => {
  try {
    await read();
    return 'no error';
  } catch (error) {
    return printed(error).replaceAll(folder, 'FOLDER');
  }
};

describe('assay.yml itself', () => {
  test('the smallest useful file has every default', async () => {
    write({
      'assay.yml': 'models: { m: { train: { run: python train.py }, metrics: { from: [metrics.json] } } }',
    });
    const { models, history, artifacts, data, warnings } = await read();
    expect({ models: { ...models }, history, artifacts, data: { ...data }, warnings }).toEqual({
      history: { branch: 'assay', push: 'auto' },
      artifacts: undefined,
      data: {},
      warnings: [],
      models: {
        m: {
          folder,
          data: [],
          train: {
            run: 'python train.py',
            params: {},
            seeds: [0],
            executor: 'local',
            outputs: {},
            env: {},
          },
          metrics: { from: ['metrics.json'], rules: {} },
          baseline: 'merge-base',
          gate: [],
          deploy: {},
        },
      },
    });
  });

  test('that is not there', async () => {
    expect(await failure()).toMatchInlineSnapshot(`
      "there is no assay.yml
        write one: assay init"
    `);
  });

  test('that is a folder', async () => {
    mkdirSync(join(folder, 'assay.yml'));
    expect(await failure()).toMatchInlineSnapshot(`"assay.yml cannot be read: it is a folder"`);
  });

  test('that is not UTF-8', async () => {
    write({ 'assay.yml': Buffer.from('version: 1\nmodels: { caf\xe9: {} }\n', 'latin1') });
    expect(await failure()).toMatchInlineSnapshot(`
      "assay.yml:2:14: a byte here is not UTF-8
        save the file as UTF-8"
    `);
  });

  test('that is UTF-16', async () => {
    write({ 'assay.yml': Buffer.from('\ufeffversion: 1\n', 'utf16le') });
    expect(await failure()).toMatchInlineSnapshot(`
      "assay.yml:1:1: the file is in UTF-16
        save the file as UTF-8"
    `);
  });

  test('with a byte order mark and Windows line ends', async () => {
    write({ 'assay.yml': '\ufeffmodels:\r\n  m:\r\n    train: { run: a }\r\n' });
    expect((await read()).models.m?.train?.run).toBe('a');
    write({ 'assay.yml': '\ufeffmodels:\r\n  m:\r\n    trian: { run: a }\r\n' });
    expect(await failure()).toMatchInlineSnapshot(`
      "assay.yml:3:5: unknown key "trian"
        3 |     trian: { run: a }
          |     ^^^^^
        did you mean "train"?"
    `);
  });

  test('of 5 MB', async () => {
    write({ 'assay.yml': `data: {}\n# ${'x'.repeat(5_000_000)}` });
    expect(await failure()).toMatchInlineSnapshot(`
      "assay.yml:1:1: the file has 5,000,011 characters, and at most 1,000,000 are read
        1 | data: {}
          | ^
        is this the right file? data belongs into files that it names"
    `);
  });

  test('with a model named as something every object has', async () => {
    write({ 'assay.yml': 'models: { constructor: { train: { run: a } } }' });
    const { models } = await read();
    expect(Object.keys(models)).toEqual(['constructor']);
    expect((models as Record<string, unknown>).toString).toBeUndefined();
  });

  test('remarks that stop nothing', async () => {
    write({
      'assay.yml':
        'models:\n  m:\n    train: { run: a, seeds: [010] }\n    metrics: { rules: { roc_auc: { direction: lower } } }\n',
    });
    const { warnings, models } = await read();
    expect(models.m?.train?.seeds).toEqual([10]);
    expect(warnings).toMatchInlineSnapshot(`
      [
        "assay.yml:3:30: 010 is read as the number 10 (YAML 1.2 has no octal numbers of this form); put it in quotes when the zeros matter",
        "assay.yml:4:47: direction: lower for "roc_auc", where higher is usually better; the rule is followed",
      ]
    `);
    write({ 'assay.yml': 'version: 1' });
    expect((await read()).warnings).toMatchInlineSnapshot(`
      [
        "assay.yml:1:1: the file declares no models and no data",
      ]
    `);
  });
});

describe('parameters from a file', () => {
  const config = 'models:\n  m:\n    train: { run: a, params: { file: params.yaml } }\n';

  test('YAML, anchors and all', async () => {
    write({
      'assay.yml': config,
      'params.yaml': 'base: &b { lr: 0.1 }\nbig: { <<: *b, depth: 6 }\nnone: null\n',
    });
    expect((await read()).models.m?.train?.params).toEqual({
      base: { lr: 0.1 },
      big: { lr: 0.1, depth: 6 },
      none: null,
    });
  });

  test('JSON with tabs', async () => {
    write({
      'assay.yml': config.replace('.yaml', '.json'),
      'params.json': '{\n\t"lr": 0.1,\n\t"layers": [64, 32]\n}\n',
    });
    expect((await read()).models.m?.train?.params).toEqual({ lr: 0.1, layers: [64, 32] });
  });

  test('a parameter called file beside others stays a parameter', async () => {
    write({ 'assay.yml': 'models: { m: { train: { run: a, params: { file: x.csv, lr: 1 } } } }' });
    expect((await read()).models.m?.train?.params).toEqual({ file: 'x.csv', lr: 1 });
  });

  test('that is missing, empty, or wrong at a place of its own', async () => {
    write({ 'assay.yml': config });
    const missing = await failure();
    write({ 'params.yaml': '- 1\n- 2\n' });
    const list = await failure();
    write({ 'params.yaml': 'lr: 0.1\ndepth: .inf\n' });
    const infinite = await failure();
    expect([missing, list, infinite].join('\n\n')).toMatchInlineSnapshot(`
      "assay.yml:3:38: there is no file "params.yaml" beside it
        3 |     train: { run: a, params: { file: params.yaml } }
          |                                      ^^^^^^^^^^^

      params.yaml:1:1: expected a map (name: value), not a list
        1 | - 1
          | ^^^

      params.yaml:2:8: .inf is not a finite number
        2 | depth: .inf
          |        ^^^^"
    `);
    write({ 'params.yaml': '# none yet\n' });
    expect((await read()).models.m?.train?.params).toEqual({});
  });
});

describe('include', () => {
  const service = (name: string) =>
    `models: { ${name}: { data: [shared], train: { run: python train.py } } }\n`;

  test('models keep the folder of the file that declares them', async () => {
    write({
      'assay.yml': 'include: [services/*/assay.yml]\ndata: { shared: { source: data/a.csv } }\n',
      'services/a/assay.yml': service('a'),
      'services/b/assay.yml': service('b'),
      'services/node_modules/x/assay.yml': service('x'),
    });
    const config = await read();
    expect(Object.entries(config.models).map(([name, model]) => [name, model.folder])).toEqual([
      ['a', join(folder, 'services/a')],
      ['b', join(folder, 'services/b')],
    ]);
    expect(config.data.shared?.folder).toBe(folder);
    expect(config.locate(['models', 'b', 'train', 'run'])).toEqual({
      file: 'services/b/assay.yml',
      line: 1,
      column: 41,
    });
    expect(config.locate(['data', 'shared', 'source'])).toEqual({ file: 'assay.yml', line: 2, column: 19 });
  });

  test('a file that includes itself by a glob', async () => {
    write({
      'assay.yml': "include: ['**/assay.yml']\nmodels: { m: { train: { run: a } } }\n",
      'a/assay.yml': 'models: { a: { train: { run: a } } }',
    });
    expect(Object.keys((await read()).models)).toEqual(['m', 'a']);
  });

  test('the same name twice', async () => {
    write({
      'assay.yml': 'include: [a/assay.yml, b/assay.yml]\ndata: { shared: { source: a.csv } }\n',
      'a/assay.yml': service('m'),
      'b/assay.yml': `# the other one\n${service('m')}`,
    });
    expect(await failure()).toMatchInlineSnapshot(`
      "b/assay.yml:2:11: the model "m" is also in a/assay.yml:1
        2 | models: { m: { data: [shared], train: { run: python train.py } } }
          |           ^
        names are for the whole repository; give one of them another name"
    `);
  });

  test('settings that only the main file has', async () => {
    write({
      'assay.yml': 'include: [a/assay.yml]\n',
      'a/assay.yml': 'history: { branch: other }\nartifacts: { directory: x }\ninclude: [b.yml]\n',
    });
    expect(await failure()).toMatchInlineSnapshot(`
      "a/assay.yml:1:1: "history" cannot be set in an included file
        1 | history: { branch: other }
          | ^^^^^^^
        set it in assay.yml, which includes this one

      a/assay.yml:2:1: "artifacts" cannot be set in an included file
        2 | artifacts: { directory: x }
          | ^^^^^^^^^
        set it in assay.yml, which includes this one

      a/assay.yml:3:1: "include" cannot be set in an included file
        3 | include: [b.yml]
          | ^^^^^^^
        set it in assay.yml, which includes this one

        3 problems in a/assay.yml"
    `);
  });

  test('that matches nothing', async () => {
    write({ 'assay.yml': "include: [services/a.yml, 'other/*.yml']\n" });
    expect(await failure()).toMatchInlineSnapshot(`
      "assay.yml:1:11: no file matches this
        1 | include: [services/a.yml, 'other/*.yml']
          |           ^^^^^^^^^^^^^^
        paths are relative to this file, such as services/*/assay.yml

      assay.yml:1:27: no file matches this
        1 | include: [services/a.yml, 'other/*.yml']
          |                           ^^^^^^^^^^^^^
        paths are relative to this file, such as services/*/assay.yml

        2 problems in assay.yml"
    `);
  });

  test('a dataset that no file has, and one in an included file that is wrong', async () => {
    write({ 'assay.yml': 'include: [a/assay.yml]\n', 'a/assay.yml': service('m') });
    const unknown = await failure();
    write({ 'a/assay.yml': 'modles: {}\n' });
    expect([unknown, await failure()].join('\n\n')).toMatchInlineSnapshot(`
      "a/assay.yml:1:23: there is no dataset "shared"
        1 | models: { m: { data: [shared], train: { run: python train.py } } }
          |                       ^^^^^^
        datasets there are: none

      a/assay.yml:1:1: unknown key "modles"
        1 | modles: {}
          | ^^^^^^
        did you mean "models"?"
    `);
  });
});
