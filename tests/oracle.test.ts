import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
    expect(said).toMatch(/scores in slices +34 /);
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
