import type { Margin } from '../config/quantities.js';
import { formatNumber, plural } from '../format.js';
import { type Difference, LEVEL, type Noise } from './difference.js';
import { intervalInWords } from './digits.js';
import { type Needs, needsFor } from './needs.js';
import type { MetricComparison, Verdict } from './record.js';

/** What a difference means: better, worse, equal, or that it cannot be told, each with its reason. */

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly needs: Needs | null;
}

/** Half-width of "does not matter" in the metric's own unit; relative margins are of the baseline's magnitude. */
export function toleranceOf(margin: Margin | undefined, baseline: number | null): number {
  if (!margin) return 0;
  return margin.kind === 'absolute' ? margin.amount : margin.share * Math.abs(baseline ?? 0);
}

/**
 * - `equal`: the whole interval lies within the tolerance (and a difference that is exactly 0 with no noise at all);
 * - `better` or `worse`: the interval excludes 0 and the difference is larger than the tolerance;
 * - `inconclusive`: neither is certain.
 *
 * @param pAdjusted the p-value after correction for the metrics judged together; null when no noise is known
 */
export function judge(options: {
  readonly difference: Difference;
  readonly direction: MetricComparison['direction'];
  readonly tolerance: number;
  /** The tolerance as the team wrote it: only one that was declared makes a verdict where no noise is known. */
  readonly declared: Margin | undefined;
  readonly pAdjusted: number | null;
}): Judgement {
  const { difference, direction, tolerance } = options;
  if (direction === 'none') {
    return settled(
      difference.value === 0 ? 'equal' : 'changed',
      difference.value === 0 ? 'no difference' : 'no direction is known: neither better nor worse',
    );
  }
  const gain = direction === 'higher' ? difference.value : -difference.value;
  if (difference.refused !== undefined) {
    return { verdict: 'inconclusive', reason: `cannot tell: ${difference.refused}`, needs: null };
  }
  if (difference.noise === null) {
    return judgeWithoutNoise({ ...options, gain, rowsUnknown: difference.rowsUnknown });
  }
  const noise = difference.noise;
  const [low, high] = gainInterval(noise.interval, direction);
  if (low >= -tolerance && high <= tolerance) {
    return settled(
      'equal',
      tolerance > 0
        ? `within ±${formatNumber(tolerance, 3)}, beyond doubt: ${confidenceInWords(noise.interval)} (${noise.method})`
        : 'no difference',
    );
  }
  const excludesZero = low > 0 || high < 0;
  const survives = (options.pAdjusted ?? noise.p) <= 1 - LEVEL;
  if (excludesZero && survives && Math.abs(gain) > tolerance) {
    return settled(gain > 0 ? 'better' : 'worse', `${confidenceInWords(noise.interval)} (${noise.method})`);
  }
  return cannotTell({ ...options, noise, gain, excludesZero, survives });
}

function judgeWithoutNoise(options: {
  readonly gain: number;
  readonly tolerance: number;
  readonly declared: Margin | undefined;
  readonly rowsUnknown: boolean;
}): Judgement {
  const { gain, tolerance } = options;
  if (Math.abs(gain) <= tolerance) {
    return settled(
      'equal',
      gain === 0 ? 'no difference' : `within the tolerance of ${formatNumber(tolerance, 3)}`,
    );
  }
  if (options.declared && tolerance > 0) {
    return settled(
      gain > 0 ? 'better' : 'worse',
      `beyond the tolerance of ${formatNumber(tolerance, 3)}; no uncertainty known`,
    );
  }
  return {
    verdict: 'inconclusive',
    reason:
      options.declared?.kind === 'relative' && tolerance === 0
        ? 'no uncertainty known, and a relative tolerance of a baseline of 0 is 0: declare an absolute one'
        : options.rowsUnknown
          ? 'how much it varies with the rows is not known for this metric; a declared tolerance would judge it'
          : 'no uncertainty known: add `seeds: [1, 2, 3]` under `train`, or `evaluate` with a predictions file',
    needs: null,
  };
}

function cannotTell(options: {
  readonly noise: Noise;
  readonly gain: number;
  readonly tolerance: number;
  readonly declared: Margin | undefined;
  readonly excludesZero: boolean;
  readonly survives: boolean;
}): Judgement {
  const { noise, gain, tolerance } = options;
  const size = Math.abs(gain);
  // To call it, the interval must shrink until it leaves 0, or until it lies within the tolerance: whichever is nearer.
  const needs = needsFor(noise, size > tolerance ? size : Math.max(tolerance - size, size));
  const why = !options.excludesZero
    ? `cannot tell: ${confidenceInWords(noise.interval)} includes no change`
    : !options.survives
      ? `cannot tell: ${confidenceInWords(noise.interval)}, but among this many metrics one such difference is expected by chance`
      : `cannot tell whether it matters: ${confidenceInWords(noise.interval)}, tolerance ${formatNumber(tolerance, 3)}`;
  const empty =
    options.declared?.kind === 'relative' && tolerance === 0
      ? '; a relative tolerance of a baseline of 0 is 0, so declare an absolute one'
      : '';
  return {
    verdict: 'inconclusive',
    reason: `${why} (${noise.method}); ${needsInWords(needs)}${empty}`,
    needs,
  };
}

export function needsInWords(needs: Needs): string {
  const ways = [
    needs.seeds === null ? null : `${plural(needs.seeds, 'seed')} each`,
    needs.rows === null ? null : `${plural(rounded(needs.rows), 'row')} of evaluation data`,
  ].filter((way) => way !== null);
  if (needs.both) {
    return `about ${plural(needs.both.seeds, 'seed')} each and ${plural(rounded(needs.both.rows), 'row')} of evaluation data would settle it`;
  }
  if (ways.length === 0) return 'no reasonable number of seeds or rows would settle it';
  return `about ${ways.join(' or ')} would settle it`;
}

/** Two digits are as much as such an estimate knows. */
function rounded(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return Math.ceil(count / unit) * unit;
}

/** The interval seen as gain: positive is better. */
export function gainInterval(
  interval: readonly [number, number],
  direction: 'higher' | 'lower',
): [number, number] {
  const [low, high] = interval;
  return direction === 'higher' ? [low, high] : [-high, -low];
}

/** `+0.0021 to +0.0075 at 95 %`. */
export function confidenceInWords(interval: readonly [number, number]): string {
  return `${intervalInWords(interval)} at ${LEVEL * 100} %`;
}

function settled(verdict: Verdict, reason: string): Judgement {
  return { verdict, reason, needs: null };
}
