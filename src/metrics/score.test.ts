import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BinaryPredictions, Predictions, RegressionPredictions } from './columnar.js';
import { metricKey } from './metric.js';
import { calibrationBins } from './probability.js';
import { scorePredictions } from './score.js';

const config = { slices: [], split: 'test' };

interface Row {
  readonly label: number;
  readonly score: number;
  readonly weight: number;
}

function binaryOf(rows: readonly Row[], options: { readonly weighted: boolean }): BinaryPredictions {
  return {
    task: 'binary',
    file: 'p.csv',
    rows: rows.length,
    ids: null,
    weights: options.weighted ? Float64Array.from(rows, (row) => row.weight) : null,
    slices: new Map(),
    classes: ['0', '1'],
    labels: Uint8Array.from(rows, (row) => row.label),
    predicted: Uint8Array.from(rows, (row) => (row.score >= 0.5 ? 1 : 0)),
    scores: Float64Array.from(rows, (row) => row.score),
  };
}

function regressionOf(rows: readonly Row[], options: { readonly weighted: boolean }): RegressionPredictions {
  const { weights, slices, ids, file } = binaryOf(rows, options);
  return {
    task: 'regression',
    file,
    ids,
    weights,
    slices,
    rows: rows.length,
    labels: Float64Array.from(rows, (row) => 1 + row.label),
    predicted: Float64Array.from(rows, (row) => 1 + row.score),
  };
}

const values = (predictions: Predictions) =>
  Object.fromEntries(scorePredictions(predictions, config, {}).map((metric) => [metric.name, metric.value]));

/** Scores with and without ties, labels of one class now and then. */
const row = fc.record({
  label: fc.integer({ min: 0, max: 1 }),
  score: fc.oneof(fc.constantFrom(0, 0.25, 0.5, 0.75, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  weight: fc.double({ min: 0.1, max: 10, noNaN: true }),
});
const rowList = fc.array(row, { minLength: 1, maxLength: 40 });

function expectSame(actual: Record<string, number | null>, expected: Record<string, number | null>): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    const other = actual[name];
    if (value === null || typeof other !== 'number') expect(other, name).toBe(value);
    else expect(Math.abs(other - value), name).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
  }
}

describe.each([
  ['binary', binaryOf],
  ['regression', regressionOf],
] as const)('scorePredictions, %s', (_, of) => {
  it('gives the same bytes in any order of the rows', () => {
    fc.assert(
      fc.property(rowList, fc.integer(), fc.boolean(), (rows, seed, weighted) => {
        const order = rows
          .map((_, i) => i)
          .sort((a, b) => ((a * 7919 + seed) % 101) - ((b * 7919 + seed) % 101));
        const turned = order.flatMap((i) => rows[i] ?? []);
        const options = { weighted };
        expect(JSON.stringify(scorePredictions(of(turned, options), config, {}))).toBe(
          JSON.stringify(scorePredictions(of(rows, options), config, {})),
        );
      }),
    );
  });

  it('takes a weight of 2 as the row twice', () => {
    fc.assert(
      fc.property(
        rowList,
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 40, maxLength: 40 }),
        (rows, times) => {
          const weighted = rows.map((one, i) => ({ ...one, weight: times[i] ?? 1 }));
          const repeated = rows.flatMap((one, i) => Array.from({ length: times[i] ?? 1 }, () => one));
          const comparable = (all: Record<string, number | null>) => {
            // What depends on the number of rows, or has no weights.
            const {
              r2: _,
              d2_absolute_error: __,
              d2_log_loss: ___,
              d2_brier: ____,
              spearman: _____,
              ...rest
            } = all;
            return rows.length > 1 ? { ...rest, r2: all.r2 ?? null } : rest;
          };
          expectSame(
            comparable(values(of(weighted, { weighted: true }))),
            comparable(values(of(repeated, { weighted: false }))),
          );
        },
      ),
    );
  });

  it('does not mind the unit of the weights', () => {
    fc.assert(
      fc.property(rowList, (rows) => {
        const scaled = rows.map((one) => ({ ...one, weight: one.weight * 1024 }));
        // scikit-learn's weighted median takes half the weight to within 2.2e-16, whatever the unit.
        const {
          median_absolute_error: _,
          d2_absolute_error: __,
          ...own
        } = values(of(rows, { weighted: true }));
        const all = values(of(scaled, { weighted: true }));
        expectSame(Object.fromEntries(Object.keys(own).map((name) => [name, all[name] ?? null])), own);
      }),
    );
  });

  it('gives finite numbers, or null with a reason', () => {
    fc.assert(
      fc.property(rowList, fc.boolean(), (rows, weighted) => {
        for (const metric of scorePredictions(of(rows, { weighted }), config, {})) {
          if (metric.value === null) expect(metric.reason).toEqual(expect.any(String));
          else expect(Number.isFinite(metric.value)).toBe(true);
          if (metric.stderr !== null) expect(metric.stderr).toBeGreaterThan(0);
          expect(metric.n).toBe(rows.length);
        }
      }),
    );
  });
});

describe('scorePredictions', () => {
  const perfect = [0, 0, 0, 1, 1].map((label) => ({ label, score: label === 1 ? 0.9 : 0.1, weight: 1 }));

  it('knows a perfect prediction', () => {
    expect(values(binaryOf(perfect, { weighted: false }))).toMatchObject({
      accuracy: 1,
      f1_binary: 1,
      roc_auc: 1,
      average_precision: 1,
      ks_statistic: 1,
      gini: 1,
      mcc: 1,
      cohen_kappa: 1,
      false_positive_rate: 0,
      false_negative_rate: 0,
    });
  });

  it('knows an inverted prediction', () => {
    const inverted = perfect.map((one) => ({ ...one, score: 1 - one.score }));
    expect(values(binaryOf(inverted, { weighted: false }))).toMatchObject({
      accuracy: 0,
      roc_auc: 0,
      gini: -1,
      mcc: -1,
      false_positive_rate: 1,
    });
  });

  it('counts a tie as half', () => {
    const tied = perfect.map((one) => ({ ...one, score: 0.5 }));
    expect(values(binaryOf(tied, { weighted: false }))).toMatchObject({
      roc_auc: 0.5,
      average_precision: 0.4,
    });
  });

  it('claims no certainty from rows without variation', () => {
    const accuracy = scorePredictions(binaryOf(perfect, { weighted: false }), config, {}).find(
      (metric) => metric.name === 'accuracy',
    );
    expect(accuracy).toMatchObject({ value: 1, stderr: null, n: 5 });
  });

  it('puts a score on the edge of two bins into the lower one, as scikit-learn’s calibration_curve does', () => {
    const rows = [0, 0.1, 0.3, 0.30000000000000004, 0.6, 0.7, 1].map((score) => ({
      label: 0,
      score,
      weight: 1,
    }));
    const { labels, scores } = binaryOf(rows, { weighted: false });
    const bins = calibrationBins({ labels, scores: scores ?? new Float64Array(), weights: null });
    expect(bins.map(({ bin, weight }) => [bin, weight])).toEqual([
      [0, 2],
      [2, 2],
      [5, 1],
      [6, 1],
      [9, 1],
    ]);
  });

  it('gives the standard error of a share', () => {
    const rows = perfect.map((one, i) => (i === 0 ? { ...one, score: 0.9 } : one));
    const accuracy = scorePredictions(binaryOf(rows, { weighted: false }), config, {}).find(
      (metric) => metric.name === 'accuracy',
    );
    expect(accuracy?.stderr).toBeCloseTo(Math.sqrt((0.8 * 0.2) / 5), 12);
  });

  it('says once that there are no scores', () => {
    const predictions = {
      ...binaryOf(perfect, { weighted: false }),
      scores: null,
      slices: new Map([['g', { codes: Int32Array.of(0, 0, 1, 1, 1), values: ['a', 'b'] }]]),
    };
    const metrics = scorePredictions(predictions, { slices: ['g'], split: 'test' }, {});
    expect(metrics.filter((metric) => metric.name === 'roc_auc')).toMatchObject([
      { value: null, reason: 'no score column', slice: null },
    ]);
    expect(metrics.filter((metric) => metric.name === 'accuracy').map((metric) => metric.n)).toEqual([
      5, 2, 3,
    ]);
  });

  it('has one key per metric, the split and the file in each, and the direction by name or rule', () => {
    const rules = { accuracy: { direction: 'none' }, gini: { direction: 'lower' } } as const;
    const metrics = scorePredictions(
      binaryOf(perfect, { weighted: false }),
      { slices: [], split: 'dev' },
      rules,
    );
    expect(new Set(metrics.map(metricKey)).size).toBe(metrics.length);
    for (const metric of metrics)
      expect(metric).toMatchObject({ split: 'dev', source: 'p.csv', seed_values: null });
    const directions = Object.fromEntries(metrics.map((metric) => [metric.name, metric.direction]));
    expect(directions).toMatchObject({
      accuracy: 'none',
      gini: 'lower',
      ks_statistic: 'higher',
      roc_auc: 'higher',
      log_loss: 'lower',
      ece_10_equal_width: 'lower',
      selection_rate: 'none',
    });
    const unknown = Object.keys(directions).filter((name) => directions[name] === 'none');
    expect(unknown).toEqual(['accuracy', 'selection_rate']);
  });

  it('knows what cannot be said of regression labels that are all equal, or 0', () => {
    const rows = [0.1, 0.2].map((score) => ({ label: -1, score, weight: 1 }));
    const metrics = scorePredictions(regressionOf(rows, { weighted: false }), config, {});
    const reasons = Object.fromEntries(
      metrics.flatMap((one) => (one.reason ? [[one.name, one.reason]] : [])),
    );
    const constant = '0/0 counts as 0: all labels are equal';
    expect(reasons).toEqual({
      r2: constant,
      explained_variance: constant,
      d2_absolute_error: constant,
      mape: 'it divides by the label, and labels of 0 count as 2.2e-16',
      wape: 'all labels are 0',
      pearson: 'all labels are equal',
      d2_poisson: 'all labels are equal',
      spearman: 'all labels are equal',
    });
  });

  it('leaves out a slice whose rows all weigh nothing', () => {
    const predictions = {
      ...binaryOf(
        perfect.map((one, i) => ({ ...one, weight: i < 2 ? 0 : 1 })),
        { weighted: true },
      ),
      slices: new Map([['g', { codes: Int32Array.of(0, 0, 1, 1, 1), values: ['a', 'b'] }]]),
    };
    const slices = scorePredictions(predictions, { slices: ['g'], split: 'test' }, {}).map(
      (metric) => metric.slice?.g,
    );
    expect(new Set(slices)).toEqual(new Set([undefined, 'b']));
  });
});
