import type { Direction, MetricRule } from '../config/model.js';

/**
 * Which way a metric is better, known from its name. A wrong guess turns a regression into a success, so only names
 * that mean the same everywhere are here; everything else is `none` until a rule in assay.yml says so.
 */

/** Exact names (lower case, underscores) after prefixes such as `val_` and suffixes such as `_macro` are taken off. */
export const HIGHER_IS_BETTER: readonly string[] = [
  'acc',
  'accuracy',
  'adjusted_rand',
  'adjusted_mutual_info',
  'auc',
  'auc_pr',
  'auc_roc',
  'auprc',
  'auroc',
  'average_precision',
  'balanced_accuracy',
  'bleu',
  'chrf',
  'cohen_kappa',
  'cohens_kappa',
  'concordance_index',
  'd2_absolute_error',
  'd2_log_loss',
  'd2_tweedie',
  'dice',
  'exact_match',
  'explained_variance',
  'f05',
  'f1',
  'f2',
  'fbeta',
  'hit_rate',
  'iou',
  'jaccard',
  'log_likelihood',
  'map',
  'matthews_corrcoef',
  'mcc',
  'mean_average_precision',
  'mean_iou',
  'mean_reciprocal_rank',
  'meteor',
  'miou',
  'mrr',
  'ndcg',
  'neg_brier',
  'neg_log_loss',
  'neg_max_error',
  'neg_mean_absolute_error',
  'neg_mean_absolute_percentage_error',
  'neg_mean_squared_error',
  'neg_mean_squared_log_error',
  'neg_median_absolute_error',
  'neg_root_mean_squared_error',
  'negative_predictive_value',
  'normalized_mutual_info',
  'positive_predictive_value',
  'pass',
  'pr_auc',
  'pr_auc_trapezoid',
  'precision',
  'psnr',
  'r2',
  'recall',
  'roc_auc',
  'rouge1',
  'rouge2',
  'rougel',
  'rougelsum',
  'sensitivity',
  'silhouette',
  'specificity',
  'ssim',
  'top_k_accuracy',
  'true_negative_rate',
  'true_positive_rate',
  'v_measure',
];

export const LOWER_IS_BETTER: readonly string[] = [
  'absolute_error',
  'bce',
  'binary_crossentropy',
  'binary_error',
  'binary_logloss',
  'brier',
  'calibration_error',
  'categorical_crossentropy',
  'cer',
  'cross_entropy',
  'crps',
  'davies_bouldin',
  'ece',
  'error_rate',
  'expected_calibration_error',
  'fall_out',
  'false_negative_rate',
  'false_positive_rate',
  'hamming_loss',
  'kl_divergence',
  'latency',
  'log_loss',
  'logloss',
  'loss',
  'mae',
  'mape',
  'mase',
  'max_error',
  'maximum_calibration_error',
  'mean_absolute_error',
  'mean_absolute_percentage_error',
  'mean_pinball_loss',
  'mean_squared_error',
  'mean_squared_log_error',
  'medae',
  'median_absolute_error',
  'misclassification_rate',
  'mlogloss',
  'mse',
  'msle',
  'multi_error',
  'multi_logloss',
  'negative_log_likelihood',
  'nll',
  'nrmse',
  'perplexity',
  'pinball',
  'rmse',
  'rmsle',
  'root_mean_squared_error',
  'root_mean_squared_log_error',
  'smape',
  'sparse_categorical_crossentropy',
  'squared_error',
  'wape',
  'wer',
  'wmape',
  'word_error_rate',
  'zero_one_loss',
];

/** Known to have no better side: they describe, they do not judge. */
export const NO_DIRECTION: readonly string[] = [
  'bias',
  'mean_error',
  'positives',
  'selection_rate',
  'support',
];

/** Last words that make any name lower-is-better: `focal_loss`, `predict_ms`, `peak_memory_bytes`. */
export const LOWER_ENDINGS: readonly string[] = ['bytes', 'latency', 'loss', 'ms', 'seconds'];

/** Words that make a name speak of something about the metric (its spread, a setting, a moment), not of how good it is. */
export const NOT_THE_METRIC: readonly string[] = [
  'baseline',
  'best',
  'budget',
  'change',
  'ci',
  'coef',
  'count',
  'delta',
  'diff',
  'difference',
  'drop',
  'epoch',
  'gap',
  'limit',
  'lower',
  'n',
  'neg',
  'negative',
  'offset',
  'per',
  'processed',
  'ratio',
  'reduction',
  'saved',
  'scale',
  'start',
  'std',
  'stddev',
  'stderr',
  'target',
  'threshold',
  'timeout',
  'timestamp',
  'upper',
  'uptime',
  'var',
  'variance',
  'weight',
  'window',
];

/** First words that say where a metric was measured or how it was summed up. */
const PREFIXES = new Set(
  'train training val valid validation test testing eval evaluation dev holdout oof cv mean avg average median macro micro weighted'.split(
    ' ',
  ),
);

/** Last words that name a variant of a metric. */
const SUFFIXES = new Set(
  'score binary micro macro weighted samples ovr ovo mean avg average median linear exponential equal width'.split(
    ' ',
  ),
);
/** `at_10`, `@10`, `10`, `p95`, `top5` as last words. */
const NUMBERED = /^(p|top)?\d+$/;

const EXACT = new Map<string, Direction>([
  ...HIGHER_IS_BETTER.map((name) => [name, 'higher'] as const),
  ...LOWER_IS_BETTER.map((name) => [name, 'lower'] as const),
  ...NO_DIRECTION.map((name) => [name, 'none'] as const),
]);

/**
 * `higher`, `lower` or `none`. A rule for the whole name wins, then one for its last part (`test.roc_auc`,
 * `eval/roc_auc`: `roc_auc`), then what the file it was read from states, then the tables above.
 */
export function directionOf(
  name: string,
  rules: Readonly<Record<string, MetricRule>>,
  stated?: Direction,
): Direction {
  const last = lastPart(name);
  for (const key of [name, last]) {
    const given = Object.hasOwn(rules, key) ? rules[key]?.direction : undefined;
    if (given) return given;
  }
  return stated ?? knownDirection(last);
}

/** What follows the last `.`, `/`, `:` or `|`. */
function lastPart(name: string): string {
  return name.split(/[./:|]/).at(-1) ?? name;
}

function knownDirection(name: string): Direction {
  const words = name
    .trim()
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[\s_@-]+/)
    .filter((word) => word !== '');
  for (let start = 0; start === 0 || PREFIXES.has(words[start - 1] ?? ''); start++) {
    const found = withoutSuffixes(words.slice(start));
    if (found) return found;
  }
  const ending = words.at(-1) ?? '';
  const speaksOfAnother = words.some((word) => NOT_THE_METRIC.includes(word));
  return words.length > 1 && !speaksOfAnother && LOWER_ENDINGS.includes(ending) ? 'lower' : 'none';
}

function withoutSuffixes(words: readonly string[]): Direction | undefined {
  for (let end = words.length; end > 0; end--) {
    const found = EXACT.get(words.slice(0, end).join('_'));
    if (found) return found;
    const suffix = words[end - 1] ?? '';
    const isVariant = SUFFIXES.has(suffix) || NUMBERED.test(suffix) || suffix === 'at' || suffix === 'k';
    if (!isVariant) return undefined;
  }
  return undefined;
}
