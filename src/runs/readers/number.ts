import type { ReadMetric } from './reader.js';

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** As Python, NumPy, R, Java, C and JavaScript print them. */
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;

/** A cell of a text format; undefined when it is not a number. NaN and infinities come back as such. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (DECIMAL.test(trimmed)) return Number(trimmed);
  return notFiniteText(trimmed);
}

/** What a text such as `NaN` or `-inf` stands for; undefined for any other text. */
export function notFiniteText(text: string): number | undefined {
  if (!NOT_FINITE.test(text)) return undefined;
  if (/nan/i.test(text)) return Number.NaN;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** A metric is a finite number; anything else failed, and says so. */
export function metricOf(name: string, value: number, file: string): ReadMetric {
  if (Number.isFinite(value)) return { name, value };
  return { name, value: null, reason: `${value} in ${file}` };
}

/** For a series: a gap where there is no finite number. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
