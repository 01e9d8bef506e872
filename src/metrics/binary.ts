import { accuracy, cohenKappa, matthews, selectionRate, zeroOneLoss } from './agreement.js';
import {
  averageMeasure,
  balancedAccuracy,
  classMeasure,
  hitRate,
  microMeasure,
  missRate,
  predictiveValue,
} from './class-ratios.js';
import { type Confusion, confusionOf } from './confusion.js';
import { type Measure, undefinedMeasure } from './measure.js';
import { calibrationErrors, scoreLosses } from './probability.js';
import { averagePrecision, gini, ksStatistic, prAucTrapezoid, rankingOf, rocAuc } from './ranking.js';

/** All metrics of a task with two classes, on one set of rows. */

export interface BinarySample {
  /** 1 for the positive class. */
  readonly labels: Uint8Array;
  readonly predicted: Uint8Array;
  readonly scores: Float64Array | null;
  readonly weights: Float64Array | null;
  /** Rows by ascending score; null when there are no scores, or it is not known yet. */
  readonly order?: Int32Array | null;
}

const PROBABILITY_METRICS = [
  'roc_auc',
  'average_precision',
  'pr_auc_trapezoid',
  'ks_statistic',
  'gini',
  'log_loss',
  'brier',
  'd2_log_loss',
  'd2_brier',
  'ece_10_equal_width',
  'mce_10_equal_width',
] as const;

/** Named as scikit-learn's functions with their average: `precision_binary` is of the positive class. */
export function scoreBinary(sample: BinarySample, noScores: string): readonly Measure[] {
  const { labels, predicted, scores, weights, order } = sample;
  return [
    ...scoreDecisions({ labels, predicted, weights }),
    ...(scores
      ? scoreProbabilities({ labels, scores, weights, order })
      : PROBABILITY_METRICS.map((name) => undefinedMeasure(name, noScores))),
  ];
}

function scoreDecisions(sample: Pick<BinarySample, 'labels' | 'predicted' | 'weights'>): readonly Measure[] {
  const { labels, predicted, weights } = sample;
  const c = confusionOf({ labels, guesses: predicted, weights, classes: 2 });
  return [
    accuracy(c),
    balancedAccuracy(c),
    zeroOneLoss(c),
    ...(['precision', 'recall', 'f1', 'f2', 'f05', 'jaccard'] as const).map((ratio) =>
      classMeasure(c, `${ratio}_binary`, ratio, 1),
    ),
    ...averages(c),
    hitRate(c, 'specificity', 0),
    predictiveValue(c, 'negative_predictive_value', 0),
    missRate(c, 'false_positive_rate', 0),
    missRate(c, 'false_negative_rate', 1),
    selectionRate(c, 1),
    matthews(c),
    cohenKappa(c),
  ];
}

/** By macro, micro and weighted average. With one label per row the micro averages of the first three are the accuracy. */
export function averages(c: Confusion): readonly Measure[] {
  const ratios = ['precision', 'recall', 'f1', 'jaccard'] as const;
  return [
    ...ratios.map((ratio) => averageMeasure(c, `${ratio}_macro`, ratio, 'macro')),
    ...ratios.map((ratio) =>
      ratio === 'jaccard' ? microMeasure(c, 'jaccard_micro', ratio) : accuracy(c, `${ratio}_micro`),
    ),
    ...ratios.map((ratio) => averageMeasure(c, `${ratio}_weighted`, ratio, 'weighted')),
  ];
}

function scoreProbabilities(sample: {
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly weights: Float64Array | null;
  readonly order: Int32Array | null | undefined;
}): readonly Measure[] {
  const ranking = rankingOf(sample.labels, sample.scores, sample.weights, sample.order ?? undefined);
  const auc = rocAuc(ranking);
  return [
    auc,
    averagePrecision(ranking),
    prAucTrapezoid(ranking),
    ksStatistic(ranking),
    gini(auc),
    ...scoreLosses(sample),
    ...calibrationErrors(sample),
  ];
}
