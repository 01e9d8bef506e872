import { scoreBinary } from '../../metrics/binary.js';
import type { Measure } from '../../metrics/measure.js';
import { mcnemar } from '../../statistics/contingency.js';
import { binomialPmf } from '../../statistics/distributions/binomial.js';
import { sumError } from '../../statistics/moments.js';
import { pairedShares } from '../../statistics/proportions.js';
import type { PairedRows } from '../difference.js';

/**
 * Two models that decide between two classes on the same rows. All metrics of decisions depend on eight counts alone (label × decision
 * of each), so what a row-by-row method costs elsewhere is done here on counts, exactly and for any number of rows.
 */

/** Counts by label, then by what the candidate and what the baseline decides: `counts[label][candidate][baseline]`, flat. */
export type JointCounts = readonly number[];

export interface Decisions {
  readonly labels: Uint8Array;
  readonly candidate: Uint8Array;
  readonly baseline: Uint8Array;
}

export function jointCounts({ labels, candidate, baseline }: Decisions): JointCounts {
  const counts = new Array<number>(8).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const cell = 4 * (labels[i] as number) + 2 * (candidate[i] as number) + (baseline[i] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
  return counts;
}

const CELLS = {
  labels: Uint8Array.from({ length: 8 }, (_, cell) => cell >> 2),
  candidate: Uint8Array.from({ length: 8 }, (_, cell) => (cell >> 1) & 1),
  baseline: Uint8Array.from({ length: 8 }, (_, cell) => cell & 1),
} as const;

/** Cells where the two differ: decided 0 and 1, or 1 and 0, for a row of either label. */
const DIFFERING = [1, 2, 5, 6] as const;

/** Metrics that are the share of some rows that are decided rightly (or wrongly: a sign of −1). */
const SHARES: Readonly<Record<string, { readonly of: 'all' | 0 | 1; readonly sign: 1 | -1 }>> = {
  accuracy: { of: 'all', sign: 1 },
  precision_micro: { of: 'all', sign: 1 },
  recall_micro: { of: 'all', sign: 1 },
  f1_micro: { of: 'all', sign: 1 },
  recall_weighted: { of: 'all', sign: 1 },
  zero_one_loss: { of: 'all', sign: -1 },
  recall_binary: { of: 1, sign: 1 },
  false_negative_rate: { of: 1, sign: -1 },
  specificity: { of: 0, sign: 1 },
  false_positive_rate: { of: 0, sign: -1 },
};

/** Evidence for every metric of decisions, by name. */
export function decisionEvidence(counts: JointCounts): ReadonlyMap<string, PairedRows> {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const found = new Map<string, PairedRows>();
  const errors = smoothedErrors(counts, rows);
  const swaps = swapTest(counts);
  for (const [name, error] of errors) {
    const share = SHARES[name];
    const p = swaps?.get(name);
    if (share) found.set(name, { ...error, ...shareEvidence(counts, share) });
    else if (p !== undefined) found.set(name, { ...error, p, method: 'paired rows, exact swaps' });
    else found.set(name, error);
  }
  return found;
}

function shareEvidence(
  counts: JointCounts,
  share: { readonly of: 'all' | 0 | 1; readonly sign: 1 | -1 },
): Pick<PairedRows, 'interval' | 'p' | 'method'> & Partial<Pick<PairedRows, 'standardError'>> {
  let [onlyCandidate, onlyBaseline, n] = [0, 0, 0];
  counts.forEach((count, cell) => {
    const label = CELLS.labels[cell];
    if (share.of !== 'all' && share.of !== label) return;
    const [candidate, baseline] = [CELLS.candidate[cell] === label, CELLS.baseline[cell] === label];
    n += count;
    if (candidate && !baseline) onlyCandidate += count;
    if (baseline && !candidate) onlyBaseline += count;
  });
  const differing = onlyCandidate + onlyBaseline;
  const [low, high] = pairedShares({ onlyFirst: onlyCandidate, onlySecond: onlyBaseline, n });
  return {
    // The plain error of a mean where there is one.
    ...(differing > 0
      ? { standardError: Math.sqrt(differing - (onlyCandidate - onlyBaseline) ** 2 / n) / n }
      : {}),
    interval: share.sign === 1 ? [low, high] : [-high, -low],
    p: mcnemar(onlyCandidate, onlyBaseline).pMid,
    method: 'paired rows, McNemar',
  };
}

/**
 * Standard errors by the delta method at the counts with half a row added to each cell in which the two differ: where few rows or none differ,
 * the plain formula claims more than it knows (Agresti and Min, Statistics in Medicine 24, 2005; Bonett and Price, 2012).
 */
function smoothedErrors(counts: JointCounts, rows: number): Map<string, PairedRows> {
  const smoothed = Float64Array.from(counts);
  for (const cell of DIFFERING) {
    // A label without rows stays without: there is nothing to be right about.
    const first = cell < 4 ? 0 : 4;
    const occurs = counts.slice(first, first + 4).some((count) => count > 0);
    if (occurs) smoothed[cell] = (smoothed[cell] as number) + 0.5;
  }
  const { candidate, baseline, weights } = measuresOf(smoothed);
  const errors = new Map<string, PairedRows>();
  for (const [name, measure] of candidate) {
    const other = baseline.get(name);
    if (!measure.influence || !other?.influence) continue;
    const [ours, theirs] = [measure.influence(), other.influence()];
    // Influence is rows · weight · slope, here of cells weighted by their counts: so this is the slope in each count.
    const slopes = ours.map(
      (pull, i) => (pull - (theirs[i] as number)) / weights.length / (weights[i] as number),
    );
    const { variance, degreesOfFreedom } = sumError(slopes, weights);
    errors.set(name, {
      standardError: Math.min(Math.sqrt(variance), WIDEST),
      degreesOfFreedom: degreesOfFreedom ?? 1,
      rows,
      method: 'paired rows',
    });
  }
  return errors;
}

/** Shares differ by 1 at most, correlations by 2: an error above that says no more than that nothing is known. */
const WIDEST = 1;

interface CountMeasures {
  readonly candidate: ReadonlyMap<string, Measure>;
  readonly baseline: ReadonlyMap<string, Measure>;
  /** Of the cells that have rows; influences are in this order. */
  readonly weights: Float64Array;
}

function measuresOf(counts: Float64Array): CountMeasures {
  const cells = [...counts.keys()].filter((cell) => (counts[cell] as number) > 0);
  const weights = Float64Array.from(cells, (cell) => counts[cell] as number);
  const labels = Uint8Array.from(cells, (cell) => CELLS.labels[cell] as number);
  const of = (decided: Uint8Array) => {
    const predicted = Uint8Array.from(cells, (cell) => decided[cell] as number);
    const measures = scoreBinary({ labels, predicted, scores: null, weights }, 'none');
    return new Map(measures.filter(({ value }) => value !== null).map((measure) => [measure.name, measure]));
  };
  return { candidate: of(CELLS.candidate), baseline: of(CELLS.baseline), weights };
}

/** Above this many ways the normal approximation is as good, and they take long. */
const MOST_SWAPS = 1200;

/**
 * If the two models are the same but for chance, any row's two decisions could be swapped. Over all swaps, how often do the metrics
 * differ at least as much? (Fisher's randomisation test; Yeh, COLING 2000.) Only the numbers of swaps for each label matter, so
 * it is exact: a sum over two binomial distributions. The observed outcome counts half (mid-p). Null when there are too many.
 */
function swapTest(counts: JointCounts): ReadonlyMap<string, number> | null {
  const [none, one] = [(counts[1] ?? 0) + (counts[2] ?? 0), (counts[5] ?? 0) + (counts[6] ?? 0)];
  if ((none + 1) * (one + 1) > MOST_SWAPS) return null;
  const observed = gapsAt(Float64Array.from(counts));
  const tails = new Map([...observed.keys()].map((name) => [name, 0]));
  for (let a = 0; a <= none; a++) {
    for (let b = 0; b <= one; b++) {
      const swapped = Float64Array.from(counts);
      [swapped[1], swapped[2], swapped[5], swapped[6]] = [none - a, a, one - b, b];
      const chance = binomialPmf(a, none, 0.5) * binomialPmf(b, one, 0.5);
      const gaps = gapsAt(swapped);
      for (const [name, gap] of observed) {
        const [reached, reach] = [Math.abs(gaps.get(name) ?? 0), Math.abs(gap)];
        const isEqual = Math.abs(reached - reach) <= 1e-12;
        if (isEqual || reached > reach)
          tails.set(name, (tails.get(name) ?? 0) + (isEqual ? chance / 2 : chance));
      }
    }
  }
  // Nothing to swap: the two are the same.
  return new Map([...tails].map(([name, tail]) => [name, observed.get(name) === 0 ? 1 : Math.min(1, tail)]));
}

function gapsAt(counts: Float64Array): ReadonlyMap<string, number> {
  const { candidate, baseline } = measuresOf(counts);
  return new Map(
    [...candidate].map(([name, { value }]) => [name, (value ?? 0) - (baseline.get(name)?.value ?? 0)]),
  );
}
