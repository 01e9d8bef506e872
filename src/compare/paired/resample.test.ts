import { describe, expect, it } from 'vitest';
import { evaluateConfig } from '../../config/model.js';
import { metricKey } from '../../metrics/metric.js';
import { ascending } from '../../metrics/order.js';
import { parsePredictions } from '../../metrics/predictions.js';
import { averagePrecision, rankingOf, rocAuc } from '../../metrics/ranking.js';
import { bootstrapIntervals } from '../../statistics/bootstrap.js';
import { randomOf } from '../../statistics/random.js';
import { pairRows } from './pair.js';

const config = evaluateConfig.parse({ predictions: 'p.csv', task: 'regression' });

/** Two models with errors of that spread on the same rows. */
function files(rows: number, seed: number, [first, second]: readonly [number, number]) {
  const random = randomOf(seed);
  const truth = Array.from({ length: rows }, () => random.normal());
  return [first, second].map((spread) => {
    const lines = truth.map((y, id) => `${id},${y},${y + spread * random.normal()}`);
    return parsePredictions(`id,y_true,y_pred\n${lines.join('\n')}\n`, { file: 'p.csv', config });
  });
}

function evidence(rows: number, seed: number, spreads: readonly [number, number], name: string) {
  const [a, b] = files(rows, seed, spreads);
  if (!a || !b) throw new Error('no files');
  const paired = pairRows([a], [b], config);
  if (paired.kind !== 'paired') throw new Error(paired.kind);
  return paired.byMetric.get(metricKey({ name, split: 'test', slice: null }));
}

describe('metrics without influence', () => {
  it('are resampled: the bootstrap of a median has the error that theory has', () => {
    const found = evidence(400, 1, [1, 1], 'median_absolute_error');
    expect(found?.method).toBe('paired rows, bootstrap');
    // Of the median of |error|: 1 / (2 f √n), f the density of |normal| at its median; √2 for two independent models.
    const expected = Math.SQRT2 / (2 * 0.6355 * Math.sqrt(400));
    expect((found?.standardError ?? 0) / expected).toBeGreaterThan(0.75);
    expect((found?.standardError ?? 0) / expected).toBeLessThan(1.35);
  });

  it('of many rows are compared in batches, with an error of the same size', () => {
    const found = evidence(6000, 2, [1, 1], 'median_absolute_error');
    expect(found?.method).toBe('paired rows, batches');
    const expected = Math.SQRT2 / (2 * 0.6355 * Math.sqrt(6000));
    expect((found?.standardError ?? 0) / expected).toBeGreaterThan(0.5);
    expect((found?.standardError ?? 0) / expected).toBeLessThan(1.6);
  });

  it('are the same each time, and see a large difference', () => {
    const found = evidence(300, 3, [0.5, 1.5], 'median_absolute_error');
    expect(evidence(300, 3, [0.5, 1.5], 'median_absolute_error')).toEqual(found);
    expect(found?.interval?.[1]).toBeLessThan(0);
    expect(found?.p).toBeLessThan(0.01);
  });

  it('are not resampled from a handful of rows', () => {
    expect(evidence(12, 4, [1, 1], 'median_absolute_error')).toBeUndefined();
  });
});

describe('the closed form of an interval, which spares a thousand resamples', () => {
  const random = randomOf(11);
  const rows = 1500;
  const labels = Uint8Array.from({ length: rows }, () => (random.uniform() < 0.3 ? 1 : 0));
  const [a, b] = [0.9, 1.1].map((apart) =>
    Float64Array.from(labels, (label) => 1 / (1 + Math.exp(-(apart * (2 * label - 1) + random.normal())))),
  ) as [Float64Array, Float64Array];
  const of = (scores: Float64Array) => ({
    task: 'binary' as const,
    file: 'p.csv',
    rows,
    ids: null,
    weights: null,
    slices: new Map(),
    classes: ['0', '1'] as const,
    labels,
    predicted: Uint8Array.from(labels),
    scores,
  });
  const paired = pairRows([of(b)], [of(a)], { slices: [], split: 'test' });
  const orders = [ascending(a), ascending(b)] as const;

  it.each([
    [
      'roc_auc',
      (scores: Float64Array, weights: Float64Array, order: Int32Array) =>
        rocAuc(rankingOf(labels, scores, weights, order)).value,
    ],
    [
      'average_precision',
      (scores: Float64Array, weights: Float64Array, order: Int32Array) =>
        averagePrecision(rankingOf(labels, scores, weights, order)).value,
    ],
    [
      'brier',
      (scores: Float64Array, weights: Float64Array) =>
        scores.reduce(
          (sum, score, i) => sum + (weights[i] as number) * (score - (labels[i] as number)) ** 2,
          0,
        ) / rows,
    ],
  ] as const)('is that of the paired bootstrap with BCa: %s', (name, value) => {
    const difference = (weights: Float64Array) =>
      (value(b, weights, orders[1]) ?? Number.NaN) - (value(a, weights, orders[0]) ?? Number.NaN);
    const draw = randomOf(5);
    const replicates = Float64Array.from({ length: 1500 }, () => {
      const weights = new Float64Array(rows);
      for (let i = 0; i < rows; i++) {
        const row = draw.below(rows);
        weights[row] = (weights[row] as number) + 1;
      }
      return difference(weights);
    });
    const groups = Array.from({ length: 100 }, (_, group) =>
      difference(
        Float64Array.from({ length: rows }, (_row, row) =>
          row % 100 === group ? 0 : rows / (rows - rows / 100),
        ),
      ),
    );
    const estimate = difference(new Float64Array(rows).fill(1));
    const { bca, standardError } = bootstrapIntervals({
      estimate,
      replicates,
      jackknife: groups,
      level: 0.95,
    });
    const evidence =
      paired.kind === 'paired'
        ? paired.byMetric.get(metricKey({ name, split: 'test', slice: null }))
        : undefined;
    // Of 1,500 replicates an error is known to 2 %, and an end of the interval to 0.09 errors.
    expect((evidence?.standardError ?? 0) / standardError).toBeGreaterThan(0.93);
    expect((evidence?.standardError ?? 0) / standardError).toBeLessThan(1.07);
    for (const end of [0, 1] as const) {
      expect(Math.abs((evidence?.interval?.[end] ?? Number.NaN) - bca[end]) / standardError).toBeLessThan(
        0.3,
      );
    }
  });
});
