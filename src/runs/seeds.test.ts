import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Metric } from '../metrics/metric.js';
import { meanOf, mergeSeeds, recordedMetric } from './seeds.js';

function metric(name: string, fields: Partial<Metric> = {}): Metric {
  return { ...recordedMetric({ name, value: 1 }, { source: 'm.json', rules: {} }), ...fields };
}

const seedOf = (seed: number, metrics: readonly Metric[], complete = true) => ({ seed, metrics, complete });

describe('mergeSeeds', () => {
  test('one seed stays as it is', () => {
    const metrics = [metric('acc', { value: 0.5 })];
    expect(mergeSeeds([seedOf(3, metrics)])).toEqual(metrics);
    expect(mergeSeeds([])).toEqual([]);
  });

  test('the mean of the values, with the values in the order of the seeds', () => {
    const merged = mergeSeeds([
      seedOf(3, [metric('acc', { value: 0.9, n: 100, stderr: 0.02 })]),
      seedOf(1, [metric('acc', { value: 0.7, n: 100, stderr: 0.04 })]),
    ]);
    expect(merged).toEqual([metric('acc', { value: 0.8, n: 100, stderr: 0.03, seed_values: [0.9, 0.7] })]);
  });

  test('slices and splits are metrics of their own', () => {
    const metrics = [metric('acc'), metric('acc', { split: 'test' }), metric('acc', { slice: { sex: 'F' } })];
    expect(mergeSeeds([seedOf(1, metrics), seedOf(2, metrics)])).toHaveLength(3);
  });

  test('one seed without a number leaves the metric without one, and is named', () => {
    const failed = metric('acc', { value: null, reason: 'NaN in m.json' });
    expect(mergeSeeds([seedOf(1, [metric('acc')]), seedOf(2, [failed])])).toEqual([
      metric('acc', { value: null, seed_values: [1, null], reason: 'NaN in m.json (seed 2)' }),
    ]);
    expect(mergeSeeds([seedOf(1, [metric('acc')]), seedOf(2, [])])[0]?.reason).toBe(
      'it was not measured (seed 2)',
    );
    expect(mergeSeeds([seedOf(1, [failed]), seedOf(2, [failed])])[0]?.reason).toBe('NaN in m.json');
  });

  test('a seed whose training failed is left out of the mean', () => {
    expect(mergeSeeds([seedOf(1, [metric('acc', { value: 0.9 })]), seedOf(2, [], false)])).toEqual([
      metric('acc', { value: 0.9, seed_values: [0.9, null] }),
    ]);
  });

  test('what differs between the seeds is not claimed', () => {
    const [merged] = mergeSeeds([
      seedOf(1, [metric('acc', { n: 10, stderr: 0.1 })]),
      seedOf(2, [metric('acc', { n: 11, stderr: null })]),
    ]);
    expect(merged).toMatchObject({ n: null, stderr: null });
  });

  test('the mean lies within the values, is theirs when they agree, and keeps their order', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(finite, { minLength: 2, maxLength: 6 }), (values) => {
        const [merged] = mergeSeeds(values.map((value, seed) => seedOf(seed, [metric('acc', { value })])));
        expect(merged?.seed_values).toEqual(values);
        expect(merged?.value).toBeGreaterThanOrEqual(Math.min(...values));
        expect(merged?.value).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
    fc.assert(
      fc.property(finite, fc.integer({ min: 1, max: 7 }), (value, count) => {
        expect(meanOf(Array(count).fill(value))).toBe(value);
      }),
    );
  });
});
