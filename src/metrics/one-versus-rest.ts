import { type Measure, undefinedMeasure } from './measure.js';
import { averagePrecision, rankingOf, rocAuc } from './ranking.js';
import { StableSum, stableSum, weightedSum } from './sums.js';

/** ROC AUC and average precision of each class against the others, averaged. Definitions as in scikit-learn 1.9. */

export interface OneVersusRest {
  readonly classes: readonly string[];
  /** One column per class; 1 where the row has it. */
  readonly labels: readonly Uint8Array[];
  readonly scores: readonly Float64Array[];
  readonly weights: Float64Array | null;
}

/** More scores than this are not sorted at once for a micro average: memory. */
const MOST_SCORES = 40_000_000;

/**
 * Macro, micro and weighted averages (`roc_auc_macro` …). A class without rows, or with all of them, leaves the macro
 * average of ROC AUC undefined; average precision is then 0, or 1, as in scikit-learn; weighted, a class without rows does not count.
 * @param rocName `roc_auc`, or `roc_auc_ovr` where rows have one class each
 */
export function averagedAreas(sample: OneVersusRest, rocName: string): readonly Measure[] {
  const { labels, scores, weights } = sample;
  const shares = labels.map((column) => weightedSum(column, weights));
  const rankings = labels.map((column, k) => rankingOf(column, scores[k] as Float64Array, weights));
  const areas = rankings.map((ranking) => rocAuc(ranking));
  const precisions = rankings.map((ranking, k) =>
    conventional(averagePrecision(ranking), shares[k] as number),
  );
  return [
    equalMean(`${rocName}_macro`, areas, sample.classes),
    shareMean(`${rocName}_weighted`, areas, { shares, sample }),
    equalMean('average_precision_macro', precisions, sample.classes),
    shareMean('average_precision_weighted', precisions, { shares, sample }),
    ...microAreas(sample, rocName),
  ];
}

function microAreas(sample: OneVersusRest, rocName: string): readonly Measure[] {
  const { labels, scores, weights } = sample;
  const names = [`${rocName}_micro`, 'average_precision_micro'] as const;
  const count = labels.length * (labels[0]?.length ?? 0);
  if (count > MOST_SCORES) {
    return names.map((name) => undefinedMeasure(name, `more than ${MOST_SCORES} scores (rows × classes)`));
  }
  const all = rankingOf(flat(labels), flatNumbers(scores), weights && repeated(weights, labels.length));
  return [
    { ...rocAuc(all), name: names[0], influence: null },
    { ...averagePrecision(all), name: names[1], influence: null },
  ];
}

/** Without rows of a class scikit-learn takes its recall as 1, so that its average precision is 0; without others it is 1. */
function conventional(measure: Measure, share: number): Measure {
  if (measure.value !== null) return measure;
  const { name } = measure;
  if (share > 0) return { name, value: 1, influence: null };
  return { name, value: 0, reason: 'a class without rows counts as 0', influence: null };
}

function equalMean(name: string, of: readonly Measure[], classes: readonly string[]): Measure {
  const absent = of.findIndex((measure) => measure.value === null);
  if (absent >= 0) {
    return undefinedMeasure(name, `no rows of the class ${JSON.stringify(classes[absent])}, or no others`);
  }
  const share = 1 / of.length;
  const sum = stableSum(of.map(({ value }) => value ?? 0));
  const reason = of.find((measure) => measure.reason !== undefined)?.reason;
  const smooth = of.every((measure) => measure.influence !== null);
  return {
    name,
    value: sum / of.length,
    ...(reason === undefined ? {} : { reason }),
    influence: smooth ? () => combined(of, () => share) : null,
  };
}

function shareMean(
  name: string,
  of: readonly Measure[],
  by: { readonly shares: readonly number[]; readonly sample: OneVersusRest },
): Measure {
  const total = stableSum(by.shares);
  const counted = of.flatMap((measure, k) => ((by.shares[k] as number) > 0 ? [{ measure, k }] : []));
  if (!(total > 0) || counted.some(({ measure }) => measure.value === null)) {
    return undefinedMeasure(name, total > 0 ? 'a class has all of the rows' : 'no row has a class');
  }
  const sum = new StableSum();
  for (const { measure, k } of counted) sum.add((measure.value ?? 0) * (by.shares[k] as number));
  const value = sum.value / total;
  if (counted.some(({ measure }) => measure.influence === null)) return { name, value, influence: null };
  const { labels, weights } = by.sample;
  const influence = () => {
    const pulls = combined(
      counted.map(({ measure }) => measure),
      (at) => (by.shares[counted[at]?.k as number] as number) / total,
    );
    // The shares come from the rows, and so pull too.
    for (const { measure, k } of counted) {
      const own = ((measure.value ?? 0) - value) / total;
      const column = labels[k] as Uint8Array;
      for (let i = 0; i < pulls.length; i++) {
        if (column[i] !== 1) continue;
        pulls[i] = (pulls[i] as number) + own * pulls.length * (weights ? (weights[i] as number) : 1);
      }
    }
    return pulls;
  };
  return { name, value, influence };
}

function combined(of: readonly Measure[], share: (at: number) => number): Float64Array {
  const each = of.map((measure) => measure.influence?.() ?? new Float64Array());
  const pulls = new Float64Array(each[0]?.length ?? 0);
  each.forEach((own, at) => {
    const factor = share(at);
    for (let i = 0; i < pulls.length; i++) pulls[i] = (pulls[i] as number) + factor * (own[i] as number);
  });
  return pulls;
}

function flat(columns: readonly Uint8Array[]): Uint8Array {
  const length = columns[0]?.length ?? 0;
  const all = new Uint8Array(length * columns.length);
  columns.forEach((column, k) => {
    all.set(column, k * length);
  });
  return all;
}

function flatNumbers(columns: readonly Float64Array[]): Float64Array {
  const length = columns[0]?.length ?? 0;
  const all = new Float64Array(length * columns.length);
  columns.forEach((column, k) => {
    all.set(column, k * length);
  });
  return all;
}

function repeated(values: Float64Array, times: number): Float64Array {
  return flatNumbers(Array.from({ length: times }, () => values));
}
