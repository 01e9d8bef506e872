import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { columnType, tableRows } from '../src/commands/export/record-table.js';
import { VERBS } from '../src/commands/verbs.js';
import { fromLine } from '../src/history/line.js';
import { type AnyRecord, recordPath } from '../src/history/record.js';
import { placeRecord } from '../src/history/stored.js';
import { openDuckdb } from '../src/platform/duckdb/engine.js';
import { readTexts, scratchFile, writeRecordTable } from '../src/platform/duckdb/records.js';
import { metricOf, runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import {
  editHistory,
  git,
  makeRecord,
  makeRepository,
  openHistory,
  openScene,
  type Scene,
  write,
} from './history-scene.js';

const FIXTURES = join(import.meta.dirname, 'fixtures/records');
const duckdb = () => ({ env: process.env, cancel: new AbortController().signal, notice: () => {} });

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
const files = (folder: string) => git(folder, 'ls-tree', '-r', 'assay').split('\n');

/** Every kind, hostile names and texts, bytes by hand, records of a newer Assay. */
async function wholeHistory(folder: string): Promise<void> {
  const runs = [
    runOf({
      id: '20260101T000000000Z-00000001',
      params: { depth: 6, Depth: 7, rate: 0.1, note: 'Zeile\u2028\n"ü"', deep: { of: [1, 'x'] }, mixed: 1 },
      metrics: [
        metricOf('roc_auc', 0.9, { n: 100, stderr: 0.01, seed_values: [0.89, null, 0.91] }),
        metricOf('roc_auc', 0.8, { slice: { sex: 'F' } }),
        metricOf('loss', null, { reason: 'NaN' }),
      ],
      series: [{ name: 'loss', seed: null, steps: [0, 1], values: [1, null] }],
    }),
    runOf({
      id: '20260102T000000000Z-00000002',
      params: { depth: 8.5, mixed: 'one', half: '\ud800', 'a"b\nc\u0000': true, '\ud800': 1, record: 'mine' },
      metrics: [metricOf('roc_auc', 0.92)],
    }),
  ];
  await openHistory(folder).append([...runs, makeRecord({ schema: 'assay/stage@1' })]);
  const byHand = runOf({ id: '20260103T000000000Z-00000003' });
  const newer = {
    ...runs[0],
    schema: 'assay/run@9',
    id: '20260104T000000000Z-00000004',
  } as unknown as AnyRecord;
  const unknown = makeRecord({ schema: 'assay/prophecy@1', id: '20260105T000000000Z-00000005' });
  editHistory(folder, (checkout) => {
    for (const name of readdirSync(FIXTURES)) {
      const text = readFileSync(join(FIXTURES, name), 'utf8');
      write(checkout, recordPath(JSON.parse(text) as AnyRecord), text);
    }
    for (const record of [byHand, newer, unknown])
      write(checkout, recordPath(record), JSON.stringify(record));
  });
}

describe('Parquet', () => {
  test('there and back: every kind, the same paths and bytes; again changes nothing', async () => {
    const [here, there] = [repository('here'), repository('there')];
    await wholeHistory(here);
    mkdirSync(join(here, 'out'));
    writeFileSync(join(here, 'out/alerts.parquet'), 'not of Assay');
    const exported = await assay(here, 'export', 'parquet', 'out');
    expect(exported.json).toMatchObject({ target: 'parquet', records: 18, place: 'out' });
    const tables = readdirSync(join(here, 'out')).sort();
    expect(tables).toContain('prophecys.parquet');
    expect(tables.filter((name) => name.endsWith('.partial'))).toEqual([]);
    rmSync(join(here, 'out/alerts.parquet'));
    const words = ['import', 'parquet', join(here, 'out')] as const;
    expect((await assay(there, ...words)).json).toMatchObject({ added: 18, present: 0 });
    expect(files(there)).toEqual(files(here));
    expect((await assay(there, ...words)).json).toMatchObject({ added: 0, present: 18 });
    // Only one model, into the same folder: what the other kinds had is gone.
    await assay(here, 'export', 'parquet', 'out', '--model', 'nobody');
    expect(readdirSync(join(here, 'out')).filter((name) => name === 'runs.parquet')).toEqual([]);
  });

  test('columns are what a table should have: times, structs, lists, and one for each parameter and metric', async () => {
    const here = repository('here');
    await wholeHistory(here);
    await assay(here, 'export', 'parquet', 'out');
    const engine = await openDuckdb(duckdb());
    const from = `'${join(here, 'out/runs.parquet')}'`;
    const types = Object.fromEntries(
      (await engine.query(`DESCRIBE SELECT * FROM ${from}`)).map((row) => [row.column_name, row.column_type]),
    );
    expect(types).toMatchObject({
      id: 'VARCHAR',
      time: 'TIMESTAMP WITH TIME ZONE',
      seconds: 'DOUBLE',
      seed: 'BIGINT',
      params: 'MAP(VARCHAR, VARCHAR)',
      code: 'STRUCT("commit" VARCHAR, dirty BOOLEAN, branch VARCHAR, pull_request BIGINT)',
      'params.Depth': 'BIGINT',
      'params.depth_2': 'DOUBLE',
      'params.mixed': 'VARCHAR',
      'params.deep.of': 'VARCHAR',
      'metrics.roc_auc': 'DOUBLE',
      'metrics.roc_auc@test': 'DOUBLE',
      record: 'VARCHAR',
    });
    expect(types.metrics).toMatch(/^STRUCT\("name" VARCHAR, "value" DOUBLE, .*seed_values DOUBLE\[\]/);
    const rows = await engine.query(
      `SELECT id, "params.mixed" AS mixed, "metrics.roc_auc" AS auc, code.branch AS branch, epoch(time) AS t,
              list_count(metrics) AS metrics, metrics[1].seed_values[3] AS third, series[1]."values"[1] AS first
       FROM ${from} WHERE "metrics.roc_auc" IS NOT NULL ORDER BY id LIMIT 2`,
    );
    expect(rows).toMatchObject([
      { id: '20260101T000000000Z-00000001', mixed: '1', auc: 0.9, branch: 'main', third: 0.91, first: 1 },
      { id: '20260102T000000000Z-00000002', mixed: 'one', auc: 0.92, third: null, first: null },
    ]);
    expect(Number(rows[0]?.t)).toBe(Date.UTC(2026, 0, 1) / 1000);
    // A newer record has what all records have, and its text.
    const [newer] = await engine.query(`SELECT status, record FROM ${from} WHERE schema = 'assay/run@9'`);
    expect(newer).toMatchObject({ status: null, record: expect.stringContaining('assay/run@9') });
    await engine.close();
  });

  test('any record comes back byte for byte', async () => {
    const engine = await openDuckdb(duckdb());
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const value = fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' });
    const params = fc.dictionary(text, value, { maxKeys: 5, noNullPrototype: true });
    const metrics = fc.array(fc.tuple(text, fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }))), {
      maxLength: 4,
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(params, metrics, text), { minLength: 1, maxLength: 8 }),
        async (all) => {
          const name = `t${number++}`;
          const table = tableRows();
          const stored = all.map(([params, metrics, note], at) =>
            placeRecord(
              runOf({
                id: `20260101T00000000${at}Z-00000001`,
                params: params as never,
                reason: note,
                metrics: metrics.map(([metric, value]) => metricOf(metric, value)),
              }),
            ),
          );
          const lines = stored.map((one) => table.add(one).json);
          const source = scratchFile(engine, name);
          const target = join(scene.folder, `${name}.parquet`);
          writeFileSync(source, `${lines.join('\n')}\n`);
          await writeRecordTable(engine, {
            source,
            target,
            longest: Math.max(...lines.map((line) => Buffer.byteLength(line))),
            columns: table.columns('run'),
            textColumn: 'record',
          });
          const texts = await engine.query(`SELECT record FROM '${target}'`);
          const back = texts.map((row) => fromLine(String(row.record)));
          expect(back.map((one) => ('problem' in one ? one : { path: one.path, text: one.text }))).toEqual(
            stored.map(({ path, text }) => ({ path, text })),
          );
        },
      ),
      { numRuns: 25 },
    );
    await engine.close();
  }, 60_000);

  test('what is no such file is refused, with the place, before anything is written', async () => {
    const folder = repository('here');
    await openHistory(folder).append([runOf({ id: '20260101T000000000Z-00000001' })]);
    await assay(folder, 'export', 'parquet', 'out');
    const before = files(folder);
    const attempt = (path: string) => assay(folder, 'import', 'parquet', path);
    await expect(attempt('gone')).rejects.toThrow('gone is not there');
    mkdirSync(join(folder, 'empty'));
    await expect(attempt('empty')).rejects.toThrow('empty holds no Parquet files');
    writeFileSync(
      join(folder, 'cut.parquet'),
      readFileSync(join(folder, 'out/runs.parquet')).subarray(0, 400),
    );
    await expect(attempt('cut.parquet')).rejects.toThrow('cut.parquet is not a whole Parquet file');
    const engine = await openDuckdb(duckdb());
    const at = (name: string) => join(folder, name);
    await engine.query(`COPY (SELECT 1 AS x) TO '${at('other.parquet')}' (FORMAT parquet)`);
    await engine.query(`COPY (SELECT 'x' AS record) TO '${at('wrong.parquet')}' (FORMAT parquet)`);
    await engine.close();
    await expect(attempt('other.parquet')).rejects.toThrow(/has no column "record"/);
    await expect(attempt('wrong.parquet')).rejects.toMatchObject({
      message: 'row 1 is no record: it is not JSON',
      location: { file: 'wrong.parquet' },
    });
    mkdirSync(at('twice'));
    for (const name of ['a', 'b']) copyFileSync(at('out/runs.parquet'), at(`twice/${name}.parquet`));
    await expect(attempt('twice')).rejects.toThrow(/holds two records of the id/);
    await expect(assay(folder, 'export', 'parquet')).rejects.toThrow(/needs PATH/);
    expect(files(folder)).toEqual(before);
    const texts: string[] = [];
    for await (const found of readTexts([{ path: at('out/runs.parquet'), label: 'x' }], {
      ...duckdb(),
      column: 'record',
    }))
      texts.push(found.text);
    expect(texts).toHaveLength(1);
  });
});

test.each([
  [{ type: 'integer' }, 'BIGINT'],
  [{ anyOf: [{ type: 'number' }, { type: 'null' }] }, 'DOUBLE'],
  [{ anyOf: [{ type: 'number' }, { type: 'string' }] }, 'VARCHAR'],
  [{ type: ['boolean', 'null'] }, 'BOOLEAN'],
  [{ type: ['boolean', 'string'] }, 'VARCHAR'],
  [{ enum: ['a', 'b'] }, 'VARCHAR'],
  [{ type: 'array', items: { type: 'boolean' } }, 'BOOLEAN[]'],
  [{ type: 'array', items: [{ type: 'number' }, { type: 'number' }] }, 'DOUBLE[]'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, 'MAP(VARCHAR, DOUBLE)'],
  [{ type: 'object', properties: { 'a"b': { type: 'string' } } }, 'STRUCT("a""b" VARCHAR)'],
  [{}, 'VARCHAR'],
])('%j is %s', (schema, type) => expect(columnType(schema)).toBe(type));

const python = process.env.ASSAY_PARQUET_PYTHON ?? 'python3';
const lacks = ['pandas', 'pyarrow'].filter(
  (name) => spawnSync(python, ['-c', `import ${name}`]).status !== 0,
);

test.skipIf(lacks.length > 0)(
  `pandas reads it (skipped without pandas and pyarrow: pip install pandas pyarrow)`,
  async () => {
    const here = repository('here');
    await wholeHistory(here);
    await assay(here, 'export', 'parquet', 'out');
    const program = `
import json, pandas, pyarrow.parquet as pq, glob
for name in glob.glob('out/*.parquet'):
    pq.read_table(name)
runs = pandas.read_parquet('out/runs.parquet').sort_values('metrics.roc_auc', ascending=False)
best = runs.iloc[0]
print(json.dumps({
    'best': best['id'], 'auc': best['metrics.roc_auc'], 'time': str(runs['time'].dtype),
    'branch': best['code']['branch'], 'metric': best['metrics'][0]['name'], 'text': json.loads(best['record'])['id'],
}))`;
    const said = JSON.parse(execFileSync(python, ['-c', program], { cwd: here, encoding: 'utf8' }));
    expect(said).toMatchObject({
      time: expect.stringMatching(/^datetime64\[.s, UTC\]$/),
      metric: expect.any(String),
    });
    expect(said.text).toBe(said.best);
  },
  60_000,
);
