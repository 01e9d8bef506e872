import { type Confusion, noGradient, smoothMeasure } from './confusion.js';
import { type Measure, undefinedMeasure } from './measure.js';
import { StableSum, stableSum } from './sums.js';

/** How far labels and predictions agree over all classes: accuracy, and what corrects it for chance. */

export function accuracy(c: Confusion, name = 'accuracy'): Measure {
  const gradient = noGradient(c);
  gradient.right.fill(1 / c.total);
  return smoothMeasure(c, name, { value: stableSum(c.right) / c.total, gradient });
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

/** Share of the rows predicted as class k. */
export function selectionRate(c: Confusion, k: number): Measure {
  const gradient = noGradient(c);
  gradient.predicted[k] = 1 / c.total;
  return smoothMeasure(c, 'selection_rate', { value: (c.predicted[k] as number) / c.total, gradient });
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
    return smoothMeasure(c, 'mcc', { value: 0, gradient: null, reason });
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
  return smoothMeasure(c, 'mcc', { value, gradient });
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
  return smoothMeasure(c, 'cohen_kappa', { value, gradient });
}

function dot(a: Float64Array, b: Float64Array): number {
  const sum = new StableSum();
  for (let k = 0; k < a.length; k++) sum.add((a[k] as number) * (b[k] as number));
  return sum.value;
}
