import { type Measure, undefinedMeasure } from './measure.js';
import { rankingOf, rocAuc } from './ranking.js';
import { StableSum } from './sums.js';

/** With more classes there are too many pairs to sort. */
const MOST_CLASSES = 30;

/**
 * ROC AUC averaged over all pairs of classes (Hand and Till, Machine Learning 45, 2001), equally or by how many rows the pair has;
 * as scikit-learn's `multi_class='ovo'`, over the classes that occur and without weights.
 */
export function pairwiseAreas(sample: {
  readonly labels: Int32Array;
  readonly scores: readonly Float64Array[];
  readonly weights: Float64Array | null;
}): readonly Measure[] {
  const names = ['roc_auc_ovo_macro', 'roc_auc_ovo_weighted'] as const;
  const { labels, scores, weights } = sample;
  if (weights) return names.map((name) => undefinedMeasure(name, 'pairs of classes have no weights'));
  const rowsOf = scores.map(() => [] as number[]);
  labels.forEach((label, row) => {
    rowsOf[label]?.push(row);
  });
  const present = rowsOf.flatMap((rows, k) => (rows.length > 0 ? [k] : []));
  if (present.length < 2)
    return names.map((name) => undefinedMeasure(name, 'only one class among the labels'));
  if (present.length > MOST_CLASSES) {
    return names.map((name) => undefinedMeasure(name, `more than ${MOST_CLASSES} classes`));
  }
  const [equal, byRows] = [new StableSum(), new StableSum()];
  let pairs = 0;
  let rows = 0;
  for (const [at, a] of present.entries()) {
    for (const b of present.slice(at + 1)) {
      const [ofA, ofB] = [rowsOf[a] as number[], rowsOf[b] as number[]];
      const both = [...ofA, ...ofB];
      const isA = Uint8Array.from(both, (_, i) => (i < ofA.length ? 1 : 0));
      const area = (k: number, isClass: Uint8Array) =>
        rocAuc(
          rankingOf(
            isClass,
            Float64Array.from(both, (row) => scores[k]?.[row] as number),
            null,
          ),
        ).value ?? 0;
      const value =
        (area(a, isA) +
          area(
            b,
            isA.map((bit) => 1 - bit),
          )) /
        2;
      equal.add(value);
      byRows.add(value * both.length);
      pairs++;
      rows += both.length;
    }
  }
  return [
    { name: names[0], value: equal.value / pairs, influence: null },
    { name: names[1], value: byRows.value / rows, influence: null },
  ];
}
