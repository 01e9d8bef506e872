import { describe, expect, it } from 'vitest';
import { naiveErrors, scoreForecast } from './forecast.js';

const valuesOf = (over: Partial<Parameters<typeof scoreForecast>[0]> = {}) =>
  new Map(
    scoreForecast({
      labels: Float64Array.of(10, 12, 20),
      predicted: Float64Array.of(11, 10, 24),
      quantiles: [
        { level: 0.1, values: Float64Array.of(9, 9, 21) },
        { level: 0.9, values: Float64Array.of(12, 13, 26) },
      ],
      weights: null,
      series: Int32Array.of(0, 0, 1),
      naive: { absolute: Float64Array.of(2, 4), squared: Float64Array.of(5, 16) },
      ...over,
    }).map((measure) => [measure.name, measure]),
  );

describe('scoreForecast', () => {
  it('scales errors by the naive forecast of each series', () => {
    const values = valuesOf();
    expect(values.get('mase')?.value).toBeCloseTo((1 / 2 + 2 / 2 + 4 / 4) / 3, 14);
    expect(values.get('rmsse')?.value).toBeCloseTo((Math.sqrt(2.5 / 5) + Math.sqrt(16 / 16)) / 2, 14);
    expect(values.get('wape')?.value).toBeCloseTo(7 / 42, 14);
  });

  it('judges quantiles and the interval between them', () => {
    const values = valuesOf();
    const low = (0.1 * 1 + 0.1 * 3 + 0.9 * 1) / 3;
    const high = (0.1 * 2 + 0.1 * 1 + 0.1 * 6) / 3;
    expect(values.get('pinball_10')?.value).toBeCloseTo(low, 14);
    expect(values.get('pinball_90')?.value).toBeCloseTo(high, 14);
    expect(values.get('mean_pinball')?.value).toBeCloseTo((low + high) / 2, 14);
    expect(values.get('coverage_80')?.value).toBeCloseTo(2 / 3, 14);
    expect(values.get('interval_width_80')?.value).toBeCloseTo(4, 14);
    expect(values.get('interval_score_80')?.value).toBeCloseTo((3 + 4 + 5 + 10) / 3, 13);
    expect(values.get('weighted_quantile_loss')?.value).toBeCloseTo((3 * (low + high)) / 42, 14);
  });

  it('says why there is no scale', () => {
    const without = valuesOf({
      naive: { absolute: Float64Array.of(2, Number.NaN), squared: Float64Array.of(4, 1) },
    });
    expect(without.get('mase')).toMatchObject({ value: null, reason: expect.stringContaining('no history') });
    const flat = valuesOf({ naive: { absolute: Float64Array.of(2, 0), squared: Float64Array.of(4, 0) } });
    expect(flat.get('rmsse')).toMatchObject({
      value: null,
      reason: expect.stringContaining('repeats itself'),
    });
  });
});

describe('naiveErrors', () => {
  it('steps back by the season', () => {
    expect(naiveErrors([[1, 5, 2, 9]], 2)).toEqual({
      absolute: Float64Array.of(2.5),
      squared: Float64Array.of(8.5),
    });
    expect(naiveErrors([[1, 5]], 2).absolute[0]).toBeNaN();
  });
});
