import type { Direction, EvaluateConfig } from '../config/model.js';

/**
 * Every metric that is computed from predictions: what it is, which side is better, where it comes from and when it has no value.
 * docs/metrics.md is written from this table, and directions are read from it.
 */

type Task = EvaluateConfig['task'];

export interface MetricEntry {
  /** `{average}`, `{k}`, `{class}`, `{level}` stand for a part that varies. */
  readonly name: string;
  readonly tasks: readonly Task[];
  readonly direction: Direction;
  readonly is: string;
  /** Function or paper that defines it. */
  readonly source: string;
  /** When it has no value, or one by convention; what holds for all is said once in the documentation. */
  readonly undefined?: string;
}

const CLASSES: readonly Task[] = ['binary', 'multiclass'];
const LABELS: readonly Task[] = ['binary', 'multiclass', 'multilabel'];
const NUMBERS: readonly Task[] = ['regression', 'forecast'];
const ONE_CLASS = 'one class only among the labels';
const EQUAL_LABELS = 'fewer than 2 rows; with labels that are all equal it is 1 for no error, else 0';
const ZERO_BY_ZERO = '0/0 counts as 0';

export const CATALOG: readonly MetricEntry[] = [
  entry(
    LABELS,
    'accuracy',
    'higher',
    'share of rows that are right (multilabel: in every label)',
    'accuracy_score',
  ),
  entry(
    CLASSES,
    'balanced_accuracy',
    'higher',
    'mean recall of the classes that occur among the labels',
    'balanced_accuracy_score',
  ),
  entry(LABELS, 'zero_one_loss', 'lower', '1 − accuracy', 'zero_one_loss'),
  entry(['multilabel'], 'hamming_loss', 'lower', 'share of single labels that are wrong', 'hamming_loss'),
  entry(
    ['binary'],
    'precision_binary',
    'higher',
    'TP / (TP + FP) of the positive class',
    'precision_score',
    ZERO_BY_ZERO,
  ),
  entry(
    ['binary'],
    'recall_binary',
    'higher',
    'TP / (TP + FN) of the positive class',
    'recall_score',
    ZERO_BY_ZERO,
  ),
  entry(
    ['binary'],
    'f1_binary',
    'higher',
    'harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN)',
    'f1_score',
    ZERO_BY_ZERO,
  ),
  entry(
    ['binary'],
    'f2_binary',
    'higher',
    'F with recall counting twice: 5 TP / (5 TP + 4 FN + FP)',
    'fbeta_score, beta=2',
    ZERO_BY_ZERO,
  ),
  entry(
    ['binary'],
    'f05_binary',
    'higher',
    'F with precision counting twice: 1.25 TP / (1.25 TP + 0.25 FN + FP)',
    'fbeta_score, beta=0.5',
    ZERO_BY_ZERO,
  ),
  entry(['binary'], 'jaccard_binary', 'higher', 'TP / (TP + FP + FN)', 'jaccard_score', ZERO_BY_ZERO),
  entry(
    LABELS,
    'precision_{average}',
    'higher',
    'precision averaged over the classes',
    'precision_score',
    ZERO_BY_ZERO,
  ),
  entry(
    LABELS,
    'recall_{average}',
    'higher',
    'recall averaged over the classes',
    'recall_score',
    ZERO_BY_ZERO,
  ),
  entry(LABELS, 'f1_{average}', 'higher', 'F1 averaged over the classes', 'f1_score', ZERO_BY_ZERO),
  entry(
    LABELS,
    'jaccard_{average}',
    'higher',
    'Jaccard index averaged over the classes',
    'jaccard_score',
    ZERO_BY_ZERO,
  ),
  entry(
    ['multiclass', 'multilabel'],
    '{class}.precision',
    'higher',
    'of one class, for up to 100 classes, over all rows',
    'precision_score, average=None',
    ZERO_BY_ZERO,
  ),
  entry(
    ['multiclass', 'multilabel'],
    '{class}.recall',
    'higher',
    'of one class, likewise',
    'recall_score, average=None',
    ZERO_BY_ZERO,
  ),
  entry(
    ['multiclass', 'multilabel'],
    '{class}.f1',
    'higher',
    'of one class, likewise',
    'f1_score, average=None',
    ZERO_BY_ZERO,
  ),
  entry(['binary'], 'specificity', 'higher', 'TN / (TN + FP)', 'definition', 'no row is negative'),
  entry(
    ['binary'],
    'negative_predictive_value',
    'higher',
    'TN / (TN + FN)',
    'definition',
    'no row is predicted negative',
  ),
  entry(['binary'], 'false_positive_rate', 'lower', 'FP / (TN + FP)', 'definition', 'no row is negative'),
  entry(['binary'], 'false_negative_rate', 'lower', 'FN / (TP + FN)', 'definition', 'no row is positive'),
  entry(['binary'], 'selection_rate', 'none', 'share of rows predicted positive', 'definition'),
  entry(
    CLASSES,
    'mcc',
    'higher',
    "Matthews' correlation of labels and predictions",
    'matthews_corrcoef',
    '0 when labels or predictions are all of one class',
  ),
  entry(
    CLASSES,
    'cohen_kappa',
    'higher',
    'agreement beyond chance',
    'cohen_kappa_score',
    'labels and predictions are all of one and the same class',
  ),
  entry(
    ['multiclass'],
    'cohen_kappa_{weights}',
    'higher',
    'kappa where a miss weighs by its distance (`linear`) or its square (`quadratic`); only for classes that are numbers',
    'cohen_kappa_score, weights',
    'as cohen_kappa',
  ),
  entry(
    ['binary'],
    'roc_auc',
    'higher',
    'chance that a positive row scores above a negative one, half for ties',
    'roc_auc_score',
    ONE_CLASS,
  ),
  entry(
    ['binary'],
    'average_precision',
    'higher',
    'mean precision at the positive rows; equal scores are one step',
    'average_precision_score',
    ONE_CLASS,
  ),
  entry(
    ['binary'],
    'pr_auc_trapezoid',
    'higher',
    'area under the precision-recall curve by trapezoids',
    'auc(*precision_recall_curve)',
    ONE_CLASS,
  ),
  entry(
    ['binary'],
    'ks_statistic',
    'higher',
    'largest distance of the score distributions of the two classes',
    'scipy ks_2samp',
    ONE_CLASS,
  ),
  entry(['binary'], 'gini', 'higher', '2 · roc_auc − 1', 'definition', ONE_CLASS),
  entry(
    ['multiclass'],
    'roc_auc_ovr_{average}',
    'higher',
    'ROC AUC of each class against the others, averaged: `macro`, `weighted` by rows, `micro` over all scores',
    'roc_auc_score, multi_class=ovr',
    '`macro`: a class has no rows, or all; a class without rows does not count in `weighted`',
  ),
  entry(
    ['multiclass'],
    'roc_auc_ovo_{average}',
    'higher',
    'ROC AUC over all pairs of classes: `macro`, or `weighted` by rows',
    'roc_auc_score, multi_class=ovo',
    'weights are given; more than 30 classes',
  ),
  entry(
    ['multilabel'],
    'roc_auc_{average}',
    'higher',
    'ROC AUC of each label, averaged: `macro`, `weighted`, `micro`',
    'roc_auc_score',
    'as roc_auc_ovr',
  ),
  entry(
    ['multiclass', 'multilabel'],
    'average_precision_{average}',
    'higher',
    'average precision of each class, averaged: `macro`, `weighted`, `micro`; multilabel also `samples` (of each row)',
    'average_precision_score',
    'a class without rows counts as 0 in `macro`, and not in `weighted`',
  ),
  entry(
    ['multiclass'],
    'top_{k}_accuracy',
    'higher',
    'share of rows whose class is among the 2, 3, 5 likeliest, for more than k classes; of equal scores the later class ranks higher',
    'top_k_accuracy_score',
  ),
  entry(
    CLASSES,
    'log_loss',
    'lower',
    'mean −log of the probability given to what happened, clipped to [2.2e-16, 1 − 2.2e-16]',
    'log_loss',
  ),
  entry(
    CLASSES,
    'brier',
    'lower',
    'mean squared distance of the probability from what happened: from 0 to 1 for two classes, from 0 to 2 for several',
    'brier_score_loss',
  ),
  entry(
    CLASSES,
    'd2_log_loss',
    'higher',
    '1 − log_loss / log loss of the shares of the classes',
    'd2_log_loss_score',
    `fewer than 2 rows; ${ONE_CLASS}`,
  ),
  entry(
    CLASSES,
    'd2_brier',
    'higher',
    '1 − brier / Brier score of the shares of the classes (Brier skill score)',
    'd2_brier_score',
    `fewer than 2 rows; ${ONE_CLASS}`,
  ),
  entry(
    CLASSES,
    'ece_10_equal_width',
    'lower',
    'mean gap of score and share of positives over the bins [0, 0.1], (0.1, 0.2] … (0.9, 1]; several classes: of the highest score and the accuracy',
    'Naeini et al., AAAI 2015; Guo et al., ICML 2017',
  ),
  entry(CLASSES, 'mce_10_equal_width', 'lower', 'largest gap of those bins', 'Naeini et al., AAAI 2015'),
  entry(
    ['multilabel'],
    'label_ranking_average_precision',
    'higher',
    "mean over a row's labels of the share of its labels among those that score at least as high",
    'label_ranking_average_precision_score',
    'a row with none or all labels counts as 1',
  ),
  entry(
    ['multilabel'],
    'label_ranking_loss',
    'lower',
    'share of pairs of labels that are ordered wrongly; a tie is wrong',
    'label_ranking_loss',
    'a row with none or all labels counts as 0',
  ),
  entry(
    ['multilabel'],
    'coverage_error',
    'lower',
    'how many labels down the ranking cover all labels of a row',
    'coverage_error',
    'a row without labels counts as 0',
  ),

  entry(
    ['forecast'],
    'mase',
    'lower',
    "mean |error| / mean |yₜ − yₜ₋ₘ| over the series' history; m is `season`",
    'Hyndman and Koehler, 2006',
    'a series without history, or whose history never changes',
  ),
  entry(
    ['forecast'],
    'rmsse',
    'lower',
    '√(mean error² / mean (yₜ − yₜ₋ₘ)²) of each series, averaged over the series',
    'Makridakis et al., 2022',
    'as mase',
  ),
  entry(NUMBERS, 'mae', 'lower', 'mean |error|', 'mean_absolute_error'),
  entry(NUMBERS, 'mse', 'lower', 'mean error²', 'mean_squared_error'),
  entry(NUMBERS, 'rmse', 'lower', '√mse', 'root_mean_squared_error'),
  entry(NUMBERS, 'r2', 'higher', '1 − Σ error² / Σ (y − ȳ)²', 'r2_score', EQUAL_LABELS),
  entry(
    NUMBERS,
    'explained_variance',
    'higher',
    '1 − variance of the error / variance of the labels',
    'explained_variance_score',
    'with labels that are all equal it is 1 for an error that is constant, else 0',
  ),
  entry(
    NUMBERS,
    'd2_absolute_error',
    'higher',
    '1 − mae / MAE of the median',
    'd2_absolute_error_score',
    EQUAL_LABELS,
  ),
  entry(
    NUMBERS,
    'median_absolute_error',
    'lower',
    'median |error|, weighted if there are weights',
    'median_absolute_error',
  ),
  entry(NUMBERS, 'max_error', 'lower', 'largest |error|; weights do not count', 'max_error'),
  entry(
    NUMBERS,
    'mape',
    'lower',
    'mean |error| / |label|: 0.05 is 5 %',
    'mean_absolute_percentage_error',
    'a label of 0 counts as 2.2e-16, which makes it huge; the reason says so',
  ),
  entry(
    NUMBERS,
    'smape',
    'lower',
    'mean 2·|error| / (|label| + |prediction|), from 0 to 2; 0/0 is 0',
    'Makridakis, 1993',
  ),
  entry(NUMBERS, 'wape', 'lower', 'Σ |error| / Σ |label|', 'Kolassa and Schütz, 2007', 'all labels are 0'),
  entry(NUMBERS, 'bias', 'none', 'mean of prediction − label', 'definition'),
  entry(
    ['regression'],
    'pearson',
    'higher',
    'correlation of labels and predictions',
    'scipy pearsonr',
    'labels or predictions are all equal',
  ),
  entry(
    ['regression'],
    'spearman',
    'higher',
    'correlation of their ranks, ties at the mean rank',
    'scipy spearmanr',
    'labels or predictions are all equal; weights are given',
  ),
  entry(
    ['regression'],
    'msle',
    'lower',
    'mean (log(1 + y) − log(1 + ŷ))²; for labels above −1',
    'mean_squared_log_error',
    'a prediction of −1 or less',
  ),
  entry(['regression'], 'rmsle', 'lower', '√msle', 'root_mean_squared_log_error', 'as msle'),
  entry(
    ['regression'],
    'poisson_deviance',
    'lower',
    'mean 2·(y·log(y/ŷ) − y + ŷ); for labels of 0 or more',
    'mean_poisson_deviance',
    'a prediction of 0 or less',
  ),
  entry(
    ['regression'],
    'gamma_deviance',
    'lower',
    'mean 2·(log(ŷ/y) + y/ŷ − 1); for labels above 0',
    'mean_gamma_deviance',
    'a prediction of 0 or less',
  ),
  entry(
    ['regression'],
    'tweedie_deviance_1_5',
    'lower',
    'Tweedie deviance of power 1.5; for labels of 0 or more',
    'mean_tweedie_deviance, power=1.5',
    'a prediction of 0 or less',
  ),
  entry(
    ['regression'],
    'd2_poisson',
    'higher',
    '1 − poisson_deviance / that of the mean',
    'd2_tweedie_score, power=1',
    'fewer than 2 rows; all labels are equal',
  ),
  entry(
    ['regression'],
    'd2_gamma',
    'higher',
    '1 − gamma_deviance / that of the mean',
    'd2_tweedie_score, power=2',
    'fewer than 2 rows; all labels are equal',
  ),
  entry(
    NUMBERS,
    'pinball_{level}',
    'lower',
    'pinball loss of one quantile: `pinball_10`, `pinball_2_5`',
    'mean_pinball_loss',
  ),
  entry(NUMBERS, 'mean_pinball', 'lower', 'mean of the pinball losses of all quantiles', 'mean_pinball_loss'),
  entry(
    ['forecast'],
    'weighted_quantile_loss',
    'lower',
    '2 · mean_pinball · rows / Σ |label|',
    'GluonTS mean_wQuantileLoss',
    'all labels are 0',
  ),
  entry(
    NUMBERS,
    'coverage_{level}',
    'none',
    'share of labels inside the interval of 80 % (quantiles 0.1 and 0.9) …; the nearer to its name the better',
    'definition',
  ),
  entry(NUMBERS, 'interval_width_{level}', 'none', 'mean width of that interval', 'definition'),
  entry(
    NUMBERS,
    'interval_score_{level}',
    'lower',
    'width + 2/α · how far a label lies outside',
    'Winkler, 1972; Gneiting and Raftery, 2007',
  ),

  entry(
    ['ranking'],
    'ndcg_at_{k}_{gain}',
    'higher',
    'gain of the first k rows, discounted by log₂(rank + 1), over that of the best order; gain `linear` (label) or `exponential` (2^label − 1); ties averaged',
    'ndcg_score',
    'a query without a relevant row counts as 0',
  ),
  entry(['ranking'], 'ndcg_{gain}', 'higher', 'the same over the whole list', 'ndcg_score', 'likewise'),
  entry(
    ['ranking'],
    'map',
    'higher',
    'average precision of each query, averaged; equal scores are one step',
    'mean of average_precision_score',
    'likewise',
  ),
  entry(
    ['ranking'],
    'map_at_{k}',
    'higher',
    'Σ precision at the relevant ranks up to k, over min(k, relevant rows)',
    'definition',
    'likewise',
  ),
  entry(
    ['ranking'],
    'mrr',
    'higher',
    '1 / rank of the first relevant row',
    'Voorhees, TREC-8, 1999',
    'likewise',
  ),
  entry(['ranking'], 'mrr_at_{k}', 'higher', 'the same, 0 where it ranks below k', 'definition', 'likewise'),
  entry(
    ['ranking'],
    'precision_at_{k}',
    'higher',
    'relevant rows among the first k, over k',
    'definition',
    'likewise',
  ),
  entry(
    ['ranking'],
    'recall_at_{k}',
    'higher',
    'relevant rows among the first k, over all relevant rows',
    'definition',
    'likewise',
  ),
  entry(
    ['ranking'],
    'hit_rate_at_{k}',
    'higher',
    'share of queries with a relevant row among the first k',
    'definition',
    'likewise',
  ),
];

function entry(
  tasks: readonly Task[],
  name: string,
  direction: Direction,
  is: string,
  source: string,
  without?: string,
): MetricEntry {
  return { name, tasks, direction, is, source, ...(without === undefined ? {} : { undefined: without }) };
}

const PARTS: Readonly<Record<string, string>> = {
  average: '(?:macro|micro|weighted|samples)',
  weights: '(?:linear|quadratic)',
  gain: '(?:linear|exponential)',
  k: '\\d+',
  level: '\\d+(?:_\\d+)?',
  class: '[^]+',
};
const PATTERNS = CATALOG.map((one) => ({
  one,
  pattern: new RegExp(
    `^${one.name.replace('.', '\\.').replace(/\{(\w+)\}/g, (_, part: string) => PARTS[part] ?? '')}$`,
  ),
}));

/** The entry that describes a metric, by its name as recorded; undefined when it is not computed here. */
export function catalogEntry(name: string): MetricEntry | undefined {
  return PATTERNS.find(({ pattern }) => pattern.test(name))?.one;
}

export function catalogDirection(name: string): Direction | undefined {
  return catalogEntry(name)?.direction;
}
