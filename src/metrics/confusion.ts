import type { Measure } from './measure.js';
import { StableSum, SumsBy, totalWeight } from './sums.js';

/**
 * Metrics of the confusion matrix, for any number of classes. Each is a smooth function of three sums per class: the weight
 * that is right (`right`), that is of the class (`actual`) and that is predicted as it (`predicted`). So its gradient is three
 * numbers per class, and the pull of a row with true class i and predicted class j is
 * (i = j ? ∂right[i] : 0) + ∂actual[i] + ∂predicted[j], centred. Definitions as in scikit-learn 1.9 with zero_division = 0.
 */
export interface Confusion {
  readonly labels: ArrayLike<number>;
  readonly guesses: ArrayLike<number>;
  readonly weights: Float64Array | null;
  readonly rows: number;
  readonly total: number;
  readonly right: Float64Array;
  readonly actual: Float64Array;
  readonly predicted: Float64Array;
  /** Classes that occur among labels or predictions. */
  readonly present: readonly number[];
  /** Σ weight² of the rows of each label and prediction (label · classes + prediction); null for too many classes. */
  readonly squares: Float64Array | null;
}

/** With more classes the matrix has more cells than it is worth. */
const MOST_CELLS = 10_000;

export function confusionOf(sample: {
  readonly labels: ArrayLike<number>;
  readonly guesses: ArrayLike<number>;
  readonly weights: Float64Array | null;
  readonly classes: number;
}): Confusion {
  const { labels, guesses, weights, classes } = sample;
  const rows = labels.length;
  const seen = new Uint8Array(classes);
  const [right, actual, predicted] = [new SumsBy(classes), new SumsBy(classes), new SumsBy(classes)];
  const squares = classes * classes <= MOST_CELLS ? new SumsBy(classes * classes) : null;
  for (let i = 0; i < rows; i++) {
    const weight = weights ? (weights[i] as number) : 1;
    const label = labels[i] as number;
    const guess = guesses[i] as number;
    seen[label] = 1;
    seen[guess] = 1;
    actual.add(label, weight);
    predicted.add(guess, weight);
    if (label === guess) right.add(label, weight);
    squares?.add(label * classes + guess, weight * weight);
  }
  return {
    labels,
    guesses,
    weights,
    rows,
    total: totalWeight(weights, rows),
    right: right.values(),
    actual: actual.values(),
    predicted: predicted.values(),
    present: Array.from(seen.keys()).filter((k) => seen[k] === 1),
    squares: squares?.values() ?? null,
  };
}

/** A value with its gradient in the three sums per class; `gradient` null where the value is 0/0 by convention. */
export interface Smooth {
  readonly value: number;
  readonly gradient: Gradient | null;
  readonly reason?: string | undefined;
}
export interface Gradient {
  readonly right: Float64Array;
  readonly actual: Float64Array;
  readonly predicted: Float64Array;
}

/** To be filled where the slopes are not 0. */
export function noGradient(c: Confusion): Gradient {
  const zeros = () => new Float64Array(c.right.length);
  return { right: zeros(), actual: zeros(), predicted: zeros() };
}

/** A metric of the matrix, with the pull of each row when asked for. */
export function smoothMeasure(c: Confusion, name: string, smooth: Smooth): Measure {
  const { value, gradient, reason } = smooth;
  const said = { name, value, ...(reason === undefined ? {} : { reason }) };
  if (!gradient) return { ...said, influence: null };
  const { squares } = c;
  return {
    ...said,
    influence: () => pulls(c, gradient),
    ...(squares ? { squaredInfluence: () => squaredPulls(c, gradient, squares) } : {}),
  };
}

/** Rows of one label and one prediction pull alike but for their weight: one term per cell of the matrix. */
function squaredPulls(c: Confusion, g: Gradient, squares: Float64Array): number {
  const centre = centreOf(c, g);
  const classes = c.right.length;
  const sum = new StableSum();
  for (const label of c.present) {
    for (const guess of c.present) {
      const pull = c.rows * (slopeOf(g, label, guess) - centre);
      sum.add(pull * pull * (squares[label * classes + guess] as number));
    }
  }
  return sum.value;
}

function slopeOf(g: Gradient, label: number, guess: number): number {
  return (
    (label === guess ? (g.right[label] as number) : 0) +
    (g.actual[label] as number) +
    (g.predicted[guess] as number)
  );
}

/** The mean slope: pulls are around it. */
function centreOf(c: Confusion, g: Gradient): number {
  const mean = new StableSum();
  for (const k of c.present) {
    mean.add((g.right[k] as number) * (c.right[k] as number));
    mean.add((g.actual[k] as number) * (c.actual[k] as number));
    mean.add((g.predicted[k] as number) * (c.predicted[k] as number));
  }
  return mean.value / c.total;
}

function pulls(c: Confusion, g: Gradient): Float64Array {
  const centre = centreOf(c, g);
  const { labels, guesses, rows, weights } = c;
  const pull = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const slope = slopeOf(g, labels[i] as number, guesses[i] as number);
    pull[i] = rows * (weights ? (weights[i] as number) : 1) * (slope - centre);
  }
  return pull;
}
