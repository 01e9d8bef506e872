import { describe, expect, it } from 'vitest';
import { evaluateConfig } from '../../config/model.js';
import { metricKey } from '../../metrics/metric.js';
import { parsePredictions } from '../../metrics/predictions.js';
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
