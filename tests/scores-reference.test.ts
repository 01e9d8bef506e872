import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluateConfig } from '../src/config/model.js';
import type { Metric } from '../src/metrics/metric.js';
import { parsePredictions } from '../src/metrics/predictions.js';
import { scoreAll, scorePredictions } from '../src/metrics/score.js';

/** Every value against what scikit-learn 1.9 computed (tests/fixtures/README.md says how). */

const folder = new URL('./fixtures/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), 'utf8');

function expectClose(actual: number | null | undefined, expected: number, what: string): void {
  const error = Math.abs((actual ?? Number.NaN) - expected);
  expect(error, `${what}: ${actual} instead of ${expected}`).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
}

interface AdultScores {
  readonly n: number;
  readonly slices?: Record<string, Record<string, AdultScores>>;
  readonly [metric: string]: unknown;
}

const NOT_METRICS = new Set([
  'n',
  'positives',
  'calibration_bins',
  'confusion_matrix',
  'confusion_layout',
  'slices',
]);

describe.each(['logistic', 'gradient_boosting'])('Adult, %s', (model) => {
  const reference = (
    JSON.parse(read('predictions/adult_reference_metrics.json')) as {
      models: Record<string, AdultScores>;
    }
  ).models[model] as AdultScores;
  const config = evaluateConfig.parse({
    predictions: 'p.csv',
    task: 'binary',
    slices: ['sex', 'race', ['sex', 'race']],
  });
  const predictions = parsePredictions(read(`predictions/adult_${model}.csv`), { file: 'p.csv', config });
  const metrics = scorePredictions(predictions, config, {});

  function check(scores: AdultScores, slice: Record<string, string> | null): number {
    const own = metrics.filter((metric) => JSON.stringify(metric.slice) === JSON.stringify(slice));
    const byName = new Map(own.map((metric) => [metric.name, metric]));
    let checked = 0;
    for (const [name, expected] of Object.entries(scores)) {
      if (NOT_METRICS.has(name)) continue;
      const metric = byName.get(name);
      expect(metric?.n).toBe(scores.n);
      if (expected === 'nan') expect(metric).toMatchObject({ value: null, reason: expect.any(String) });
      else expectClose(metric?.value, expected as number, `${name} of ${JSON.stringify(slice)}`);
      checked++;
    }
    // The reference leaves out what one class alone cannot have.
    for (const name of ['roc_auc', 'gini', 'average_precision', 'pr_auc_trapezoid', 'ks_statistic']) {
      if (!(name in scores)) expect(byName.get(name)).toMatchObject({ value: null });
    }
    return checked;
  }

  it('has every value over all rows', () => {
    expect(check(reference, null)).toBe(30);
  });

  it('has every value in each slice, and null with a reason where there is none', () => {
    for (const [column, values] of Object.entries(reference.slices ?? {})) {
      for (const [value, scores] of Object.entries(values)) {
        const [sex, race] = value.split(' x ');
        const slice = column === 'sex x race' ? { sex: sex ?? '', race: race ?? '' } : { [column]: value };
        expect(check(scores, slice)).toBeGreaterThanOrEqual(24);
      }
    }
    expect(new Set(metrics.map((metric) => JSON.stringify(metric.slice))).size).toBe(1 + 2 + 5 + 10);
    const oneClass = metrics.find(
      (metric) =>
        metric.name === 'roc_auc' && JSON.stringify(metric.slice) === '{"sex":"Female","race":"Other"}',
    );
    expect(oneClass).toMatchObject({ value: null, reason: 'only one class among the labels', n: 11 });
  });

  it('gives the same bytes whatever the order of the rows', () => {
    const [header, ...lines] = read(`predictions/adult_${model}.csv`).trimEnd().split('\n');
    const turned = [header, ...lines.slice(1234), ...lines.slice(0, 1234).reverse()].join('\r\n');
    const again = scorePredictions(parsePredictions(turned, { file: 'p.csv', config }), config, {});
    expect(JSON.stringify(again)).toBe(JSON.stringify(metrics));
  });
});

interface OracleCase {
  readonly name: string;
  readonly task: 'binary' | 'multiclass' | 'regression';
  readonly y_true: readonly number[];
  readonly y_pred: readonly number[];
  readonly y_score?: readonly number[];
  readonly scores?: readonly (readonly number[])[];
  readonly weight: readonly number[] | null;
  readonly metrics: Readonly<Record<string, number>>;
}

const oracle = JSON.parse(read('scores/scikit-learn.json')) as { cases: readonly OracleCase[] };

/** JSON Lines, so that every digit arrives. */
function asJsonLines(one: OracleCase): string {
  const rows = one.y_true.map((label, i) => ({
    id: i,
    y_true: label,
    y_pred: one.y_pred[i],
    ...(one.y_score ? { y_score: one.y_score[i] } : {}),
    ...Object.fromEntries((one.scores?.[i] ?? []).map((score, k) => [`p[${k}]`, score])),
    ...(one.weight ? { w: one.weight[i] } : {}),
  }));
  return rows.map((row) => JSON.stringify(row)).join('\n');
}

function score(one: OracleCase): readonly Metric[] {
  const columns = {
    ...(one.weight ? { weight: 'w' } : {}),
    ...(one.scores ? { score: 'p[{label}]' } : {}),
  };
  const config = evaluateConfig.parse({ predictions: 'p.jsonl', task: one.task, columns });
  return scorePredictions(parsePredictions(asJsonLines(one), { file: 'p.jsonl', config }), config, {});
}

describe('scikit-learn', () => {
  it.each(oracle.cases.map((one) => [`${one.task}: ${one.name}`, one] as const))('%s', (_, one) => {
    const metrics = new Map(score(one).map((metric) => [metric.name, metric.value]));
    for (const [name, expected] of Object.entries(one.metrics))
      expectClose(metrics.get(name), expected, name);
  });

  it('says which class has no rows', () => {
    const one = oracle.cases.find((found) => found.name === 'one class without rows') as OracleCase;
    expect(score(one).find((metric) => metric.name === 'roc_auc_ovr_macro')).toMatchObject({
      value: null,
      reason: 'no rows of the class "3", or no others',
    });
  });
});

describe('DeLong', () => {
  interface DeLongCase {
    readonly kind: string;
    readonly inputs: { readonly y: number[]; readonly score_a: number[]; readonly score_b: number[] };
    readonly outputs: Readonly<Record<'auc_a' | 'auc_b' | 'var_a' | 'var_b' | 'cov', number>>;
  }
  const { cases } = JSON.parse(read('statistics/statistics_oracle.json')) as { cases: readonly DeLongCase[] };
  const one = cases.find((found) => found.kind === 'delong');

  it('has the variances and the covariance of the structural components', () => {
    if (!one) throw new Error('the fixture has no case');
    const { y, score_a, score_b } = one.inputs;
    // Only the order matters to the AUC: squeezed into (0, 1), which a predictions file needs.
    const influence = (scores: readonly number[]) => {
      const lines = y.map((label, i) => `${i},${label},${1 / (1 + Math.exp(-(scores[i] ?? 0)))}`);
      const config = evaluateConfig.parse({ predictions: 'p.csv', task: 'binary' });
      const text = ['id,y_true,y_score', ...lines].join('\n');
      const predictions = parsePredictions(text, { file: 'p.csv', config });
      const found = scoreAll(predictions, config)[0]?.measures.find(({ name }) => name === 'roc_auc');
      if (!found?.influence) throw new Error('roc_auc has no influence');
      return { value: found.value, influence: found.influence() };
    };
    const [a, b] = [influence(score_a), influence(score_b)];
    const covariance = (left: Float64Array, right: Float64Array) =>
      left.reduce((sum, pull, i) => sum + pull * (right[i] ?? 0), 0) / y.length ** 2;
    expectClose(a.value, one.outputs.auc_a, 'auc_a');
    expectClose(b.value, one.outputs.auc_b, 'auc_b');
    expectClose(covariance(a.influence, a.influence), one.outputs.var_a, 'var_a');
    expectClose(covariance(b.influence, b.influence), one.outputs.var_b, 'var_b');
    expectClose(covariance(a.influence, b.influence), one.outputs.cov, 'cov');
  });
});

describe('speed', () => {
  it('scores 4,000 rows with 17 slices well within a second', () => {
    const config = evaluateConfig.parse({
      predictions: 'p.csv',
      task: 'binary',
      slices: ['sex', 'race', ['sex', 'race']],
    });
    const predictions = parsePredictions(read('predictions/adult_logistic.csv'), { file: 'p.csv', config });
    const start = process.hrtime.bigint();
    for (const { measures } of scoreAll(predictions, config)) for (const one of measures) one.influence?.();
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(1000);
  });
});
