import { averages } from './binary.js';
import { accuracy, balancedAccuracy, cohenKappa, confusionOf, matthews } from './confusion.js';
import { type Measure, meanMeasure, undefinedMeasure, weightedRows } from './measure.js';
import { surprise } from './probability.js';
import { rankingOf, rocAuc } from './ranking.js';
import { StableSum } from './sums.js';

/** All metrics of a task with several classes, on one set of rows. */

export interface MulticlassSample {
  readonly classes: readonly string[];
  /** Index into `classes`. */
  readonly labels: Int32Array;
  readonly predicted: Int32Array;
  /** One column per class. */
  readonly scores: readonly Float64Array[] | null;
  readonly weights: Float64Array | null;
}

const PROBABILITY_METRICS = ['roc_auc_ovr_macro', 'roc_auc_ovr_weighted', 'log_loss', 'brier'] as const;

export function scoreMulticlass(sample: MulticlassSample, noScores: string): readonly Measure[] {
  const { labels, predicted, weights, classes, scores } = sample;
  const c = confusionOf({ labels, guesses: predicted, weights, classes: classes.length });
  return [
    accuracy(c),
    balancedAccuracy(c),
    ...averages(c),
    matthews(c),
    cohenKappa(c),
    ...(scores
      ? scoreProbabilities({ ...sample, scores })
      : PROBABILITY_METRICS.map((name) => undefinedMeasure(name, noScores))),
  ];
}

function scoreProbabilities(
  sample: MulticlassSample & { readonly scores: readonly Float64Array[] },
): readonly Measure[] {
  const { labels, scores, weights } = sample;
  const rows = weightedRows(weights, labels.length);
  const given = Float64Array.from(labels, (label, i) => scores[label]?.[i] ?? 0);
  const loss = given.map(surprise);
  // Σ over classes of (p − y)², with y 1 for the true class: between 0 and 2, as scikit-learn's for several classes.
  const squares = given.map((probability, i) => {
    let sum = 1 - 2 * probability;
    for (const column of scores) sum += (column[i] as number) ** 2;
    return sum;
  });
  return [
    ...oneVersusRest(sample, rows.total),
    meanMeasure('log_loss', loss, rows),
    meanMeasure('brier', squares, rows),
  ];
}

/** AUC of each class against all others, averaged equally or by how often each class occurs. */
function oneVersusRest(
  sample: MulticlassSample & { readonly scores: readonly Float64Array[] },
  total: number,
): readonly Measure[] {
  const { labels, scores, weights, classes } = sample;
  const areas = scores.map((column, k) => {
    const isClass = Uint8Array.from(labels, (label) => (label === k ? 1 : 0));
    return rocAuc(rankingOf(isClass, column, weights));
  });
  const absent = areas.findIndex((area) => area.value === null);
  const names = ['roc_auc_ovr_macro', 'roc_auc_ovr_weighted'] as const;
  if (absent >= 0) {
    const reason = `no rows of the class ${JSON.stringify(classes[absent])}, or no others`;
    return names.map((name) => undefinedMeasure(name, reason));
  }
  const shares = classShares(sample, total);
  const equal = shares.map(() => 1 / shares.length);
  return [
    weightedArea('roc_auc_ovr_macro', areas, equal, null),
    weightedArea('roc_auc_ovr_weighted', areas, shares, { labels, weights, total }),
  ];
}

function classShares(sample: MulticlassSample, total: number): readonly number[] {
  const sums = sample.classes.map(() => new StableSum());
  sample.labels.forEach((label, i) => {
    sums[label]?.add(sample.weights ? (sample.weights[i] as number) : 1);
  });
  return sums.map((sum) => sum.value / total);
}

/** @param moving given when the shares themselves come from the rows, and so pull too */
function weightedArea(
  name: string,
  areas: readonly Measure[],
  shares: readonly number[],
  moving: {
    readonly labels: Int32Array;
    readonly weights: Float64Array | null;
    readonly total: number;
  } | null,
): Measure {
  const sum = new StableSum();
  areas.forEach((area, k) => {
    sum.add((area.value ?? 0) * (shares[k] as number));
  });
  const value = sum.value;
  if (areas.some((area) => area.influence === null)) return { name, value, influence: null };
  const influence = () => {
    const pulls = areas.map((area) => area.influence?.() ?? new Float64Array());
    const rows = pulls[0]?.length ?? 0;
    return Float64Array.from({ length: rows }, (_, i) => {
      let pull = 0;
      for (let k = 0; k < pulls.length; k++) pull += (shares[k] as number) * (pulls[k]?.[i] as number);
      if (!moving) return pull;
      const own = (areas[moving.labels[i] as number]?.value ?? 0) - value;
      return pull + (own * rows * (moving.weights ? (moving.weights[i] as number) : 1)) / moving.total;
    });
  };
  return { name, value, influence };
}
