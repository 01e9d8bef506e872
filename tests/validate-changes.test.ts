import { afterEach, describe, expect, test } from 'vitest';
import { shapeChanges } from '../src/data/changes.js';
import { type ValidationRecord, validationRecord } from '../src/data/record.js';
import { dataAnnotations } from '../src/report/annotations.js';
import { dataSection } from '../src/report/sections.js';
import { openTrainScene, type TrainScene } from './train-scene.js';

let scene: TrainScene | undefined;
afterEach(() => {
  scene?.end();
  scene = undefined;
});

const CONFIG = `history: { branch: assay }
data:
  people:
    source: people.csv
    columns:
      age: { type: integer, max: 99 }
    checks:
      - unique: [id]
`;

async function validated(words: readonly string[] = []): Promise<ValidationRecord> {
  const { json } = await (scene as TrainScene).assay('validate', ...words);
  return validationRecord.parse((json as readonly unknown[])[0]);
}

function commit(message: string): string {
  const { git } = scene as TrainScene;
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
  return git('rev-parse', 'HEAD').trim();
}

describe('the schema against the baseline', () => {
  test('is that of the merge base, in the record, the words, the markdown, the comment and the page', async () => {
    scene = openTrainScene(
      { 'assay.yml': CONFIG, 'people.csv': 'id,age,old\n1,20,x\n2,30,y\n' },
      { inGit: true },
    );
    const base = scene.git('rev-parse', 'HEAD').trim();
    expect((await validated()).changes).toBeNull();
    // What main becomes meanwhile is not what the change is held against.
    scene.write('people.csv', 'id,age,old,elsewhere\n1,20,x,0\n');
    commit('on main');
    await validated();
    scene.git('checkout', '--quiet', '-b', 'change', base);
    scene.write('people.csv', 'age,id,"new|<b>"\n20,1,a\n30,2,b\n40,3,c\n');
    scene.write('assay.yml', CONFIG.replace('type: integer, max: 99', 'type: number'));
    commit('a change');
    const record = await validated(['--html', 'page.html']);
    expect(record.changes).toEqual({
      baseline: {
        validation: expect.any(String),
        commit: base,
        why: 'merge base with main',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        rows: 2,
      },
      content: true,
      added: [{ name: 'new|<b>', type: 'string' }],
      removed: [{ name: 'old', type: 'string' }],
      retyped: [{ name: 'age', before: 'integer', after: 'number' }],
    });
    const { text } = await scene.assay('validate');
    const words = `since ${base.slice(0, 7)} (merge base with main): +1 row (2 → 3); 1 column gone: "old"; 1 new column: "new|<b>" (string); 1 column of another type: "age" was integer and is number`;
    expect(text).toContain(words);
    const markdown = scene.read('.assay/reports/validation-people.md');
    expect(markdown).toContain('| column | before | now |');
    expect(markdown).toContain('| old | string | gone |');
    expect(markdown).toContain('| new&#124;&lt;b&gt; | not there | string |');
    expect(dataSection([record])).toContain('🔀 people since');
    const page = scene.read('page.html');
    expect(page).toContain('3 columns changed');
    expect(page).toContain('new|&#60;b&#62;');
    expect(page).not.toContain('<b>');
  });

  test('says when nothing changed, and takes no dirty validation for that of a commit', async () => {
    scene = openTrainScene({ 'assay.yml': CONFIG, 'people.csv': 'id,age\n1,20\n' }, { inGit: true });
    await validated();
    scene.write('people.csv', 'id,age,try\n1,20,0\n');
    const dirty = await validated();
    expect(dirty.dirty).toBe(true);
    expect(dirty.changes?.added).toEqual([{ name: 'try', type: 'string' }]);
    expect(dirty.changes?.baseline.why).toBe('this commit without the uncommitted changes');
    scene.git('checkout', '--quiet', '--', 'people.csv');
    scene.git('commit', '--quiet', '--allow-empty', '--message', 'nothing');
    const { text } = await scene.assay('validate');
    expect(text).toContain('the same data as');
    expect(dataSection([await validated()])).not.toContain('🔀');
  });

  test('outside of git it is the one before', async () => {
    scene = openTrainScene({ 'assay.yml': CONFIG, 'people.csv': 'id,age\n1,20\n' });
    await validated();
    scene.write('people.csv', 'id,age\n1,20\n2,21\n');
    const record = await validated();
    expect(record.changes?.baseline).toMatchObject({ rows: 1, commit: null });
    expect(record.changes).toMatchObject({ content: true, added: [], removed: [], retyped: [] });
  });

  test('goes by names: the order of columns is no change', () => {
    const shape = (...names: string[]) => ({
      digest: 'a',
      columns: names.map((name) => ({ name, type: 'string' })),
    });
    expect(shapeChanges(shape('a', 'b'), shape('b', 'a'))).toEqual({
      content: false,
      added: [],
      removed: [],
      retyped: [],
    });
    expect(shapeChanges(shape('a', '__proto__'), shape('constructor', 'a'))).toMatchObject({
      added: [{ name: 'constructor' }],
      removed: [{ name: '__proto__' }],
    });
  });
});

describe('annotations on GitHub', () => {
  const runner = { kind: 'github' } as const;
  const MANY = `data:
  people:
    source: 'people %0A::x.csv'
    columns:
      id: { type: integer }
      age: { max: 99, severity: warn }
    checks:
      - unique: [id]
      - columns: { age: { min: 0 } }
`;

  test('stand at the lines that fail and at the check in assay.yml, one of each check first', async () => {
    const bad = Array.from({ length: 20 }, (_, i) => `x${i},-1`).join('\n');
    scene = openTrainScene(
      { 'assay.yml': MANY, 'people %0A::x.csv': `id,age\n1,100\n1,5\n${bad}\n` },
      { inGit: true, runner },
    );
    const record = await validated();
    const place = (path: readonly (string | number)[]) => ({ path: `config ${path.join('/')}`, line: 1 });
    const annotations = dataAnnotations([record], {
      rule: () => undefined,
      metricFile: () => undefined,
      check: (dataset, path) => place([dataset, ...path]),
      dataLine: (path, line) => ({ path, line }),
    });
    const said = annotations.map(({ path, line, level }) => `${level} ${path}:${line}`);
    expect(said.slice(0, 4)).toEqual([
      'failure people %0A::x.csv:4',
      'warning people %0A::x.csv:2',
      'failure people %0A::x.csv:3',
      'failure people %0A::x.csv:4',
    ]);
    expect(said).toContain('failure config people/columns/id/type:1');
    expect(said).toContain('failure config people/checks/0:1');
    expect(said).toContain('failure config people/checks/1/columns/age/min:1');
    const errors = scene.lines.filter((line) => line.startsWith('error: '));
    expect(errors.length).toBeGreaterThan(3);
    expect(errors.length).toBeLessThanOrEqual(10);
  });

  test('are left to the table elsewhere', async () => {
    scene = openTrainScene(
      { 'assay.yml': MANY, 'people %0A::x.csv': 'id,age\n1,100\n1,5\n' },
      { inGit: true },
    );
    await validated();
    expect(scene.lines.filter((line) => line.startsWith('error: '))).toEqual([]);
  });
});
