import type { SortedValues } from '../sorted-values.js';
import { quantilesOf } from './quantiles.js';

/** Counts between edges; the last interval contains its upper edge. What lies outside of the edges is counted beside them. */
export interface Histogram {
  /** Ascending, one more than counts. */
  readonly edges: number[];
  readonly counts: number[];
  readonly below: number;
  readonly above: number;
}

const BINS = 30;
/** Whole numbers over at most this many steps get a bar each. */
const MOST_BARS = 40;
/** A range so much wider than the middle 98 % would put almost everything into one bar. */
const STRETCHED = 4;

/** A histogram for the eye: equal widths between the extremes, or between the outer percentiles of a long-tailed column. */
export function histogramOf(sorted: SortedValues): Histogram {
  return countBetween(sorted, edgesOf(sorted));
}

/** Edges that suit the values; at least one value. */
export function edgesOf(sorted: SortedValues): readonly number[] {
  const [min = 0, low = 0, high = 0, max = 0] = quantilesOf(sorted, [0, 0.01, 0.99, 1]);
  return edgesBetween({ min, low, high, max, whole: () => sorted.values.every(Number.isInteger) });
}

/** The same from the extremes and the outer percentiles alone. */
export function edgesBetween(of: {
  readonly min: number;
  readonly low: number;
  readonly high: number;
  readonly max: number;
  /** Whether every value is a whole number. */
  whole(): boolean;
}): readonly number[] {
  const { min, low, high, max } = of;
  if (min === max) return [min, max];
  if (max - min <= MOST_BARS && of.whole()) return Array.from({ length: max - min + 2 }, (_, i) => min + i);
  const stretched = high > low && (max - min) / (high - low) > STRETCHED;
  return stretched ? spaced(low, high, BINS) : spaced(min, max, BINS);
}

function spaced(from: number, to: number, bins: number): readonly number[] {
  // Divided before it is multiplied: the width of the widest doubles is no double.
  return Array.from({ length: bins + 1 }, (_, i) =>
    i === bins ? to : from * (1 - i / bins) + to * (i / bins),
  );
}

export function countBetween({ values, counts }: SortedValues, edges: readonly number[]): Histogram {
  const bins = new Array<number>(Math.max(1, edges.length - 1)).fill(0);
  const first = edges[0] as number;
  const last = edges[edges.length - 1] as number;
  let [below, above, bin] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const count = counts[i] as number;
    if (value < first) below += count;
    else if (value > last) above += count;
    else {
      while (bin < bins.length - 1 && value >= (edges[bin + 1] as number)) bin++;
      bins[bin] = (bins[bin] as number) + count;
    }
  }
  return { edges: [...edges], counts: bins, below, above };
}
