import { StableSum } from '../../statistics/sums.js';
import type { SortedValues } from '../sorted-values.js';

export interface Moments {
  readonly mean: number;
  /** With n − 1 below, as pandas and R have it; null for a single value. */
  readonly sd: number | null;
  /** g₁ = m₃ / m₂^1.5 and g₂ = m₄ / m₂² − 3 (SciPy's default, no correction for n); null when all values are equal. */
  readonly skewness: number | null;
  readonly kurtosis: number | null;
}

/**
 * Two passes over the values in ascending order with compensated sums (Neumaier, ZAMM 54, 1974): the order does not
 * depend on threads, so the result is the same to the last bit on every machine. At least one value.
 */
export function momentsOf({ values, counts, total }: SortedValues): Moments {
  // Centring first keeps 1e9 + noise from losing the noise, and 1e308 from overflowing in the sum.
  const range = (values[values.length - 1] ?? 0) - (values[0] ?? 0);
  const origin = Number.isFinite(range) ? (values[values.length >> 1] ?? 0) : 0;
  const shift = new StableSum();
  const length = values.length;
  for (let i = 0; i < length; i++) {
    shift.add((((values[i] as number) - origin) / total) * (counts[i] as number));
  }
  const mean = origin + shift.value;
  const [second, third, fourth] = [new StableSum(), new StableSum(), new StableSum()];
  for (let i = 0; i < length; i++) {
    const x = (values[i] as number) - mean;
    const count = counts[i] as number;
    const square = x * x;
    second.add(square * count);
    third.add(square * x * count);
    fourth.add(square * square * count);
  }
  const m2 = second.value / total;
  const flat = length < 2 || !(m2 > 0) || !Number.isFinite(m2);
  return {
    mean,
    sd: total > 1 && Number.isFinite(m2) ? Math.sqrt((m2 * total) / (total - 1)) : null,
    skewness: flat ? null : finite(third.value / total / m2 ** 1.5),
    kurtosis: flat ? null : finite(fourth.value / total / m2 ** 2 - 3),
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
