import { sumOfSquares, totalWeight, weightedSum } from './sums.js';

/**
 * One metric on one set of rows, with what its standard error comes from.
 *
 * `influence` is the infinitesimal jackknife: how much each row pulls the value, scaled so that it sums to 0 and the
 * standard error is √Σ influence² / n. For a mean it is lossᵢ − mean; for anything else that is a smooth function of means
 * it is the delta method. Differences of two models on the same rows have the standard error √Σ (aᵢ − bᵢ)² / n, which is
 * what makes a comparison paired. (Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, chapter 6.)
 *
 * Weighted: influenceᵢ = n · wᵢ · ∂value/∂wᵢ, the weights taken as given.
 */
export interface Measure {
  readonly name: string;
  readonly value: number | null;
  /** Why `value` is null, or by which convention it has a value where the formula gives 0/0. */
  readonly reason?: string;
  /** Computed when asked for; null where there is no sound one (medians, maxima, binned values, 0/0 by convention). */
  readonly influence: (() => Float64Array) | null;
  /** Σ influence², where it is known without writing the influence of every row down. */
  readonly squaredInfluence?: () => number;
}

export function undefinedMeasure(name: string, reason: string): Measure {
  return { name, value: null, reason, influence: null };
}

/**
 * √Σ influence² / n. Null for fewer than two rows and when no row pulls at all: rows without any variation (every one
 * right, say) tell nothing of their own uncertainty, and 0 would claim certainty.
 */
export function standardError(influence: Float64Array): number | null {
  return errorOf(sumOfSquares(influence), influence.length);
}

/** The standard error of a measure over its rows, by the shorter way where it has one; null as for `standardError`. */
export function errorOfMeasure(measure: Measure, rows: number): number | null {
  if (measure.squaredInfluence) return errorOf(measure.squaredInfluence(), rows);
  return measure.influence && standardError(measure.influence());
}

function errorOf(squares: number, rows: number): number | null {
  const error = Math.sqrt(squares) / rows;
  return rows >= 2 && error > 0 && Number.isFinite(error) ? error : null;
}

/** How much each row counts; `total` is the sum. */
export interface WeightedRows {
  readonly weights: Float64Array | null;
  readonly total: number;
}

export function weightedRows(weights: Float64Array | null, rows: number): WeightedRows {
  return { weights, total: totalWeight(weights, rows) };
}

/** Mean of a loss per row, with its influence. */
export function meanMeasure(
  name: string,
  loss: Float64Array,
  rows: WeightedRows,
): Measure & { readonly value: number } {
  const value = weightedMean(loss, rows);
  return {
    name,
    value,
    influence: () => centred(loss, value, rows),
    squaredInfluence: () => squaresAround(loss, value, rows),
  };
}

export function weightedMean(terms: Float64Array, rows: WeightedRows): number {
  return weightedSum(terms, rows.weights) / rows.total;
}

/** n · wᵢ/W · (termᵢ − mean) */
export function centred(terms: Float64Array, mean: number, rows: WeightedRows): Float64Array {
  const { weights, total } = rows;
  const n = terms.length;
  return terms.map((term, i) => (term - mean) * (weights ? (n * (weights[i] as number)) / total : 1));
}

/** Σ of the squares of `centred`. */
function squaresAround(terms: Float64Array, mean: number, rows: WeightedRows): number {
  const { weights, total } = rows;
  const scale = terms.length / total;
  let sum = 0;
  let rest = 0;
  for (let i = 0; i < terms.length; i++) {
    const pull = ((terms[i] as number) - mean) * (weights ? scale * (weights[i] as number) : 1);
    const square = pull * pull;
    const next = sum + square;
    rest += sum >= square ? sum - next + square : square - next + sum;
    sum = next;
  }
  return sum + rest;
}

/** 1 − A/B for the mean losses of a model (A) and of a constant prediction (B): r², D². The pull of a row is −a/B + A·b/B². */
export function shareExplained(
  name: string,
  losses: { readonly model: Float64Array; readonly constant: Float64Array },
  rows: WeightedRows,
): Measure {
  const model = weightedMean(losses.model, rows);
  const constant = weightedMean(losses.constant, rows);
  return {
    name,
    value: 1 - model / constant,
    influence: () => {
      const top = centred(losses.model, model, rows);
      const bottom = centred(losses.constant, constant, rows);
      return top.map((a, i) => (-a + (model / constant) * (bottom[i] as number)) / constant);
    },
  };
}
