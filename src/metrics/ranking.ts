import { type Measure, undefinedMeasure } from './measure.js';
import { ascending } from './order.js';
import { StableSum, SumsBy } from './sums.js';

/** Metrics of the order that scores put the rows in: ROC and precision-recall curves. Equal scores are one step. */

/** Rows grouped by equal score, ascending, with the weight of each class in and below each group. */
export interface Ranking {
  readonly rows: number;
  readonly labels: Uint8Array;
  readonly weights: Float64Array | null;
  /** Group of each row. */
  readonly group: Int32Array;
  readonly groups: number;
  /** Weight of each class within each group. */
  readonly positive: Float64Array;
  readonly negative: Float64Array;
  /** Weight of each class in the groups below, one longer than the groups: the last is the total. */
  readonly positiveBelow: Float64Array;
  readonly negativeBelow: Float64Array;
  /** Rows of each class that count (weight above 0). */
  readonly positives: number;
  readonly negatives: number;
}

/**
 * @param labels 1 for the positive class
 * @param order rows by ascending score, when it is known already
 */
export function rankingOf(
  labels: Uint8Array,
  scores: Float64Array,
  weights: Float64Array | null,
  order: Int32Array = ascending(scores),
): Ranking {
  const rows = labels.length;
  const { group, groups } = groupEqual(scores, order);
  const sums = weights
    ? weightedClasses(labels, weights, group, groups)
    : countedClasses(labels, group, groups);
  return {
    rows,
    labels,
    weights,
    group,
    groups,
    ...sums,
    positiveBelow: running(sums.positive),
    negativeBelow: running(sums.negative),
  };
}

type Classes = Pick<Ranking, 'positive' | 'negative' | 'positives' | 'negatives'>;

/** Without weights: whole numbers, which sums keep exactly. */
function countedClasses(labels: Uint8Array, group: Int32Array, groups: number): Classes {
  const positive = new Float64Array(groups);
  const negative = new Float64Array(groups);
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    const g = group[i] as number;
    if (labels[i] === 1) {
      positive[g] = (positive[g] as number) + 1;
      positives++;
    } else negative[g] = (negative[g] as number) + 1;
  }
  return { positive, negative, positives, negatives: labels.length - positives };
}

function weightedClasses(
  labels: Uint8Array,
  weights: Float64Array,
  group: Int32Array,
  groups: number,
): Classes {
  const positive = new SumsBy(groups);
  const negative = new SumsBy(groups);
  let [positives, negatives] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const weight = weights[i] as number;
    const isPositive = labels[i] === 1;
    if (weight > 0) isPositive ? positives++ : negatives++;
    (isPositive ? positive : negative).add(group[i] as number, weight);
  }
  return { positive: positive.values(), negative: negative.values(), positives, negatives };
}

function running(terms: Float64Array): Float64Array {
  const sum = new StableSum();
  const below = new Float64Array(terms.length + 1);
  terms.forEach((term, g) => {
    sum.add(term);
    below[g + 1] = sum.value;
  });
  return below;
}

function groupEqual(
  scores: Float64Array,
  order: Int32Array,
): { readonly group: Int32Array; readonly groups: number } {
  const group = new Int32Array(scores.length);
  let groups = 0;
  let before = Number.NaN;
  for (let at = 0; at < order.length; at++) {
    const row = order[at] as number;
    const score = scores[row] as number;
    if (score !== before) groups++;
    before = score;
    group[row] = groups - 1;
  }
  return { group, groups };
}

const ONE_CLASS = 'only one class among the labels';

function oneClass(ranking: Ranking): boolean {
  return !(ranking.positives > 0 && ranking.negatives > 0);
}

/**
 * Area under the ROC curve: the chance that a positive row scores above a negative one, half for ties. Influence: the structural
 * components of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), with their m − 1 and n − 1, so that variances and
 * covariances equal theirs; by cumulative sums (Sun and Xu, IEEE Signal Processing Letters 21, 2014).
 */
export function rocAuc(ranking: Ranking, name = 'roc_auc'): Measure {
  if (oneClass(ranking)) return undefinedMeasure(name, ONE_CLASS);
  const { groups, positive, negative, negativeBelow, positiveBelow } = ranking;
  const allPositive = positiveBelow[groups] as number;
  const allNegative = negativeBelow[groups] as number;
  const area = new StableSum();
  for (let g = 0; g < groups; g++) {
    area.add((positive[g] as number) * ((negativeBelow[g] as number) + (negative[g] as number) / 2));
  }
  const value = area.value / allPositive / allNegative;
  const { positives, negatives } = ranking;
  if (positives < 2 || negatives < 2) return { name, value, influence: null };
  const influence = () => {
    const scalePositive = (ranking.rows / allPositive) * Math.sqrt(positives / (positives - 1));
    const scaleNegative = (ranking.rows / allNegative) * Math.sqrt(negatives / (negatives - 1));
    return perRow(ranking, (g, isPositive) => {
      if (isPositive) {
        const beaten = ((negativeBelow[g] as number) + (negative[g] as number) / 2) / allNegative;
        return scalePositive * (beaten - value);
      }
      const beating = 1 - ((positiveBelow[g] as number) + (positive[g] as number) / 2) / allPositive;
      return scaleNegative * (beating - value);
    });
  };
  return { name, value, influence };
}

/** 2·AUC − 1. */
export function gini(auc: Measure): Measure {
  const { value, influence } = auc;
  if (value === null) return { ...auc, name: 'gini' };
  return {
    name: 'gini',
    value: 2 * value - 1,
    influence: influence && (() => influence().map((pull) => 2 * pull)),
  };
}

/** Largest distance between the score distributions of the two classes. A maximum has no influence. */
export function ksStatistic(ranking: Ranking): Measure {
  if (oneClass(ranking)) return undefinedMeasure('ks_statistic', ONE_CLASS);
  const { groups, negativeBelow, positiveBelow } = ranking;
  let largest = 0;
  for (let g = 1; g <= groups; g++) {
    const positive = (positiveBelow[g] as number) / (positiveBelow[groups] as number);
    const negative = (negativeBelow[g] as number) / (negativeBelow[groups] as number);
    largest = Math.max(largest, Math.abs(positive - negative));
  }
  return { name: 'ks_statistic', value: largest, influence: null };
}

/**
 * Average precision: Σ (recall step) · precision, over the distinct scores from the highest down; that is, the mean precision at
 * the positive rows. Its influence differentiates that mean: a positive row counts by its own precision, and every row
 * moves the precision at all positive rows that score no higher than it.
 */
export function averagePrecision(ranking: Ranking): Measure {
  const name = 'average_precision';
  if (oneClass(ranking)) return undefinedMeasure(name, ONE_CLASS);
  const { groups, positive } = ranking;
  const allPositive = ranking.positiveBelow[groups] as number;
  const precision = new Float64Array(groups);
  // Slopes of the mean in a positive and in a negative row of each group, from all groups at or below it.
  const lift = new Float64Array(groups);
  const drag = new Float64Array(groups);
  const { right, wrong } = countsFromTop(ranking);
  const mean = new StableSum();
  for (let g = 0; g < groups; g++) {
    const at = (right[g] as number) + (wrong[g] as number);
    const share = (positive[g] as number) / allPositive;
    precision[g] = at > 0 ? (right[g] as number) / at : 0;
    if (share > 0) mean.add(share * (precision[g] as number));
    const slope = at > 0 ? share / at / at : 0;
    lift[g] = (g > 0 ? (lift[g - 1] as number) : 0) + slope * (wrong[g] as number);
    drag[g] = (g > 0 ? (drag[g - 1] as number) : 0) - slope * (right[g] as number);
  }
  const value = mean.value;
  if (ranking.positives < 2) return { name, value, influence: null };
  const influence = () =>
    perRow(ranking, (g, isPositive) => {
      const own = isPositive ? ((precision[g] as number) - value) / allPositive : 0;
      return ranking.rows * (own + ((isPositive ? lift[g] : drag[g]) as number));
    });
  return { name, value, influence };
}

/** Area under the precision-recall curve by trapezoids, from recall 0 at precision 1. No influence: use average_precision. */
export function prAucTrapezoid(ranking: Ranking): Measure {
  const name = 'pr_auc_trapezoid';
  if (oneClass(ranking)) return undefinedMeasure(name, ONE_CLASS);
  const allPositive = ranking.positiveBelow[ranking.groups] as number;
  const { right, wrong } = countsFromTop(ranking);
  const area = new StableSum();
  let before = { recall: 0, precision: 1 };
  for (let g = ranking.groups - 1; g >= 0; g--) {
    const at = (right[g] as number) + (wrong[g] as number);
    if (!(at > 0)) continue;
    const point = { recall: (right[g] as number) / allPositive, precision: (right[g] as number) / at };
    area.add(((point.recall - before.recall) * (point.precision + before.precision)) / 2);
    before = point;
  }
  return { name, value: area.value, influence: null };
}

/** Weight of positive (right) and negative (wrong) rows that score at least as high as each group. */
function countsFromTop(ranking: Ranking): { readonly right: Float64Array; readonly wrong: Float64Array } {
  const from = (terms: Float64Array) => {
    const sum = new StableSum();
    const counts = new Float64Array(terms.length);
    for (let g = terms.length - 1; g >= 0; g--) {
      sum.add(terms[g] as number);
      counts[g] = sum.value;
    }
    return counts;
  };
  return { right: from(ranking.positive), wrong: from(ranking.negative) };
}

/** One pull per row, which depends only on its group and class, times its weight. */
function perRow(ranking: Ranking, pull: (group: number, isPositive: boolean) => number): Float64Array {
  const ofPositive = new Float64Array(ranking.groups);
  const ofNegative = new Float64Array(ranking.groups);
  for (let g = 0; g < ranking.groups; g++) {
    ofPositive[g] = pull(g, true);
    ofNegative[g] = pull(g, false);
  }
  const { group, labels, weights } = ranking;
  const pulls = new Float64Array(ranking.rows);
  for (let i = 0; i < ranking.rows; i++) {
    const one = (labels[i] === 1 ? ofPositive : ofNegative)[group[i] as number] as number;
    pulls[i] = weights ? one * (weights[i] as number) : one;
  }
  return pulls;
}
