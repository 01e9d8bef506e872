import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startWorld } from '../src/platform/runner/world.js';
import { oracle } from '../tools/oracle/oracle.js';

/** What SciPy, statsmodels and scikit-learn say, from files and, where they are installed, from themselves. */

const fixtures = join(import.meta.dirname, 'fixtures');
const folder = mkdtempSync(join(tmpdir(), 'assay-oracle-'));
afterAll(() => rmSync(folder, { recursive: true }));

const world = await startWorld({ process, version: 'test' });

async function ask(...words: string[]): Promise<{ readonly exit: number; readonly said: string }> {
  let said = '';
  const exit = await oracle(words, { world, write: (text) => (said += text) });
  return { exit, said };
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const mcnemarCase = (p: unknown) => ({
  name: 'one',
  kind: 'mcnemar',
  inputs: {
    table: [
      [101, 12],
      [25, 60],
    ],
  },
  outputs: { p_exact: p },
});

describe('reference files', () => {
  it('has every statistic to ten digits', async () => {
    const { exit, said } = await ask(join(fixtures, 'statistics/statistics_oracle.json'));
    expect(said).not.toContain('✗');
    expect(exit).toBe(0);
    expect(said.trim().split('\n')).toHaveLength(1 + 21);
  });

  it('has every score of predictions, and of the two models together', async () => {
    const { exit, said } = await ask(join(fixtures, 'predictions/adult_reference_metrics.json'));
    expect(said).not.toContain('✗');
    expect(exit).toBe(0);
    expect(said).toMatch(/scores in slices, binary +34 /);
    expect(said).toMatch(/paired +1 +7 /);
  });

  it('says which value is wrong, and by how much', async () => {
    const { exit, said } = await ask(file('wrong.json', { cases: [mcnemarCase(0.0470310274)] }));
    expect(exit).toBe(1);
    expect(said).toContain('p_exact is 0.04703102743951');
    expect(said).toMatch(/mcnemar .*8\.4e-10 {2}one: p_exact/);
    expect((await ask('--tolerance', '1e-8', join(folder, 'wrong.json'))).exit).toBe(0);
  });

  it('refuses a kind it does not know by name, and goes on', async () => {
    const path = file('unknown.json', {
      cases: [{ name: 'x', kind: 'friedman', inputs: {}, outputs: {} }, mcnemarCase(0.04703102743951604)],
    });
    const { exit, said } = await ask(path);
    expect(exit).toBe(1);
    expect(said).toContain('x: the kind "friedman" is not known');
    expect(said).toMatch(/ {2}mcnemar +1 +1 /);
  });

  it.each([
    [
      'a value that it does not compute',
      { ...mcnemarCase(0.04703102743951604), outputs: { p_lucky: 1 } },
      'p_lucky is not computed',
    ],
    ['inputs that are not there', { ...mcnemarCase(1), inputs: {} }, 'table is not a list'],
    [
      'a parameter that there is not',
      { ...mcnemarCase(1), kind: 'ks_2samp', inputs: { a: [1], b: [2], alternative: 'both' } },
      'alternative is "both", and can be',
    ],
  ])('refuses %s', async (_, one, reason) => {
    const { exit, said } = await ask(file('refused.json', { cases: [one] }));
    expect(exit).toBe(1);
    expect(said).toContain(reason);
  });

  it('reads NaN and infinity as words and as strings', async () => {
    const inputs = { a: [1], b: [2, 3] };
    const text = `{"cases":[{"kind":"welch_t","name":"n","inputs":${JSON.stringify(inputs)},"outputs":{"t":NaN,"p":"nan","ci95":["nan",NaN]}}]}`;
    expect((await ask(file('nan.json', text))).exit).toBe(0);
  });

  it('ends with 2 where a file cannot be read', async () => {
    expect(await ask(file('broken.json', '{'))).toMatchObject({ exit: 2 });
    expect(await ask(join(folder, 'none.json'))).toMatchObject({ exit: 2 });
    expect(await ask()).toMatchObject({ exit: 2 });
    const models = file('lonely_reference_metrics.json', { models: { tree: { accuracy: 1 } } });
    const { exit, said } = await ask(models);
    expect(exit).toBe(2);
    expect(said).toContain('--predictions tree=FILE');
  });

  it('takes predictions from where they are said to be', async () => {
    const csv = file('elsewhere.csv', 'id,y_true,y_pred,y_score\n1,0,0,0.25\n2,1,0,0.5\n');
    const models = file('lonely_reference_metrics.json', { models: { tree: { n: 2, accuracy: 0.5 } } });
    expect((await ask('--predictions', `tree=${csv}`, models)).exit).toBe(0);
  });
});

describe('predictions of other tasks', () => {
  interface Made {
    readonly name: string;
    readonly task: string;
    readonly y_true: readonly number[];
    readonly y_pred: readonly number[];
    readonly y_score?: readonly number[];
    readonly scores?: readonly (readonly number[])[];
    readonly weight: readonly number[] | null;
    readonly metrics: Readonly<Record<string, number>>;
  }
  const { cases } = JSON.parse(readFileSync(join(fixtures, 'scores/scikit-learn.json'), 'utf8')) as {
    readonly cases: readonly Made[];
  };
  const plain = cases.filter(({ weight }) => weight === null);

  it.each(['multiclass', 'regression'])('%s, as scikit-learn scores them', async (task) => {
    const models = plain
      .filter((one) => one.task === task && (task !== 'multiclass' || one.scores))
      .slice(0, 5)
      .map((one, at) => {
        const rows = one.y_true.map((label, i) => ({
          id: i,
          y_true: label,
          y_pred: one.y_pred[i],
          ...Object.fromEntries((one.scores?.[i] ?? []).map((score, k) => [`p[${k}]`, score])),
        }));
        file(`${task}${at}.jsonl`, rows.map((row) => JSON.stringify(row)).join('\n'));
        return [
          `${task}${at}`,
          {
            calibration_layout: 'bins',
            evaluate: { task, ...(one.scores ? { columns: { score: 'p[{label}]' } } : {}) },
            ...one.metrics,
          },
        ];
      });
    expect(models.length).toBeGreaterThan(0);
    const { said } = await ask(
      file(`${task}_reference_metrics.json`, { models: Object.fromEntries(models) }),
    );
    expect(said).toMatch(new RegExp(`scores, ${task} +${models.length} `));
    expect(said).not.toContain('✗');
  });

  it('guesses the task from the columns where the file does not say it', async () => {
    file('m.csv', 'id,y_true,y_pred,p[a],p[b],p[c]\n1,a,a,0.5,0.25,0.25\n2,b,c,0.25,0.25,0.5\n');
    file('r.csv', 'id,y_true,y_pred\n1,0.5,1\n2,2.25,2\n3,1.5,2\n');
    file('l.csv', 'id,y_true,y_pred\n1,a|b,a\n2,b,b\n');
    file('q.csv', 'id,query,y_true,y_score\n1,x,1,0.5\n2,x,0,0.25\n');
    const models = { m: { accuracy: 0.5 }, r: { mae: 1.25 / 3 }, l: { hamming_loss: 0.25 }, q: { mrr: 1 } };
    const { exit, said } = await ask('--tolerance', '1e-12', file('g.json', { models }));
    expect(said).not.toContain('✗');
    expect(exit).toBe(0);
    for (const task of ['multiclass', 'regression', 'multilabel', 'ranking'])
      expect(said).toContain(`scores, ${task} `);
  });

  it('does not hold a convention for one class against anybody, and says so', async () => {
    const csv = file('one.csv', 'id,y_true,y_pred,y_score\n1,0,0,0.25\n2,0,1,0.5\n');
    const path = file('one.json', { models: { one: { average_precision: 0, accuracy: 0.5 } } });
    const { exit, said } = await ask('--predictions', `one=${csv}`, path);
    expect(exit).toBe(0);
    expect(said).toContain('note: one, all rows: average_precision is undefined here (only one class');
  });
});

describe('SciPy and statsmodels themselves', () => {
  const scipy = spawnSync('python3', ['-c', 'import scipy, statsmodels'], { cwd: folder });
  const reason = 'python3 with scipy and statsmodels is not here';

  it.skipIf(scipy.status !== 0)(
    `random cases, unless ${reason}`,
    async () => {
      const script = join(import.meta.dirname, '../tools/oracle/reference.py');
      const made = spawnSync('python3', [script, '20261125', '12'], {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 1e9,
      });
      expect(made.stderr).toBe('');
      const { exit, said } = await ask(file('random.json', made.stdout));
      expect(said).not.toContain('✗');
      expect(exit).toBe(0);
    },
    120_000,
  );
});
