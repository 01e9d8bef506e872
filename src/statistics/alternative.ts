/** Which departure from "no difference" a test looks for; `less`: the first sample (or the observed count) is smaller. */
export type Alternative = 'two-sided' | 'less' | 'greater';

/** A statistic and its p-value, both NaN where they are undefined (too few values, no variation). */
export interface TestResult {
  readonly statistic: number;
  readonly p: number;
}

export const UNDEFINED_RESULT: TestResult = { statistic: Number.NaN, p: Number.NaN };

export function hasNaN(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}
