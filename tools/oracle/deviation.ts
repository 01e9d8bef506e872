import { type Fields, isFields, type Value } from './reference.js';

/** How far computed values are from reference values. */

export interface Deviation {
  /** Such as `ci95[0]`. */
  readonly where: string;
  /** |computed − expected| / |expected|; infinite where one of the two is no number or not there. */
  readonly error: number;
  readonly expected: Value | undefined;
  readonly computed: Value | undefined;
}

/** Every value that the reference has; what only the computation has is not looked at. */
export function deviations(expected: Fields, computed: Fields): Deviation[] {
  return Object.entries(expected).flatMap(([name, value]) => walk(name, value, computed[name]));
}

function walk(where: string, expected: Value, computed: Value | undefined): Deviation[] {
  if (Array.isArray(expected)) {
    const own: readonly Value[] = Array.isArray(computed) ? computed : [];
    const length = own.length === expected.length ? [] : [broken(where, expected, computed)];
    return [...length, ...expected.flatMap((value, i) => walk(`${where}[${i}]`, value, own[i]))];
  }
  if (isFields(expected)) {
    const own = isFields(computed) ? computed : {};
    return Object.entries(expected).flatMap(([name, value]) => walk(`${where}.${name}`, value, own[name]));
  }
  return [{ where, error: errorOf(where, expected, computed), expected, computed }];
}

function broken(where: string, expected: Value, computed: Value | undefined): Deviation {
  return { where, error: Number.POSITIVE_INFINITY, expected, computed };
}

function errorOf(where: string, expected: Value, computed: Value | undefined): number {
  if (typeof expected === 'number' && typeof computed === 'number')
    return relative(where, expected, computed);
  if (typeof expected === 'number' && Number.isNaN(expected) && computed === null) return 0;
  return expected === computed ? 0 : Number.POSITIVE_INFINITY;
}

/** What is 0 but for rounding; only a p-value may be as small and mean it. */
const ROUNDING = 1e-15;

/** Below this, numbers have fewer digits the smaller they are. */
const LEAST_NORMAL = 2 ** -1022;

function relative(where: string, expected: number, computed: number): number {
  if (Object.is(expected, computed) || expected === computed) return 0;
  if (!Number.isFinite(expected) || !Number.isFinite(computed)) return Number.POSITIVE_INFINITY;
  const gap = Math.abs(expected - computed);
  if (Math.min(Math.abs(expected), Math.abs(computed)) === 0 && gap <= ROUNDING && !isProbability(where))
    return 0;
  return expected === 0 ? gap : gap / Math.max(Math.abs(expected), LEAST_NORMAL);
}

function isProbability(where: string): boolean {
  return /(^|[._])p(_|$|value|\b)|adjusted|binom_test|two-sided|less|greater/.test(where);
}
