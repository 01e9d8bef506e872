/**
 * The weighted median as scikit-learn has it (`_weighted_percentile`, average=True; quantile type "averaged inverted cdf" of
 * Hyndman and Fan, The American Statistician 50, 1996): half of the weight lies on either side, and where a step of the
 * distribution hits the half exactly, the middle of its two ends. Rows of weight 0 do not count.
 *
 * @returns NaN when no row has weight
 */
export function weightedMedian(terms: Float64Array, weights: Float64Array | null): number {
  if (!weights) return median(terms);
  const order = Array.from(terms.keys())
    .filter((i) => (weights[i] as number) > 0)
    .sort(
      (a, b) =>
        (terms[a] as number) - (terms[b] as number) || (weights[a] as number) - (weights[b] as number),
    );
  // Plain running sums, as scikit-learn's: what hits the half exactly is decided by the same rounding.
  const sums = new Float64Array(order.length);
  let sum = 0;
  for (const [position, i] of order.entries()) {
    sum += weights[i] as number;
    sums[position] = sum;
  }
  const half = sum / 2;
  const at = sums.findIndex((below) => below >= half);
  const value = terms[order[at] ?? -1] ?? Number.NaN;
  const next = terms[order[at + 1] ?? -1];
  return (sums[at] ?? 0) - half <= Number.EPSILON && next !== undefined ? (value + next) / 2 : value;
}

function median(terms: Float64Array): number {
  const sorted = terms.slice().sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
