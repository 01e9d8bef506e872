import type { Direction } from '../config/model.js';
import type { Metric } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import { twoSidedQuantile } from '../statistics/distributions/student.js';
import { differenceOf, LEVEL } from './difference.js';

/** Runs ranked by one metric, each with the interval that its value has by what is known of its noise. */

export interface Standing {
  /** From 1; equal values share one. */
  readonly rank: number;
  readonly run: RunRecord;
  readonly metric: Metric & { readonly value: number };
  /** Of the value, at 95 %; null when nothing is known of its noise. */
  readonly interval: readonly [number, number] | null;
  /**
   * Whether it cannot be told from the best by what each run says of itself (without pairing rows, which would be sharper);
   * null when the noise is not known.
   */
  readonly level: boolean | null;
}

export interface Leaderboard {
  readonly direction: Direction;
  /** Best first; highest first where no side is better. */
  readonly standings: readonly Standing[];
  /** Runs without a value of the metric. */
  readonly without: readonly RunRecord[];
}

/** @param metricOf the metric to rank by, of each run */
export function rankRuns(
  runs: readonly RunRecord[],
  metricOf: (run: RunRecord) => Metric | undefined,
): Leaderboard {
  const found = runs.flatMap((run) => {
    const metric = metricOf(run);
    return metric && metric.value !== null ? [{ run, metric: { ...metric, value: metric.value } }] : [];
  });
  const direction = found.find(({ metric }) => metric.direction !== 'none')?.metric.direction ?? 'none';
  const sign = direction === 'lower' ? 1 : -1;
  const ordered = [...found].sort((a, b) => sign * (a.metric.value - b.metric.value));
  const best = ordered[0]?.metric;
  let rank = 0;
  const standings = ordered.map(({ run, metric }, at): Standing => {
    if (metric.value !== ordered[at - 1]?.metric.value) rank = at + 1;
    return { rank, run, metric, interval: intervalOf(metric), level: best ? levelWith(metric, best) : null };
  });
  const ranked = new Set(found.map(({ run }) => run));
  return { direction, standings, without: runs.filter((run) => !ranked.has(run)) };
}

function levelWith(metric: Metric, best: Metric): boolean | null {
  if (metric === best || metric.value === best.value) return true;
  const { noise } = differenceOf({ candidate: metric, baseline: best });
  return noise && noise.interval[0] <= 0 && noise.interval[1] >= 0;
}

/**
 * 95 % interval of a metric by itself: the noise of its rows (standard error) and of its seeds (s²/k) added, with the degrees
 * of freedom of Welch and Satterthwaite. Null when neither is known.
 */
export function intervalOf(
  metric: Pick<Metric, 'value' | 'stderr' | 'n' | 'seed_values'>,
): readonly [number, number] | null {
  const { value, stderr, n } = metric;
  if (value === null) return null;
  const parts: { readonly variance: number; readonly degrees: number }[] = [];
  if (stderr !== null && stderr > 0)
    parts.push({ variance: stderr ** 2, degrees: Math.max(1, (n ?? Number.POSITIVE_INFINITY) - 1) });
  const seeds = (metric.seed_values ?? []).filter((one) => one !== null);
  if (seeds.length > 1) {
    const mean = seeds.reduce((sum, one) => sum + one, 0) / seeds.length;
    const squares = seeds.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    if (squares > 0)
      parts.push({ variance: squares / (seeds.length - 1) / seeds.length, degrees: seeds.length - 1 });
  }
  const variance = parts.reduce((sum, part) => sum + part.variance, 0);
  if (!(variance > 0)) return null;
  const degrees = variance ** 2 / parts.reduce((sum, part) => sum + part.variance ** 2 / part.degrees, 0);
  const half = twoSidedQuantile(LEVEL, Number.isFinite(degrees) ? degrees : null) * Math.sqrt(variance);
  return [value - half, value + half];
}
