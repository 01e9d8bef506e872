import { pearson } from '../statistics/correlation.js';
import { flipSigns } from '../statistics/permutation.js';
import { sampleVariance } from '../statistics/sums.js';
import type { MetricSide } from './record.js';
import type { Repeats } from './repeats.js';

/** What is known of the noise of training: from the seeds of the two runs, else from runs of the history that should have been equal. */

/** A part of the variance of a difference. */
export interface Component {
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

export interface SeedNoise {
  readonly components: readonly Component[];
  readonly method: string;
  /** Variance of the difference for one seed each. */
  readonly perSeed: number;
  /** Two-sided, of no difference, where there is a better test than t. */
  readonly p?: number;
}

interface Sides {
  readonly candidate: MetricSide;
  readonly baseline: MetricSide;
}

/** @param of.sameSeeds value i of both runs comes from the same seed */
export function seedNoise(
  sides: Sides,
  of: { readonly repeats: Repeats | null; readonly sameSeeds: boolean },
): SeedNoise | null {
  if (of.sameSeeds && isRepeated(sides)) return null;
  return (of.sameSeeds ? pairedSeeds(sides) : null) ?? ownSeeds(sides) ?? fromHistory(sides, of.repeats);
}

/** The same value again for each seed: what varies between seeds does not vary between the runs. */
function isRepeated({ candidate, baseline }: Sides): boolean {
  const [ours, theirs] = [candidate.seed_values ?? [], baseline.seed_values ?? []];
  return ours.length > 1 && ours.length === theirs.length && ours.every((value, i) => value === theirs[i]);
}

/** At least 1. */
export function seedCount(side: MetricSide): number {
  return Math.max(1, seedValues(side).length);
}

/** Enough for small p-values from all flips of signs, which assume no normal distribution; above that t is as good, and quick. */
const FLIPPED = { least: 8, most: 24 } as const;

/**
 * The same seed may bring the same luck to both runs (the split, the order of the rows), or not. Where the values of the two go together, their
 * differences vary less than the values, and are tested instead. That is decided by the correlation, one-sided: at 5 % for up to four
 * seeds and at 1 % for five, for which Welch's test is cautious enough to leave room for a wrong decision, else at 0.2 %; simulations
 * (tests/verdicts-simulation.test.ts) hold the whole to 5 %. Null when the seeds do not go together.
 */
function pairedSeeds({ candidate, baseline }: Sides): SeedNoise | null {
  const [ours, theirs] = [candidate.seed_values ?? [], baseline.seed_values ?? []];
  const seeds = ours.length;
  if (seeds < 3 || theirs.length !== seeds) return null;
  const pairs = ours.flatMap((value, i) => {
    const other = theirs[i] ?? null;
    return value === null || other === null ? [] : [[value, other] as const];
  });
  if (pairs.length !== seeds) return null;
  const { r, p } = pearson(
    pairs.map(([value]) => value),
    pairs.map(([, other]) => other),
  );
  if (!(r > 0) || p / 2 > (seeds <= 4 ? 0.05 : seeds === 5 ? 0.01 : 0.002)) return null;
  const gaps = pairs.map(([value, other]) => value - other);
  const variance = sampleVariance(gaps);
  if (!(variance > 0)) return null;
  const isFlipped = seeds >= FLIPPED.least && seeds <= FLIPPED.most;
  return {
    components: [{ variance: variance / seeds, degreesOfFreedom: seeds - 1 }],
    method: `${seeds} paired seeds, ${isFlipped ? 'exact permutation' : 'paired t'}`,
    perSeed: variance,
    ...(isFlipped ? { p: flipSigns(gaps).p } : {}),
  };
}

/** Welch's: each run has a variance of its own. */
function ownSeeds({ candidate, baseline }: Sides): SeedNoise | null {
  const a = spread(candidate);
  const b = spread(baseline);
  if (a && b) {
    if (a.variance + b.variance === 0) return null;
    return {
      components: [a, b].map(({ variance, seeds }) => ({
        variance: variance / seeds,
        degreesOfFreedom: seeds - 1,
      })),
      method: 'seeds, Welch',
      perSeed: a.variance + b.variance,
    };
  }
  const known = a ?? b;
  if (!known || known.variance === 0) return null;
  // One run with several seeds tells how much seeds matter; the other is taken to vary as much.
  const variance = known.variance * (1 / seedCount(candidate) + 1 / seedCount(baseline));
  return {
    components: [{ variance, degreesOfFreedom: known.seeds - 1 }],
    method: `seeds, of which the ${a ? 'baseline' : 'candidate'} has one and is taken to vary as the other`,
    perSeed: 2 * known.variance,
  };
}

/** Each run is taken to vary as equal runs of the history do. */
function fromHistory({ candidate, baseline }: Sides, repeats: Repeats | null): SeedNoise | null {
  if (!repeats || seedCount(candidate) > 1 || seedCount(baseline) > 1) return null;
  return {
    components: [{ variance: 2 * repeats.variance, degreesOfFreedom: repeats.degreesOfFreedom }],
    method: `${repeats.runs} runs of unchanged code and data in the history`,
    perSeed: 2 * repeats.variance,
  };
}

function seedValues(side: MetricSide): readonly number[] {
  return (side.seed_values ?? []).filter((value) => value !== null);
}

/** Sample variance over seeds; null with fewer than two. */
function spread(side: MetricSide): { readonly variance: number; readonly seeds: number } | null {
  const values = seedValues(side);
  return values.length < 2 ? null : { variance: sampleVariance(values), seeds: values.length };
}
