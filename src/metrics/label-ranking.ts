import { type Measure, meanMeasure, type WeightedRows } from './measure.js';

/** How each row's scores order its labels. Definitions as in scikit-learn 1.9. */

export interface LabelRankingSample {
  readonly labels: readonly Uint8Array[];
  readonly scores: readonly Float64Array[];
  readonly weights: Float64Array | null;
}

export function scoreLabelRanking(sample: LabelRankingSample, rows: WeightedRows): readonly Measure[] {
  const length = sample.labels[0]?.length ?? 0;
  const of = {
    average_precision_samples: new Float64Array(length),
    label_ranking_average_precision: new Float64Array(length),
    label_ranking_loss: new Float64Array(length),
    coverage_error: new Float64Array(length),
  };
  const classes = sample.labels.length;
  const order = new Int32Array(classes);
  let empty = 0;
  for (let i = 0; i < length; i++) {
    const row = orderedRow(sample, i, order);
    if (row.relevant === 0) empty++;
    of.average_precision_samples[i] = row.averagePrecision;
    of.label_ranking_average_precision[i] = row.rankingPrecision;
    of.label_ranking_loss[i] = row.loss;
    of.coverage_error[i] = row.coverage;
  }
  return Object.entries(of).map(([name, values]) => {
    const measure = meanMeasure(name, values, rows);
    const isByConvention = name === 'average_precision_samples' && empty > 0;
    return isByConvention ? { ...measure, reason: `0/0 counts as 0 in ${empty} of ${length} rows` } : measure;
  });
}

/** One pass down a row's labels from the highest score; equal scores are one step. */
function orderedRow(
  sample: LabelRankingSample,
  row: number,
  order: Int32Array,
): {
  readonly relevant: number;
  readonly averagePrecision: number;
  readonly rankingPrecision: number;
  readonly loss: number;
  readonly coverage: number;
} {
  const { labels, scores } = sample;
  const score = (k: number) => scores[k]?.[row] as number;
  let relevant = 0;
  for (let k = 0; k < order.length; k++) {
    order[k] = k;
    relevant += labels[k]?.[row] as number;
  }
  order.sort((a, b) => score(b) - score(a));
  let seen = 0;
  let found = 0;
  let precision = 0;
  let inverted = 0;
  let coverage = 0;
  while (seen < order.length) {
    const from = seen;
    const value = score(order[from] as number);
    let here = 0;
    while (seen < order.length && score(order[seen] as number) === value) {
      here += labels[order[seen] as number]?.[row] as number;
      seen++;
    }
    found += here;
    if (here > 0) {
      precision += (here * found) / seen;
      coverage = seen;
    }
    // Labels that are not relevant, above or level with relevant ones: a tie counts as inverted.
    inverted += (seen - from - here) * (relevant - found + here);
  }
  const others = order.length - relevant;
  const isTrivial = relevant === 0 || others === 0;
  return {
    relevant,
    averagePrecision: relevant === 0 ? 0 : precision / relevant,
    rankingPrecision: isTrivial ? 1 : precision / relevant,
    loss: isTrivial ? 0 : inverted / (relevant * others),
    coverage,
  };
}
