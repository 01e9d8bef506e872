import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalogEntry } from '../src/metrics/catalog.js';
import { parsePredictions } from '../src/metrics/predictions.js';
import { scorePredictions } from '../src/metrics/score.js';
import { asJsonLines, type Case, configOf, randomCases } from './scikit-learn/cases.js';

/** Every metric against scikit-learn itself, on random cases: ties, weights, zero weights, one class, one row, huge and tiny values. */

const python = ['python3', 'python'].find(
  (command) => spawnSync(command, ['-c', 'import sklearn, scipy']).status === 0,
);
const program = fileURLToPath(new URL('./scikit-learn/scores.py', import.meta.url));

type Scores = Readonly<Record<string, number | null>>;

function scikitLearn(cases: readonly Case[]): readonly Scores[] {
  const answer = execFileSync(python ?? '', [program], {
    input: JSON.stringify(cases),
    maxBuffer: 100_000_000,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return JSON.parse(answer.toString()) as readonly Scores[];
}

function assay(one: Case): Scores {
  const config = configOf(one);
  const predictions = parsePredictions(asJsonLines(one), { file: 'p.jsonl', config });
  return Object.fromEntries(
    scorePredictions(predictions, config, {}).map(({ name, value }) => [name, value]),
  );
}

/** 1e-12 of the value; where the value itself is a difference of near equals, of what it is the difference of. */
function expectClose(actual: number | null | undefined, expected: number, what: string): void {
  const error = Math.abs((actual ?? Number.NaN) - expected);
  expect(error, `${what}: ${actual} instead of ${expected}`).toBeLessThanOrEqual(
    1e-12 * Math.abs(expected) +
      (/^(r2|d2_|explained|mcc|cohen|zero_one|pearson|spearman|ece|mce)/.test(what) ? 4e-15 : 0),
  );
}

describe.skipIf(python === undefined)(
  'scikit-learn itself (skipped where there is no python3 with scikit-learn)',
  () => {
    const cases = randomCases(60);
    const expected = python === undefined ? [] : scikitLearn(cases);

    it.each(cases.map((one, at) => [one.name, one, at] as const))('%s', (_, one, at) => {
      const own = assay(one);
      const theirs = expected[at] ?? {};
      expect(Object.keys(theirs).length).toBeGreaterThan(9);
      for (const [name, value] of Object.entries(theirs)) {
        if (value === null) expect(own[name] ?? null, `${name} of ${one.name}`).toBeNull();
        else expectClose(own[name], value, name);
      }
    });
  },
);

describe('the catalog of metrics', () => {
  it.each(randomCases(20).map((one) => [one.name, one] as const))('describes all of %s', (_, one) => {
    const config = configOf(one);
    const predictions = parsePredictions(asJsonLines(one), { file: 'p.jsonl', config });
    for (const { name, direction } of scorePredictions(predictions, config, {})) {
      const entry = catalogEntry(name);
      expect(entry?.tasks, name).toContain(one.task);
      expect(direction, name).toBe(entry?.direction);
    }
  });
});
