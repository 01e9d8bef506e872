import { RATIOS, type RatioName } from './class-ratios.js';
import { type LabelRankingSample, scoreLabelRanking } from './label-ranking.js';
import { type Measure, meanMeasure, type WeightedRows, weightedRows } from './measure.js';
import { averagedAreas } from './one-versus-rest.js';
import { StableSum, SumsBy, stableSum, weightedSum } from './sums.js';

/**
 * All metrics of a task where a row has any number of labels, on one set of rows. Definitions as in scikit-learn 1.9 for
 * multilabel indicators, with 0/0 counted as 0.
 */

export interface MultilabelSample {
  readonly classes: readonly string[];
  /** One column per class; 1 where the row has it. */
  readonly labels: readonly Uint8Array[];
  readonly predicted: readonly Uint8Array[];
  readonly scores: readonly Float64Array[] | null;
  readonly weights: Float64Array | null;
}

/** Classes with metrics of their own; of more, the averages only. */
const MOST_CLASSES_SHOWN = 100;

/** @param options.each whether the metrics of each class are wanted too */
export function scoreMultilabel(
  sample: MultilabelSample,
  options: { readonly each: boolean },
): readonly Measure[] {
  const length = sample.labels[0]?.length ?? 0;
  const rows = weightedRows(sample.weights, length);
  const sums = sumsOf(sample);
  const ratios = ['precision', 'recall', 'f1', 'jaccard'] as const;
  const shows = options.each && sample.classes.length <= MOST_CLASSES_SHOWN;
  return [
    ...rowLosses(sample, rows),
    ...ratios.map((ratio) => averaged(sample, sums, { name: `${ratio}_macro`, ratio, by: 'equal' })),
    ...ratios.map((ratio) => microAverage(sample, sums, ratio)),
    ...ratios.map((ratio) => averaged(sample, sums, { name: `${ratio}_weighted`, ratio, by: 'actual' })),
    ...ratios.map((ratio) => samplesAverage(sample, rows, ratio)),
    ...(sample.scores ? scoreScores({ ...sample, scores: sample.scores }, rows) : []),
    ...(shows ? eachClass(sample, sums) : []),
  ];
}

function scoreScores(
  sample: LabelRankingSample & Pick<MultilabelSample, 'classes'>,
  rows: WeightedRows,
): readonly Measure[] {
  return [...averagedAreas(sample, 'roc_auc'), ...scoreLabelRanking(sample, rows)];
}

/** Subset accuracy (every label right), its complement, and the share of single labels that are wrong. */
function rowLosses(sample: MultilabelSample, rows: WeightedRows): readonly Measure[] {
  const wrong = new Float64Array(sample.labels[0]?.length ?? 0);
  sample.labels.forEach((column, k) => {
    const guesses = sample.predicted[k] as Uint8Array;
    for (let i = 0; i < column.length; i++) {
      if (column[i] !== guesses[i]) wrong[i] = (wrong[i] as number) + 1;
    }
  });
  const accuracy = meanMeasure(
    'accuracy',
    wrong.map((count) => (count === 0 ? 1 : 0)),
    rows,
  );
  return [
    accuracy,
    {
      name: 'zero_one_loss',
      value: 1 - accuracy.value,
      influence: () => accuracy.influence?.().map((pull) => -pull) ?? new Float64Array(),
    },
    meanMeasure(
      'hamming_loss',
      wrong.map((count) => count / sample.labels.length),
      rows,
    ),
  ];
}

interface Sums {
  readonly right: Float64Array;
  readonly actual: Float64Array;
  readonly predicted: Float64Array;
}

function sumsOf(sample: MultilabelSample): Sums {
  const { labels, predicted, weights } = sample;
  const [right, actual, guessed] = [labels, labels, labels].map(({ length }) => new SumsBy(length)) as [
    SumsBy,
    SumsBy,
    SumsBy,
  ];
  labels.forEach((column, k) => {
    const guesses = predicted[k] as Uint8Array;
    for (let i = 0; i < column.length; i++) {
      const weight = weights ? (weights[i] as number) : 1;
      if (column[i] === 1) actual.add(k, weight);
      if (guesses[i] === 1) guessed.add(k, weight);
      if (column[i] === 1 && guesses[i] === 1) right.add(k, weight);
    }
  });
  return { right: right.values(), actual: actual.values(), predicted: guessed.values() };
}

/** A value with its slopes in the three sums of each class; null where it is 0/0 by convention. */
interface Ratio {
  readonly value: number;
  readonly slopes: readonly [number, number, number] | null;
}

function ratioOf(ratio: RatioName, right: number, actual: number, predicted: number): Ratio {
  const { top, right: own, actual: ofActual, predicted: ofPredicted } = RATIOS[ratio];
  const bottom = own * right + ofActual * actual + ofPredicted * predicted;
  if (!(bottom > 0)) return { value: 0, slopes: null };
  const value = (top * right) / bottom;
  return {
    value,
    slopes: [(top - value * own) / bottom, (-value * ofActual) / bottom, (-value * ofPredicted) / bottom],
  };
}

function averaged(
  sample: MultilabelSample,
  sums: Sums,
  of: { readonly name: string; readonly ratio: RatioName; readonly by: 'equal' | 'actual' },
): Measure {
  const classes = sample.classes.length;
  const all = stableSum(sums.actual);
  const total = new StableSum();
  const gradient = Array.from({ length: classes }, (): [number, number, number] => [0, 0, 0]);
  let undefinedClasses = 0;
  for (let k = 0; k < classes; k++) {
    const actual = sums.actual[k] as number;
    const one = ratioOf(of.ratio, sums.right[k] as number, actual, sums.predicted[k] as number);
    const share = of.by === 'equal' ? 1 / classes : all > 0 ? actual / all : 0;
    total.add(of.by === 'equal' ? one.value : one.value * actual);
    if (!one.slopes) {
      if (share > 0 || all === 0) undefinedClasses++;
      continue;
    }
    const [right, ofActual, predicted] = one.slopes;
    gradient[k] = [share * right, share * ofActual, share * predicted];
  }
  const value = of.by === 'equal' ? total.value / classes : all > 0 ? total.value / all : 0;
  if (of.by === 'actual' && all > 0) {
    // The weights of a weighted average move with the data too.
    gradient.forEach((slopes, k) => {
      const one = ratioOf(
        of.ratio,
        sums.right[k] as number,
        sums.actual[k] as number,
        sums.predicted[k] as number,
      );
      slopes[1] += (one.value - value) / all;
    });
  }
  return measureOf(sample, { name: of.name, value, gradient, undefinedClasses });
}

function microAverage(sample: MultilabelSample, sums: Sums, ratio: RatioName): Measure {
  const one = ratioOf(ratio, stableSum(sums.right), stableSum(sums.actual), stableSum(sums.predicted));
  const gradient = sample.classes.map((): [number, number, number] => [...(one.slopes ?? [0, 0, 0])]);
  return measureOf(sample, {
    name: `${ratio}_micro`,
    value: one.value,
    gradient,
    undefinedClasses: one.slopes ? 0 : sample.classes.length,
  });
}

function eachClass(sample: MultilabelSample, sums: Sums): readonly Measure[] {
  return sample.classes.flatMap((name, k) =>
    (['precision', 'recall', 'f1'] as const).map((ratio) => {
      const one = ratioOf(
        ratio,
        sums.right[k] as number,
        sums.actual[k] as number,
        sums.predicted[k] as number,
      );
      const gradient = sample.classes.map((_, other): [number, number, number] =>
        other === k && one.slopes ? [...one.slopes] : [0, 0, 0],
      );
      return measureOf(sample, {
        name: `${name}.${ratio}`,
        value: one.value,
        gradient,
        undefinedClasses: one.slopes ? 0 : 1,
      });
    }),
  );
}

function measureOf(
  sample: MultilabelSample,
  of: {
    readonly name: string;
    readonly value: number;
    readonly gradient: readonly (readonly [number, number, number])[];
    readonly undefinedClasses: number;
  },
): Measure {
  const { name, value, gradient, undefinedClasses } = of;
  if (undefinedClasses > 0) {
    const which = undefinedClasses === 1 ? 'one class' : `each of ${undefinedClasses} classes`;
    return { name, value, reason: `0/0 counts as 0: no row to measure ${which} by`, influence: null };
  }
  return { name, value, influence: () => pulls(sample, gradient) };
}

function pulls(
  sample: MultilabelSample,
  gradient: readonly (readonly [number, number, number])[],
): Float64Array {
  const { labels, predicted, weights } = sample;
  const slope = new Float64Array(labels[0]?.length ?? 0);
  labels.forEach((column, k) => {
    const guesses = predicted[k] as Uint8Array;
    const [right, actual, guessed] = gradient[k] as readonly [number, number, number];
    if (right === 0 && actual === 0 && guessed === 0) return;
    for (let i = 0; i < column.length; i++) {
      const is = column[i] as number;
      const said = guesses[i] as number;
      slope[i] = (slope[i] as number) + right * is * said + actual * is + guessed * said;
    }
  });
  const rows = weightedRows(weights, slope.length);
  const centre = weightedSum(slope, weights) / rows.total;
  return slope.map((one, i) => slope.length * (weights ? (weights[i] as number) : 1) * (one - centre));
}

/** The ratio of each row by itself, averaged over the rows. */
function samplesAverage(sample: MultilabelSample, rows: WeightedRows, ratio: RatioName): Measure {
  const { labels, predicted } = sample;
  const length = labels[0]?.length ?? 0;
  const [right, actual, guessed] = [
    new Uint32Array(length),
    new Uint32Array(length),
    new Uint32Array(length),
  ];
  labels.forEach((column, k) => {
    const guesses = predicted[k] as Uint8Array;
    for (let i = 0; i < length; i++) {
      const is = column[i] as number;
      const said = guesses[i] as number;
      actual[i] = (actual[i] as number) + is;
      guessed[i] = (guessed[i] as number) + said;
      right[i] = (right[i] as number) + is * said;
    }
  });
  let empty = 0;
  const values = Float64Array.from({ length }, (_, i) => {
    const one = ratioOf(ratio, right[i] as number, actual[i] as number, guessed[i] as number);
    if (!one.slopes) empty++;
    return one.value;
  });
  const measure = meanMeasure(`${ratio}_samples`, values, rows);
  return empty === 0 ? measure : { ...measure, reason: `0/0 counts as 0 in ${empty} of ${length} rows` };
}
