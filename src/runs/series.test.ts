import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { downsample, MOST_POINTS, recordedSeries } from './series.js';

const line = (length: number) => ({
  name: 'loss',
  steps: Array.from({ length }, (_, index) => index * 10),
  values: Array.from({ length }, (_, index) => index),
});

describe('downsample', () => {
  test('keeps the first and the last point, the order, and at most as many as asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 2, max: 50 }), (length, most) => {
        const { steps, values } = downsample(line(length), most);
        expect(values).toHaveLength(Math.min(length, most));
        expect(steps[0]).toBe(0);
        expect(steps.at(-1)).toBe((length - 1) * 10);
        expect(steps).toEqual(values.map((value) => Number(value) * 10));
        expect(values.every((value, index) => index === 0 || Number(value) > Number(values[index - 1]))).toBe(
          true,
        );
      }),
    );
  });

  test('a short series is untouched', () => {
    expect(downsample(line(MOST_POINTS))).toEqual(line(MOST_POINTS));
  });
});

test('a run keeps a bounded number of points, and tells what it left out', () => {
  const many = Array.from({ length: 60 }, () => line(1500));
  const { series, leftOut } = recordedSeries([{ seed: 7, series: many }]);
  expect([series.length, leftOut]).toEqual([50, 10]);
  expect(series[0]).toMatchObject({ name: 'loss', seed: 7 });
});
