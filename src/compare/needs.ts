import { twoSidedQuantile } from '../statistics/distributions/student.js';
import { LEVEL, type Noise } from './difference.js';

/** What would settle an inconclusive difference, if it stayed as large as it is now. */
export interface Needs {
  /** Seeds of each run with the rows as they are; null when no number of seeds alone would do. */
  readonly seeds: number | null;
  /** Rows of evaluation with the seeds as they are; null when rows alone would not do. */
  readonly rows: number | null;
  /** Where neither alone would do: both. Null when one alone does, and when not even both would within reason. */
  readonly both: { readonly seeds: number; readonly rows: number } | null;
}

/** More is not worth printing: nobody trains 500 seeds for one comparison. */
const MOST_SEEDS = 500;

/**
 * @param halfWidth how narrow the interval must get on each side, in the metric's unit; greater than 0
 */
export function needsFor(noise: Noise, halfWidth: number): Needs {
  const [seeds, rows] = [seedsFor(noise, halfWidth), rowsFor(noise, halfWidth)];
  return { seeds, rows, both: seeds === null && rows === null ? bothFor(noise, halfWidth) : null };
}

/** Both in proportion, which shrinks the interval by the square root. */
function bothFor(noise: Noise, halfWidth: number): Needs['both'] {
  if (noise.seedVariance === 0 || !noise.rows || noise.rowVariance === 0) return null;
  const times = ((twoSidedQuantile(LEVEL, null) * noise.standardError) / halfWidth) ** 2;
  const seeds = Math.ceil(noise.seeds * times) + 1;
  return seeds <= MOST_SEEDS ? { seeds, rows: Math.ceil(noise.rows * times) } : null;
}

function seedsFor(noise: Noise, halfWidth: number): number | null {
  if (noise.seedVariance === 0) return null;
  for (let seeds = noise.seeds + 1; seeds <= MOST_SEEDS; seeds++) {
    const quantile = twoSidedQuantile(LEVEL, 2 * (seeds - 1));
    if (quantile * Math.sqrt(noise.rowVariance + noise.seedVariance / seeds) <= halfWidth) return seeds;
  }
  return null;
}

function rowsFor(noise: Noise, halfWidth: number): number | null {
  if (noise.rows === null || noise.rows < 1 || noise.rowVariance === 0) return null;
  const quantile = twoSidedQuantile(LEVEL, noise.degreesOfFreedom);
  const left = (halfWidth / quantile) ** 2 - (noise.standardError ** 2 - noise.rowVariance);
  if (left <= 0) return null;
  return Math.ceil((noise.rows * noise.rowVariance) / left);
}
