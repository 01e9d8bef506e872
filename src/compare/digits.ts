import { formatDifference, formatNumber } from '../format.js';
import type { MetricComparison } from './record.js';

/**
 * How many digits of a comparison mean anything: two of the interval's half-width, and as many decimals for both values
 * and their difference, so that a reader can subtract in their head. Without an interval, three digits of the difference.
 */

export interface ComparisonDigits {
  readonly baseline: string;
  readonly candidate: string;
  /** Empty when there is no difference to speak of. */
  readonly difference: string;
  /** `+0.0021 … +0.0075`; empty without an interval. */
  readonly interval: string;
}

/** Beyond it decimals are noise to a reader, and the plain forms of `format.ts` are shorter. */
const MOST_DECIMALS = 7;

export function comparisonDigits(metric: MetricComparison): ComparisonDigits {
  const { difference, interval } = metric;
  const decimals = meaningfulDecimals(metric);
  const value = (side: MetricComparison['candidate']) =>
    side === null ? '–' : side.value === null ? 'no value' : valueText(side.value, decimals);
  return {
    baseline: value(metric.baseline),
    candidate: value(metric.candidate),
    difference: difference === null ? '' : differenceText(difference, decimals),
    interval: interval === null ? '' : interval.map((end) => differenceText(end, decimals)).join(' … '),
  };
}

/** `+0.0021 to +0.0075`: both ends with as many decimals as the interval's width makes meaningful. */
export function intervalInWords(interval: readonly [number, number]): string {
  const decimals = meaningfulDecimals({ interval, difference: null });
  return interval.map((end) => differenceText(end, decimals)).join(' to ');
}

/** Undefined when a fixed number of decimals would not be legible. */
function meaningfulDecimals(of: {
  readonly interval: readonly [number, number] | null;
  readonly difference: number | null;
}): number | undefined {
  const { interval, difference } = of;
  const halfWidth = interval ? (interval[1] - interval[0]) / 2 : 0;
  const scale = halfWidth > 0 ? halfWidth : Math.abs(difference ?? 0);
  if (scale === 0) return undefined;
  const digits = halfWidth > 0 ? 2 : 3;
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(scale)));
  return decimals <= MOST_DECIMALS ? decimals : undefined;
}

function valueText(value: number, decimals: number | undefined): string {
  const text =
    decimals === undefined || Number.isInteger(value) || Math.abs(value) >= 1e12
      ? formatNumber(value)
      : value.toFixed(decimals);
  return text.replace(/^-/, '−');
}

/** A difference of 0 to all the digits shown is `±0`, with a sign when it is not quite 0. */
function differenceText(value: number, decimals: number | undefined): string {
  if (decimals === undefined || value === 0 || Math.abs(value) >= 1e12) return formatDifference(value);
  return `${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(decimals)}`;
}
