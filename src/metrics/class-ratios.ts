import { type Confusion, noGradient, type Smooth, smoothMeasure } from './confusion.js';
import { type Measure, undefinedMeasure } from './measure.js';
import { StableSum, stableSum } from './sums.js';

/** Precision, recall, F and Jaccard: ratios of the three sums of a class, of one class or averaged. */

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
  return smoothMeasure(c, name, averaged(c, ratio, { classes: [k], average: 'equal' }));
}

/** Mean over the classes present (macro), or weighted by how often each is true (weighted). */
export function averageMeasure(
  c: Confusion,
  name: string,
  ratio: RatioName,
  average: 'macro' | 'weighted',
): Measure {
  return smoothMeasure(
    c,
    name,
    averaged(c, ratio, { classes: c.present, average: average === 'macro' ? 'equal' : 'actual' }),
  );
}

/** Mean recall over the classes that occur among the labels. */
export function balancedAccuracy(c: Confusion): Measure {
  const classes = c.present.filter((k) => (c.actual[k] as number) > 0);
  return smoothMeasure(c, 'balanced_accuracy', averaged(c, 'recall', { classes, average: 'equal' }));
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

/** The ratio of all classes' sums together: with one label per row every miss is a wrong guess too. */
export function microMeasure(c: Confusion, name: string, ratio: RatioName): Measure {
  const { top, right, actual, predicted } = RATIOS[ratio];
  const hits = stableSum(c.right);
  const bottom = right * hits + (actual + predicted) * c.total;
  const value = (top * hits) / bottom;
  const gradient = noGradient(c);
  gradient.right.fill((top - value * right) / bottom);
  return smoothMeasure(c, name, { value, gradient });
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
  return smoothMeasure(c, name, { value: (actual - (c.right[k] as number)) / actual, gradient });
}
