import type { Measure } from './measure.js';
import { undefinedMeasure } from './measure.js';
import { StableSum, SumsBy, stableSum, totalWeight } from './sums.js';

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
interface Smooth {
  readonly value: number;
  readonly gradient: Gradient | null;
  readonly reason?: string | undefined;
}
interface Gradient {
  readonly right: Float64Array;
  readonly actual: Float64Array;
  readonly predicted: Float64Array;
}

function noGradient(c: Confusion): Gradient {
  const zeros = () => new Float64Array(c.right.length);
  return { right: zeros(), actual: zeros(), predicted: zeros() };
}

function measure(c: Confusion, name: string, smooth: Smooth): Measure {
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

/** A ratio of one class: (r·right) / (r'·right + a·actual + p·predicted). 0/0 is 0 and has no gradient. */
interface Ratio {
  readonly top: number;
  readonly right: number;
  readonly actual: number;
  readonly predicted: number;
}
export const RATIOS = {
  precision: { top: 1, right: 0, actual: 0, predicted: 1 },
  recall: { top: 1, right: 0, actual: 1, predicted: 0 },
  f05: fBeta(0.5),
  f1: fBeta(1),
  f2: fBeta(2),
  jaccard: { top: 1, right: -1, actual: 1, predicted: 1 },
} as const satisfies Record<string, Ratio>;
export type RatioName = keyof typeof RATIOS;

/** F_β = (1 + β²)·right / (β²·actual + predicted) */
function fBeta(beta: number): Ratio {
  return { top: 1 + beta * beta, right: 0, actual: beta * beta, predicted: 1 };
}

interface ClassRatio {
  readonly value: number;
  /** Slopes in right, actual and predicted of the class; null for 0/0. */
  readonly slopes: readonly [number, number, number] | null;
}

function classRatio(c: Confusion, ratio: Ratio, k: number): ClassRatio {
  const right = c.right[k] as number;
  const bottom =
    ratio.right * right +
    ratio.actual * (c.actual[k] as number) +
    ratio.predicted * (c.predicted[k] as number);
  if (!(bottom > 0)) return { value: 0, slopes: null };
  const value = (ratio.top * right) / bottom;
  return {
    value,
    slopes: [
      (ratio.top - value * ratio.right) / bottom,
      (-value * ratio.actual) / bottom,
      (-value * ratio.predicted) / bottom,
    ],
  };
}

/** Precision, recall … of one class alone. */
export function classMeasure(c: Confusion, name: string, ratio: RatioName, k: number): Measure {
  return measure(c, name, averaged(c, ratio, { classes: [k], average: 'equal' }));
}

/** Mean over the classes present (macro), or weighted by how often each is true (weighted). */
export function averageMeasure(
  c: Confusion,
  name: string,
  ratio: RatioName,
  average: 'macro' | 'weighted',
): Measure {
  return measure(
    c,
    name,
    averaged(c, ratio, { classes: c.present, average: average === 'macro' ? 'equal' : 'actual' }),
  );
}

/** Mean recall over the classes that occur among the labels. */
export function balancedAccuracy(c: Confusion): Measure {
  const classes = c.present.filter((k) => (c.actual[k] as number) > 0);
  return measure(c, 'balanced_accuracy', averaged(c, 'recall', { classes, average: 'equal' }));
}

function averaged(
  c: Confusion,
  ratio: RatioName,
  over: { readonly classes: readonly number[]; readonly average: 'equal' | 'actual' },
): Smooth {
  const gradient = noGradient(c);
  const sum = new StableSum();
  let smooth = true;
  let undefinedClasses = 0;
  for (const k of over.classes) {
    const one = classRatio(c, RATIOS[ratio], k);
    const isEqual = over.average === 'equal';
    const share = isEqual ? 1 / over.classes.length : (c.actual[k] as number) / c.total;
    sum.add(isEqual ? one.value : one.value * (c.actual[k] as number));
    if (one.slopes) {
      gradient.right[k] = share * one.slopes[0];
      // The weights of a weighted average move with the data too.
      gradient.actual[k] = share * one.slopes[1] + (isEqual ? 0 : one.value / c.total);
      gradient.predicted[k] = share * one.slopes[2];
    } else if (share > 0) {
      smooth = false;
      undefinedClasses++;
    }
  }
  const value = sum.value / (over.average === 'equal' ? over.classes.length : c.total);
  const reason = smooth ? undefined : zeroByConvention(ratio, undefinedClasses, over.classes.length);
  return { value, gradient: smooth ? gradient : null, reason };
}

/** What stands beside a value that scikit-learn gives with a warning (its zero_division). */
function zeroByConvention(ratio: RatioName, classes: number, of: number): string {
  const none = { precision: 'is predicted as', recall: 'is of' }[ratio as string] ?? 'is of or predicted as';
  const which = of === 1 ? 'it' : classes === 1 ? 'one class' : `each of ${classes} classes`;
  return `0/0 counts as 0: no row ${none} ${which === 'it' ? 'the class' : which}`;
}

export function accuracy(c: Confusion, name = 'accuracy'): Measure {
  const gradient = noGradient(c);
  gradient.right.fill(1 / c.total);
  return measure(c, name, { value: stableSum(c.right) / c.total, gradient });
}

/** 1 − accuracy, rounded as scikit-learn's. */
export function zeroOneLoss(c: Confusion): Measure {
  const { value, influence, squaredInfluence } = accuracy(c);
  return {
    name: 'zero_one_loss',
    value: value === null ? null : 1 - value,
    influence: influence && (() => influence().map((pull) => -pull)),
    ...(squaredInfluence ? { squaredInfluence } : {}),
  };
}

/** The ratio of all classes' sums together: with one label per row every miss is a wrong guess too. */
export function microMeasure(c: Confusion, name: string, ratio: RatioName): Measure {
  const { top, right, actual, predicted } = RATIOS[ratio];
  const hits = stableSum(c.right);
  const bottom = right * hits + (actual + predicted) * c.total;
  const value = (top * hits) / bottom;
  const gradient = noGradient(c);
  gradient.right.fill((top - value * right) / bottom);
  return measure(c, name, { value, gradient });
}

/** Share of the rows predicted as class k. */
export function selectionRate(c: Confusion, k: number): Measure {
  const gradient = noGradient(c);
  gradient.predicted[k] = 1 / c.total;
  return measure(c, 'selection_rate', { value: (c.predicted[k] as number) / c.total, gradient });
}

/** Recall of class k where it has rows; undefined elsewhere. */
export function hitRate(c: Confusion, name: string, k: number): Measure {
  if (!((c.actual[k] as number) > 0)) return undefinedMeasure(name, NO_ROW);
  return classMeasure(c, name, 'recall', k);
}

/** Precision of class k where any row is predicted as it; undefined elsewhere. */
export function predictiveValue(c: Confusion, name: string, k: number): Measure {
  if (!((c.predicted[k] as number) > 0)) return undefinedMeasure(name, 'no row is predicted as the class');
  return classMeasure(c, name, 'precision', k);
}

const NO_ROW = 'no row is of the class it is a share of';

/** Share of class k that is predicted as another one: 1 − recall. */
export function missRate(c: Confusion, name: string, k: number): Measure {
  const { slopes } = classRatio(c, RATIOS.recall, k);
  if (!slopes) return undefinedMeasure(name, NO_ROW);
  const gradient = noGradient(c);
  gradient.right[k] = -slopes[0];
  gradient.actual[k] = -slopes[1];
  // (actual − right) / actual keeps the digits that 1 − recall would lose.
  const actual = c.actual[k] as number;
  return measure(c, name, { value: (actual - (c.right[k] as number)) / actual, gradient });
}

/**
 * Matthews' correlation for any number of classes (Gorodkin, Computational Biology and Chemistry 28, 2004); 0 when labels
 * or predictions have one class only.
 */
export function matthews(c: Confusion): Measure {
  const n = c.total;
  const right = stableSum(c.right);
  const top = right * n - dot(c.actual, c.predicted);
  const spreadActual = n * n - dot(c.actual, c.actual);
  const spreadPredicted = n * n - dot(c.predicted, c.predicted);
  const product = spreadActual * spreadPredicted;
  if (!(product > 0)) {
    const reason = '0/0 counts as 0: labels or predictions are all of one class';
    return measure(c, 'mcc', { value: 0, gradient: null, reason });
  }
  const bottom = Math.sqrt(product);
  const value = top / bottom;
  // Every row moves n by its weight: those slopes are the same for all rows and vanish when centred.
  const gradient = noGradient(c);
  for (const k of c.present) {
    gradient.right[k] = n / bottom;
    gradient.actual[k] =
      -(c.predicted[k] as number) / bottom + (value * (c.actual[k] as number)) / spreadActual;
    gradient.predicted[k] =
      -(c.actual[k] as number) / bottom + (value * (c.predicted[k] as number)) / spreadPredicted;
  }
  return measure(c, 'mcc', { value, gradient });
}

/** Cohen, Educational and Psychological Measurement 20, 1960: (observed − expected) / (1 − expected) agreement. */
export function cohenKappa(c: Confusion): Measure {
  const n = c.total;
  const right = stableSum(c.right);
  const chance = dot(c.actual, c.predicted);
  const bottom = n * n - chance;
  if (!(bottom > 0)) {
    return undefinedMeasure('cohen_kappa', 'labels and predictions are all of one and the same class');
  }
  const value = (right * n - chance) / bottom;
  const gradient = noGradient(c);
  for (const k of c.present) {
    gradient.right[k] = n / bottom;
    gradient.actual[k] = ((value - 1) * (c.predicted[k] as number)) / bottom;
    gradient.predicted[k] = ((value - 1) * (c.actual[k] as number)) / bottom;
  }
  return measure(c, 'cohen_kappa', { value, gradient });
}

function dot(a: Float64Array, b: Float64Array): number {
  const sum = new StableSum();
  for (let k = 0; k < a.length; k++) sum.add((a[k] as number) * (b[k] as number));
  return sum.value;
}
