import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { ingest } from '../src/commands/ingest.js';
import { train } from '../src/commands/train.js';
import { validate } from '../src/commands/validate.js';
import { type DatasetRecord, datasetRecord } from '../src/data/ingest/record.js';
import type { ValidationRecord } from '../src/data/record.js';
import { UserError } from '../src/errors.js';
import { testWorld } from './fakes/world.js';

let folder: string;
/** Of the world, so that ids differ between calls. */
let hours: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
  hours = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const CONFIG = `artifacts: { directory: ../store }
data:
  people:
    source: people.csv
    columns: { age: { type: integer, min: 18 } }
    steps:
      - { name: clean, sql: "select *, age * 2 as twice from input where age is not null order by id" }
      - name: features
        run: node features.mjs
        format: jsonl
        params: { keep: 2 }
models:
  m:
    data: [people]
    train: { run: 'cp "$ASSAY_DATA_PEOPLE" seen.jsonl; echo "{\\"a\\":1}" > metrics.json' }
    metrics: { from: [metrics.json] }
`;
const FEATURES = `import { readFileSync, writeFileSync, appendFileSync } from 'node:fs';
appendFileSync('ran.txt', 'x');
const bytes = readFileSync(process.env.ASSAY_INPUT).length;
const rows = Array.from({ length: Number(process.env.ASSAY_PARAM_KEEP) }, (_, i) => JSON.stringify({ age: 20 + i, some: bytes > 0 }));
writeFileSync(process.env.ASSAY_OUTPUT, rows.join('\\n') + '\\n');
`;
const PEOPLE = 'id,age\n2,30\n1,20\n3,\n';

function write(path: string, text: string): void {
  mkdirSync(join(folder, 'p', path, '..'), { recursive: true });
  writeFileSync(join(folder, 'p', path), text);
}

function scene(files: Record<string, string> = {}): void {
  const all = { 'assay.yml': CONFIG, 'people.csv': PEOPLE, 'features.mjs': FEATURES, ...files };
  for (const [path, text] of Object.entries(all)) write(path, text);
}

function world() {
  const made = testWorld({ cwd: join(folder, 'p') });
  const at = hours++;
  const now = made.clock.now;
  return { ...made, clock: { ...made.clock, now: () => new Date(now().getTime() + at * 3_600_000) } };
}

async function run(...words: string[]) {
  const at = world();
  const outcome = await ingest.run(parseInput(ingest.spec, words), at);
  const records = outcome.json as readonly DatasetRecord[];
  for (const record of records) expect(datasetRecord.parse(record)).toEqual(record);
  const states = records.map(({ steps }) => steps.map(({ name, status }) => `${name} ${status}`));
  return { ...outcome, records, states, lines: at.lines };
}

const ran = () =>
  existsSync(join(folder, 'p/ran.txt')) ? readFileSync(join(folder, 'p/ran.txt'), 'utf8').length : 0;

test('runs the steps, records what they made, and skips them when nothing has changed', async () => {
  scene();
  const first = await run();
  expect(first.exit).toBe(0);
  expect(first.states).toEqual([['clean ran', 'features ran']]);
  const [record] = first.records;
  expect(record).toMatchObject({
    dataset: 'people',
    status: 'succeeded',
    rows: 2,
    rejected: 0,
    format: 'jsonl',
    columns: [
      { name: 'age', type: 'integer', missing: false },
      { name: 'some', type: 'boolean', missing: false },
    ],
    source: { source: 'people.csv', files: 1, dataset: null },
  });
  const [clean, features] = record?.steps ?? [];
  expect(clean?.input).toBe(record?.source.digest);
  expect(features?.input).toBe(clean?.output?.digest);
  expect(features?.code.map(({ file }) => file)).toEqual(['features.mjs']);
  expect(first.outputs).toEqual({ digest: record?.digest, rows: '2' });
  const second = await run();
  expect(second.states).toEqual([['clean ran', 'features ran']]);
  expect([ran(), second.records[0]?.id]).toEqual([1, record?.id]);
  expect(second.lines.join('\n')).toContain('skipped: nothing it depends on has changed');
});

test('a query reads typed columns, and the same rows come in the same order', async () => {
  scene({
    'assay.yml': CONFIG.replace(
      'run: node features.mjs',
      'run: cat "$ASSAY_INPUT" > /dev/null; cp "$ASSAY_INPUT" "$ASSAY_OUTPUT"',
    ).replace('format: jsonl', 'format: parquet'),
  });
  const { records } = await run();
  expect(records[0]?.columns).toEqual([
    { name: 'id', type: 'bigint', missing: false },
    { name: 'age', type: 'bigint', missing: false },
    { name: 'twice', type: 'bigint', missing: false },
  ]);
  expect(records[0]?.digest).toBe(records[0]?.steps[0]?.output?.digest);
});

describe('a step runs again when what it depends on has changed', () => {
  test.each<[string, () => void, string[]]>([
    ['its source', () => write('people.csv', `${PEOPLE}4,40\n`), ['clean ran', 'features ran']],
    ['its code', () => write('features.mjs', `${FEATURES}// changed\n`), ['clean skipped', 'features ran']],
    [
      'a parameter',
      () => write('assay.yml', CONFIG.replace('keep: 2', 'keep: 3')),
      ['clean skipped', 'features ran'],
    ],
    [
      'its query',
      () => write('assay.yml', CONFIG.replace('* 2 as', '* 3 as')),
      ['clean ran', 'features ran'],
    ],
    [
      'a comment elsewhere',
      () => write('assay.yml', `# comment\n${CONFIG}`),
      ['clean skipped', 'features skipped'],
    ],
  ])('%s', async (_, change, expected) => {
    scene();
    await run();
    const before = ran();
    change();
    const again = await run();
    const states = again.states[0] ?? [];
    // An unchanged dataset is told by its record of the first time.
    if (expected.every((one) => one.endsWith('skipped'))) expect(ran()).toBe(before);
    else expect(states).toEqual(expected);
  });

  test('or when it is forced', async () => {
    scene();
    await run();
    expect((await run('--force')).states).toEqual([['clean ran', 'features ran']]);
    expect(ran()).toBe(2);
  });
});

test('on another machine the outputs come from the artifact store', async () => {
  scene();
  await run();
  // Only the history and the store are left.
  rmSync(join(folder, 'p/.assay/data'), { recursive: true });
  write('assay.yml', CONFIG.replace('keep: 2', 'keep: 1'));
  const { states, records } = await run();
  expect(states).toEqual([['clean skipped', 'features ran']]);
  expect(records[0]?.rows).toBe(1);
  write('assay.yml', CONFIG);
  rmSync(join(folder, 'p/.assay/data'), { recursive: true });
  expect((await run()).lines.join()).toContain('features: skipped');
  expect(ran()).toBe(2);
});

test('a failure keeps what was done, is recorded, and the next run goes on from there', async () => {
  scene({ 'features.mjs': 'console.log("no luck"); process.exit(3);' });
  const failed = await run();
  expect(failed.exit).toBe(1);
  expect(failed.states).toEqual([['clean ran', 'features failed']]);
  expect(failed.records[0]).toMatchObject({
    status: 'failed',
    reason: 'the command ended with exit code 3',
    digest: null,
    rows: null,
  });
  expect(failed.lines).toContain('out: no luck');
  write('features.mjs', FEATURES);
  expect((await run()).states).toEqual([['clean skipped', 'features ran']]);
});

describe('wrong steps are told with their place', () => {
  test.each([
    ['select * from nothing', 'the query fails: Catalog Error: Table with name nothing does not exist!'],
    ['select 1; select 2', 'the query is 2 statements'],
    ["select * from read_text('assay.yml')", 'file system operations are disabled'],
  ])('%s', async (sql, message) => {
    scene({ 'assay.yml': CONFIG.replace(/sql: ".*"/, `sql: "${sql}"`) });
    const { failure, records } = await run();
    expect((failure as UserError).message).toContain(message);
    expect((failure as UserError).location).toMatchObject({ file: 'assay.yml', line: 7 });
    expect(records[0]?.status).toBe('failed');
  });

  test('a command that writes nothing', async () => {
    scene({ 'features.mjs': '' });
    const { failure } = await run();
    expect((failure as UserError).message).toBe(
      'the step "features" ended well and wrote nothing to $ASSAY_OUTPUT',
    );
  });

  test('lines that are no rows do not vanish in a query', async () => {
    scene({ 'people.csv': `${PEOPLE}7\n` });
    const { failure } = await run();
    expect((failure as UserError).message).toBe(
      '1 line of the input cannot be read as rows: people.csv:5: it has 1 field, not 2',
    );
  });

  test('a pattern of code without a file, a notebook without papermill', async () => {
    scene({ 'assay.yml': CONFIG.replace('params: { keep: 2 }', 'code: [lib/*.py]') });
    await expect(run()).rejects.toThrow('no file matches "lib/*.py", which the step "features" depends on');
    scene({
      'assay.yml': CONFIG.replace('run: node features.mjs', 'notebook: features.ipynb'),
      'features.ipynb': '{}',
    });
    const at = { ...world(), env: { PATH: '/usr/bin:/bin', HOME: folder } };
    const outcome = await ingest.run(parseInput(ingest.spec, []), at);
    expect((outcome.failure as UserError).message).toBe(
      'the step "features" is a notebook, and papermill is not installed',
    );
  });

  const papermill = spawnSync('papermill', ['--version']).status === 0;
  test.skipIf(!papermill)(
    'a notebook, by papermill and a kernel (left out where they are not installed)',
    async () => {
      const cell = (source: string, tags: readonly string[] = []) => ({
        cell_type: 'code',
        id: `c${source.length}`,
        execution_count: null,
        metadata: { tags },
        outputs: [],
        source,
      });
      const notebook = {
        nbformat: 4,
        nbformat_minor: 5,
        metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
        cells: [
          cell('keep = 1\ncode = ""', ['parameters']),
          cell(
            'import json, os\nassert os.path.getsize(os.environ["ASSAY_INPUT"]) > 0\nwith open(os.environ["ASSAY_OUTPUT"], "w") as out:\n    for i in range(keep):\n        out.write(json.dumps({"age": 20 + i, "code": code}) + "\\n")',
          ),
        ],
      };
      scene({
        'assay.yml': CONFIG.replace('run: node features.mjs', 'notebook: features.ipynb').replace(
          'params: { keep: 2 }',
          `params: { keep: 2, code: '007' }`,
        ),
        'features.ipynb': JSON.stringify(notebook),
      });
      const { records, states } = await run();
      expect(states).toEqual([['clean ran', 'features ran']]);
      // A text stays one, and a number is one.
      expect(records[0]).toMatchObject({
        rows: 2,
        columns: [{ name: 'age' }, { name: 'code', type: 'string' }],
      });
      expect((await run()).lines.join()).toContain('features: skipped');
      write(
        'features.ipynb',
        JSON.stringify({ ...notebook, cells: [cell('raise ValueError("no rows today")')] }),
      );
      const failed = await run();
      expect(failed.records[0]).toMatchObject({ status: 'failed' });
      expect(failed.lines.join()).toContain('no rows today');
    },
    120_000,
  );

  test('exactly one of sql, run and notebook', async () => {
    scene({ 'assay.yml': CONFIG.replace('run: node features.mjs', 'sql: select 1\n        run: x') });
    await expect(run()).rejects.toThrow(/exactly one of sql, run, notebook/);
  });
});

test('validate and train read what the steps have made', async () => {
  scene();
  const outcome = await validate.run(parseInput(validate.spec, []), world());
  const [validation] = outcome.json as readonly ValidationRecord[];
  expect(validation).toMatchObject({ rows: 2, valid: true });
  const trained = await train.run(parseInput(train.spec, []), world());
  expect(trained.exit).toBe(0);
  expect(readFileSync(join(folder, 'p/seen.jsonl'), 'utf8')).toBe(
    '{"age":20,"some":true}\n{"age":21,"some":true}\n',
  );
  expect(ran()).toBe(1);
});

test('another dataset is a source, with what its steps have made; a circle is told', async () => {
  scene({
    'assay.yml': `${CONFIG.split('models:')[0]}  adults: { source: people, steps: [{ name: old, sql: select * from input where age > 20 }] }\n  a: { source: b }\n  b: { source: a }\n`,
  });
  const { records } = await run('adults');
  expect(records[0]).toMatchObject({ rows: 1, source: { source: 'people', dataset: 'people' } });
  const error = await run('a').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toBe('datasets are made of each other: a → b → a');
});

test('a release asset is a source', async () => {
  scene({ 'assay.yml': 'data: { d: { source: "release:v1/x.csv" } }' });
  await expect(run()).rejects.toThrow('there is no asset "x.csv" in a release "v1"');
  write('.assay/releases/v1/assets/x.csv', 'a,b\n1,2\n');
  expect((await run()).records[0]).toMatchObject({ rows: 1, source: { source: 'release:v1/x.csv' } });
});
