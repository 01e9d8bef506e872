/**
 * Sums that are the same to the last bit however many threads share the work: whole and fractional parts are added as
 * 128-bit integers, whose order does not matter. The fraction is kept to 2^-96.
 */

const FRACTION_BITS = 96n;

/** Larger magnitudes would overflow the sum of 2^30 rows. */
export const LARGEST_EXACT = 2 ** 96;

/** The terms that `exactSum` puts together. `sql` is a DOUBLE; NULLs are left out. */
export function exactSumTerms(sql: string): readonly [string, string] {
  const whole = `trunc(${sql})`;
  return [
    `sum(CAST(${whole} AS HUGEINT)) FILTER (WHERE abs(${sql}) < ${LARGEST_EXACT}::DOUBLE)`,
    `sum(CAST((${sql} - ${whole}) * ${2 ** 96}::DOUBLE AS HUGEINT)) FILTER (WHERE abs(${sql}) < ${LARGEST_EXACT}::DOUBLE)`,
  ];
}

/** The correctly rounded sum; 0 of no values. */
export function exactSum(whole: unknown, fraction: unknown): number {
  const total = (integer(whole) << FRACTION_BITS) + integer(fraction);
  return Number(total) / 2 ** 96;
}

function integer(value: unknown): bigint {
  if (value === null || value === undefined) return 0n;
  return BigInt(value as bigint | number | string);
}
