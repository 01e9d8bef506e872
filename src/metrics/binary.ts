import {
  accuracy,
  averageMeasure,
  balancedAccuracy,
  classMeasure,
  cohenKappa,
  confusionOf,
  matthews,
  missRate,
  selectionRate,
} from './confusion.js';
import { type Measure, undefinedMeasure } from './measure.js';
import { brier, expectedCalibrationError, logLoss } from './probability.js';
import { averagePrecision, gini, ksStatistic, prAucTrapezoid, rankingOf, rocAuc } from './ranking.js';

/** All metrics of a task with two classes, on one set of rows. */

export interface BinarySample {
  /** 1 for the positive class. */
  readonly labels: Uint8Array;
  readonly predicted: Uint8Array;
  readonly scores: Float64Array | null;
  readonly weights: Float64Array | null;
}

const PROBABILITY_METRICS = [
  'roc_auc',
  'average_precision',
  'pr_auc_trapezoid',
  'ks_statistic',
  'gini',
  'log_loss',
  'brier',
  'ece_10_equal_width',
] as const;

/** Named as scikit-learn's functions with their average: `precision_binary` is of the positive class. */
export function scoreBinary(sample: BinarySample, noScores: string): readonly Measure[] {
  const { labels, predicted, scores, weights } = sample;
  return [
    ...scoreDecisions({ labels, predicted, weights }),
    ...(scores
      ? scoreProbabilities({ labels, scores, weights })
      : PROBABILITY_METRICS.map((name) => undefinedMeasure(name, noScores))),
  ];
}

function scoreDecisions(sample: Omit<BinarySample, 'scores'>): readonly Measure[] {
  const { labels, predicted, weights } = sample;
  const c = confusionOf({ labels, guesses: predicted, weights, classes: 2 });
  return [
    accuracy(c),
    balancedAccuracy(c),
    ...(['precision', 'recall', 'f1', 'f2', 'f05', 'jaccard'] as const).map((ratio) =>
      classMeasure(c, `${ratio}_binary`, ratio, 1),
    ),
    ...averages(c),
    classMeasure(c, 'specificity', 'recall', 0),
    missRate(c, 'false_positive_rate', 0),
    missRate(c, 'false_negative_rate', 1),
    selectionRate(c, 1),
    matthews(c),
    cohenKappa(c),
  ];
}

/** Precision, recall and F1 by macro, micro and weighted average. With one label per row the micro average is the accuracy. */
export function averages(c: ReturnType<typeof confusionOf>): readonly Measure[] {
  const ratios = ['precision', 'recall', 'f1'] as const;
  return [
    ...ratios.map((ratio) => averageMeasure(c, `${ratio}_macro`, ratio, 'macro')),
    ...ratios.map((ratio) => accuracy(c, `${ratio}_micro`)),
    ...ratios.map((ratio) => averageMeasure(c, `${ratio}_weighted`, ratio, 'weighted')),
  ];
}

function scoreProbabilities(sample: {
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly weights: Float64Array | null;
}): readonly Measure[] {
  const ranking = rankingOf(sample.labels, sample.scores, sample.weights);
  const auc = rocAuc(ranking);
  return [
    auc,
    averagePrecision(ranking),
    prAucTrapezoid(ranking),
    ksStatistic(ranking),
    gini(auc),
    logLoss(sample),
    brier(sample),
    expectedCalibrationError(sample),
  ];
}
