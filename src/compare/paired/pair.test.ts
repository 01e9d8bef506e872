import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type EvaluateConfig, evaluateConfig } from '../../config/model.js';
import { metricKey } from '../../metrics/metric.js';
import { parsePredictions } from '../../metrics/predictions.js';
import type { PairedEvidence } from '../compare.js';
import { pairRows } from './pair.js';

const config: EvaluateConfig = evaluateConfig.parse({
  predictions: 'p.csv',
  task: 'binary',
  slices: ['group'],
});

interface Row {
  readonly id: number;
  readonly label: number;
  readonly score: number;
  readonly group: string;
}

function file(rows: readonly Row[]) {
  const lines = rows.map(({ id, label, score, group }) => [id, label, score, group].join(','));
  return parsePredictions(`id,y_true,y_score,group\n${lines.join('\n')}\n`, { file: 'p.csv', config });
}

/** Rows whose score follows the label loosely, by a linear congruential generator. */
function rows(count: number, seed: number): Row[] {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  return Array.from({ length: count }, (_, id) => {
    const label = id % 3 === 0 ? 1 : 0;
    const score = Math.round((0.25 + 0.3 * label + 0.4 * (uniform() - 0.5)) * 1e6) / 1e6;
    return { id, label, score, group: id % 2 ? 'odd' : 'even' };
  });
}

function errorOf(evidence: PairedEvidence, name: string, group: string | null = null): number {
  if (evidence.kind !== 'paired') throw new Error(`${evidence.kind}: ${evidence.why}`);
  const key = metricKey({ name, split: 'test', slice: group === null ? null : { group } });
  return evidence.byMetric.get(key)?.standardError ?? Number.NaN;
}

describe('pairRows', () => {
  it('is DeLong’s test for the area under the ROC curve', () => {
    const oracle = JSON.parse(
      readFileSync(
        new URL('../../../tests/fixtures/statistics/statistics_oracle.json', import.meta.url),
        'utf8',
      ),
    ) as {
      cases: {
        kind: string;
        inputs: { y: number[]; score_a: number[]; score_b: number[] };
        outputs: Record<string, number>;
      }[];
    };
    const cases = oracle.cases.filter(({ kind }) => kind === 'delong');
    expect(cases.length).toBeGreaterThan(0);
    for (const { inputs, outputs } of cases) {
      // The area depends on ranks alone, so any monotonic map into [0, 1] leaves it.
      const scores = [...inputs.score_a, ...inputs.score_b];
      const [low, high] = [Math.min(...scores), Math.max(...scores)];
      const of = (values: readonly number[]) =>
        file(
          values.map((score, id) => ({
            id,
            label: inputs.y[id] ?? 0,
            score: (score - low) / (high - low),
            group: 'all',
          })),
        );
      const error = errorOf(pairRows([of(inputs.score_a)], [of(inputs.score_b)], config), 'roc_auc');
      const variance = (outputs.var_a ?? 0) + (outputs.var_b ?? 0) - 2 * (outputs.cov ?? 0);
      // DeLong divides by m(m−1) and n(n−1), the infinitesimal jackknife by m² and n²: the same but for a factor near 1.
      const positives = inputs.y.filter((label) => label === 1).length;
      const factor = Math.min(positives, inputs.y.length - positives);
      expect(error ** 2 / variance).toBeGreaterThan((factor - 1) / factor - 0.02);
      expect(error ** 2 / variance).toBeLessThan(1.0000001);
    }
  });

  it('is exact for a mean: accuracy', () => {
    const [a, b] = [rows(600, 1), rows(600, 2)];
    const right = (row: Row) => Number(Number(row.score >= 0.5) === row.label);
    const differences = a.map((row, i) => right(row) - right(b[i] ?? row));
    const mean = differences.reduce((sum, d) => sum + d, 0) / 600;
    const expected = Math.sqrt(differences.reduce((sum, d) => sum + (d - mean) ** 2, 0)) / 600;
    expect(errorOf(pairRows([file(a)], [file(b)], config), 'accuracy')).toBeCloseTo(expected, 12);
  });

  it('matches rows by id, in whatever order they stand', () => {
    const [a, b] = [rows(300, 1), rows(300, 2)];
    const straight = pairRows([file(a)], [file(b)], config);
    const shuffled = pairRows([file(a)], [file([...b].reverse())], config);
    for (const group of [null, 'odd', 'even']) {
      expect(errorOf(shuffled, 'roc_auc', group)).toBeCloseTo(errorOf(straight, 'roc_auc', group), 12);
    }
  });

  it('is zero for the same predictions, and smaller the more alike they are', () => {
    const a = rows(300, 1);
    const near = a.map((row) => (row.id % 50 === 0 ? { ...row, score: 0.5 } : row));
    expect(errorOf(pairRows([file(a)], [file(a)], config), 'log_loss')).toBe(0);
    const close = errorOf(pairRows([file(near)], [file(a)], config), 'log_loss');
    const far = errorOf(pairRows([file(rows(300, 9))], [file(a)], config), 'log_loss');
    expect(close).toBeGreaterThan(0);
    expect(close).toBeLessThan(far);
  });

  it('averages seeds: two files that are the same count once', () => {
    const [a, b] = [rows(300, 1), rows(300, 2)];
    const once = errorOf(pairRows([file(a)], [file(b)], config), 'brier');
    expect(errorOf(pairRows([file(a), file(a)], [file(b)], config), 'brier')).toBeCloseTo(once, 14);
  });

  it('compares the rows that both have, with their values on these, and says what is left out', () => {
    const [a, b] = [rows(300, 1), rows(300, 2)];
    const relabelled = b.map((row) => (row.id < 3 ? { ...row, label: 1 - row.label } : row));
    const partly = pairRows([file(a)], [file(relabelled.slice(0, 200))], config);
    if (partly.kind !== 'paired') throw new Error(partly.kind);
    expect(partly.common?.words).toBe(
      '197 rows in common, of 300 here and 200 in the baseline; the labels of 3 rows differ',
    );
    const whole = pairRows([file(a.slice(3, 200))], [file(b.slice(3, 200))], config);
    if (whole.kind !== 'paired') throw new Error(whole.kind);
    expect(whole.common).toBeUndefined();
    expect(partly.byMetric).toEqual(whole.byMetric);
    const key = metricKey({ name: 'brier', split: 'test', slice: { group: 'odd' } });
    const brier = (rows: readonly Row[]) => {
      const odd = rows.slice(3, 200).filter(({ group }) => group === 'odd');
      return odd.reduce((sum, { label, score }) => sum + (label - score) ** 2, 0) / odd.length;
    };
    const values = partly.common?.values.get(key);
    expect(values?.candidate[0]).toBeCloseTo(brier(a), 14);
    expect(values?.baseline[0]).toBeCloseTo(brier(b), 14);
    expect(values?.rows).toBe(99);
  });

  it('refuses when no row is the same', () => {
    const a = rows(30, 1);
    const others = a.map((row) => ({ ...row, id: row.id + 100 }));
    expect(pairRows([file(a)], [file(others)], config)).toEqual({
      kind: 'incomparable',
      why: 'scored on other rows: 0 rows in common, of 30 here and 30 in the baseline',
    });
  });

  it('has nothing to pair without files', () => {
    expect(pairRows([], [file(rows(10, 1))], config)).toEqual({ kind: 'unpaired', why: null });
  });
});
