import type { Confusion } from './confusion.js';
import { type Measure, undefinedMeasure } from './measure.js';
import { StableSum } from './sums.js';

/**
 * Cohen's kappa where a miss weighs by its distance, linear or squared (Cohen, Psychological Bulletin 70, 1968): 1 − observed /
 * expected disagreement. Distances count the classes that occur, as in scikit-learn.
 */
export function weightedKappa(c: Confusion, weights: 'linear' | 'quadratic'): Measure {
  const name = `cohen_kappa_${weights}`;
  const place = new Map(c.present.map((k, at) => [k, at]));
  const at = (k: number) => place.get(k) ?? 0;
  const distance = (a: number, b: number) => (weights === 'linear' ? Math.abs(a - b) : (a - b) ** 2);
  const observed = new StableSum();
  for (let i = 0; i < c.rows; i++) {
    const weight = c.weights ? (c.weights[i] as number) : 1;
    observed.add(weight * distance(at(c.labels[i] as number), at(c.guesses[i] as number)));
  }
  // Mean distance of each class from the predictions, and of each prediction from the labels.
  const mean = (sums: Float64Array) =>
    Float64Array.from(c.present, (_, a) => {
      const sum = new StableSum();
      for (const [b, k] of c.present.entries()) sum.add((distance(a, b) * (sums[k] as number)) / c.total);
      return sum.value;
    });
  const fromPredictions = mean(c.predicted);
  const fromLabels = mean(c.actual);
  const expected = new StableSum();
  for (const [a, k] of c.present.entries())
    expected.add((c.actual[k] as number) * (fromPredictions[a] as number));
  if (!(expected.value > 0)) {
    return undefinedMeasure(name, 'labels and predictions are all of one and the same class');
  }
  const ratio = observed.value / expected.value;
  return {
    name,
    value: 1 - ratio,
    influence: () =>
      Float64Array.from({ length: c.rows }, (_, i) => {
        const weight = c.weights ? (c.weights[i] as number) : 1;
        const [a, b] = [at(c.labels[i] as number), at(c.guesses[i] as number)];
        const shift = (fromPredictions[a] as number) + (fromLabels[b] as number) - expected.value / c.total;
        return (c.rows * weight * (ratio * shift - distance(a, b))) / expected.value;
      }),
  };
}
