import { accuracy, cohenKappa, matthews, zeroOneLoss } from './agreement.js';
import { averages } from './binary.js';
import { balancedAccuracy, classMeasure } from './class-ratios.js';
import { type Confusion, confusionOf } from './confusion.js';
import { weightedKappa } from './kappa.js';
import { type Measure, meanMeasure, undefinedMeasure, weightedRows } from './measure.js';
import { averagedAreas } from './one-versus-rest.js';
import { pairwiseAreas } from './pairwise.js';
import { calibrationErrors, shareExplainedBy, surprise } from './probability.js';
import { weightedSum } from './sums.js';

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

type Scored = MulticlassSample & { readonly scores: readonly Float64Array[] };

const PROBABILITY_METRICS = ['roc_auc_ovr_macro', 'roc_auc_ovr_weighted', 'log_loss', 'brier'] as const;
/** Classes with metrics of their own; of more, the averages only. */
const MOST_CLASSES_SHOWN = 100;
const TOP = [2, 3, 5] as const;

/** @param options.each whether the metrics of each class are wanted too */
export function scoreMulticlass(
  sample: MulticlassSample,
  options: { readonly noScores: string; readonly each: boolean },
): readonly Measure[] {
  const { labels, predicted, weights, classes, scores } = sample;
  const c = confusionOf({ labels, guesses: predicted, weights, classes: classes.length });
  return [
    accuracy(c),
    balancedAccuracy(c),
    zeroOneLoss(c),
    ...averages(c),
    matthews(c),
    cohenKappa(c),
    ...orderedKappas(sample, c),
    ...(scores
      ? scoreProbabilities({ ...sample, scores })
      : PROBABILITY_METRICS.map((name) => undefinedMeasure(name, options.noScores))),
    ...(options.each && classes.length <= MOST_CLASSES_SHOWN ? eachClass(c, classes) : []),
  ];
}

/** Classes that are numbers have an order, so that a miss by one weighs less than a miss by two. */
function orderedKappas(sample: MulticlassSample, c: Confusion): readonly Measure[] {
  const isOrdered = sample.classes.every((name) => name !== '' && Number.isFinite(Number(name)));
  return isOrdered ? [weightedKappa(c, 'linear'), weightedKappa(c, 'quadratic')] : [];
}

function eachClass(c: Confusion, classes: readonly string[]): readonly Measure[] {
  const ratios = ['precision', 'recall', 'f1'] as const;
  return c.present.flatMap((k) => ratios.map((ratio) => classMeasure(c, `${classes[k]}.${ratio}`, ratio, k)));
}

function scoreProbabilities(sample: Scored): readonly Measure[] {
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
  const columns = scores.map((_, k) => Uint8Array.from(labels, (label) => (label === k ? 1 : 0)));
  const shares = columns.map((column) => weightedSum(column, weights) / rows.total);
  const squaredShares = shares.reduce((sum, share) => sum + share * share, 0);
  return [
    ...averagedAreas({ classes: sample.classes, labels: columns, scores, weights }, 'roc_auc_ovr'),
    ...pairwiseAreas(sample),
    ...topAccuracies(sample),
    meanMeasure('log_loss', loss, rows),
    meanMeasure('brier', squares, rows),
    shareExplainedBy(
      'd2_log_loss',
      loss,
      Float64Array.from(labels, (k) => surprise(shares[k] as number)),
      rows,
    ),
    shareExplainedBy(
      'd2_brier',
      squares,
      Float64Array.from(labels, (k) => 1 - 2 * (shares[k] as number) + squaredShares),
      rows,
    ),
    ...calibrationErrors(confidence(sample)),
  ];
}

/** How sure the likeliest class was, and whether it was right (Guo, Pleiss, Sun and Weinberger, ICML 2017). */
function confidence(sample: Scored): {
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly weights: Float64Array | null;
} {
  const { labels, scores, weights } = sample;
  const right = new Uint8Array(labels.length);
  const highest = new Float64Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let k = 1; k < scores.length; k++) {
      if ((scores[k]?.[i] as number) > (scores[best]?.[i] as number)) best = k;
    }
    right[i] = best === labels[i] ? 1 : 0;
    highest[i] = scores[best]?.[i] as number;
  }
  return { labels: right, scores: highest, weights };
}

/** Share of rows whose class is among the k likeliest; among equal scores the later class ranks higher, as in scikit-learn. */
function topAccuracies(sample: Scored): readonly Measure[] {
  const { labels, scores, weights, classes } = sample;
  const rows = weightedRows(weights, labels.length);
  const rank = Float64Array.from(labels, (label, i) => {
    const own = scores[label]?.[i] as number;
    let above = 0;
    for (let k = 0; k < scores.length; k++) {
      const other = scores[k]?.[i] as number;
      if (other > own || (other === own && k > label)) above++;
    }
    return above;
  });
  return TOP.filter((k) => k < classes.length).map((k) =>
    meanMeasure(
      `top_${k}_accuracy`,
      rank.map((above) => (above < k ? 1 : 0)),
      rows,
    ),
  );
}
