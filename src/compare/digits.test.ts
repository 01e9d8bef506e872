import { describe, expect, it } from 'vitest';
import { comparisonDigits } from './digits.js';
import type { MetricComparison } from './record.js';

function compared(before: number, after: number, halfWidth: number | null): MetricComparison {
  const difference = after - before;
  const side = (value: number) => ({ value, n: null, stderr: null, seed_values: null });
  return {
    name: 'm',
    split: null,
    slice: null,
    direction: 'higher',
    candidate: side(after),
    baseline: side(before),
    difference,
    interval: halfWidth === null ? null : [difference - halfWidth, difference + halfWidth],
    level: 0.95,
    standard_error: null,
    degrees_of_freedom: null,
    p: null,
    p_adjusted: null,
    method: 'none',
    tolerance: 0,
    verdict: 'better',
    reason: '',
    needs: null,
  };
}

describe('digits that mean something', () => {
  it.each([
    [0.915321, 0.920114, 0.0027, ['0.9153', '0.9201', '+0.0048', '+0.0021 … +0.0075']],
    [0.915321, 0.920114, 0.27, ['0.92', '0.92', '+0.00', '−0.27 … +0.27']],
    [1234.567, 1201.2, 30, ['1235', '1201', '−33', '−63 … −3']],
    [48842, 48850, 2.5, ['48842', '48850', '+8.0', '+5.5 … +10.5']],
    [-0.25, -0.31, 0.011, ['−0.250', '−0.310', '−0.060', '−0.071 … −0.049']],
    [0.5, 0.5125, null, ['0.5000', '0.5125', '+0.0125', '']],
    [0.5, 0.5, null, ['0.5', '0.5', '±0', '']],
    [1.2e-9, 1.5e-9, 1e-10, ['1.2e-9', '1.5e-9', '+3e-10', '+2e-10 … +4e-10']],
    [1e300, 2e300, 1e299, ['1e+300', '2e+300', '+1e+300', '+9e+299 … +1.1e+300']],
  ])('%d, then %d ± %d', (before, after, halfWidth, expected) => {
    const digits = comparisonDigits(compared(before, after, halfWidth));
    expect([digits.baseline, digits.candidate, digits.difference, digits.interval]).toEqual(expected);
  });

  it('says that there is no value', () => {
    const metric = compared(0.5, 0.6, null);
    const without = {
      ...metric,
      difference: null,
      baseline: null,
      candidate: { ...metric.candidate, value: null },
    };
    expect(comparisonDigits(without as MetricComparison)).toEqual({
      baseline: '–',
      candidate: 'no value',
      difference: '',
      interval: '',
    });
  });
});
