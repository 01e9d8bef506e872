/**
 * The hypergeometric distribution of the upper left cell of a 2 × 2 table with fixed margins, as weights relative to the mode:
 * ratios of neighbours only, so nothing overflows, and the tails keep their digits down to 1e-308.
 */
export interface Hypergeometric {
  /** Least and largest possible value. */
  readonly least: number;
  readonly most: number;
  readonly mode: number;
  /** P(X = x) */
  pmf(x: number): number;
  /** P(X ≤ x) */
  cdf(x: number): number;
  /** P(X ≥ x) */
  atLeast(x: number): number;
}

/** @param row sum of the first row, `column` of the first column, `total` of all cells */
export function hypergeometric(table: {
  readonly row: number;
  readonly column: number;
  readonly total: number;
}): Hypergeometric {
  const { row, column, total } = table;
  const least = Math.max(0, row + column - total);
  const most = Math.min(row, column);
  const mode = Math.min(most, Math.max(least, Math.floor(((row + 1) * (column + 1)) / (total + 2))));
  const weights = new Float64Array(most - least + 1);
  weights[mode - least] = 1;
  for (let x = mode + 1; x <= most; x++) {
    const ratio = ((row - x + 1) / x) * ((column - x + 1) / (total - row - column + x));
    weights[x - least] = (weights[x - least - 1] as number) * ratio;
  }
  for (let x = mode - 1; x >= least; x--) {
    const ratio = ((x + 1) / (row - x)) * ((total - row - column + x + 1) / (column - x));
    weights[x - least] = (weights[x - least + 1] as number) * ratio;
  }
  // Smallest first on each side.
  const upTo = (x: number) => {
    let sum = 0;
    for (let i = least; i <= Math.min(x, most); i++) sum += weights[i - least] as number;
    return sum;
  };
  const from = (x: number) => {
    let sum = 0;
    for (let i = most; i >= Math.max(x, least); i--) sum += weights[i - least] as number;
    return sum;
  };
  const all = upTo(mode) + from(mode + 1);
  return {
    least,
    most,
    mode,
    pmf: (x) => (x < least || x > most ? 0 : (weights[x - least] as number) / all),
    cdf: (x) => (x >= most ? 1 : x <= mode ? upTo(x) / all : 1 - from(x + 1) / all),
    atLeast: (x) => (x <= least ? 1 : x > mode ? from(x) / all : 1 - upTo(x - 1) / all),
  };
}
