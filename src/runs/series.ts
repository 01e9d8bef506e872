import type { ReadSeries } from './readers/reader.js';
import type { Series } from './record.js';

/** Points of one series, and of all of one run: history is read often, a curve on a screen has no more. */
export const MOST_POINTS = 1000;
const MOST_POINTS_OF_RUN = 50_000;

/**
 * Keeps at most `most` points: the first, the last, and between them one every so many, the same for the same input. The
 * smallest and largest values may fall between; they stay in the file, which is where exact curves belong.
 */
export function downsample(series: ReadSeries, most = MOST_POINTS): ReadSeries {
  const { length } = series.values;
  if (length <= most) return series;
  const kept = Array.from({ length: most }, (_, index) => Math.round((index * (length - 1)) / (most - 1)));
  return {
    name: series.name,
    steps: kept.map((index) => series.steps[index] ?? index),
    values: kept.map((index) => series.values[index] ?? null),
  };
}

/** The series of a run, as many as its record holds; `leftOut` counts the others. */
export function recordedSeries(
  all: readonly { readonly seed: number; readonly series: readonly ReadSeries[] }[],
): { readonly series: readonly Series[]; readonly leftOut: number } {
  const kept: Series[] = [];
  let points = 0;
  let leftOut = 0;
  for (const { seed, series } of all) {
    for (const one of series) {
      const few = downsample(one);
      points += few.values.length;
      if (points > MOST_POINTS_OF_RUN) leftOut++;
      else kept.push({ name: few.name, seed, steps: [...few.steps], values: [...few.values] });
    }
  }
  return { series: kept, leftOut };
}
