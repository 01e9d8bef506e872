import type { Predictions } from './columnar.js';
import type { Curve } from './curve.js';
import { ascending } from './order.js';
import { calibrationBins } from './probability.js';
import { type Ranking, rankingOf } from './ranking.js';
import { SumsBy } from './sums.js';

/** Curves of a predictions file over all rows, for a reader's eye: a bounded number of points, six digits each. */

const MOST_POINTS = 100;
/** Of more classes there is no curve each, and the matrix is no longer looked at. */
const MOST_CLASS_CURVES = 10;
const MOST_MATRIX_CLASSES = 30;
const RESIDUAL_GROUPS = 20;
/** Groups of fewer rows would show single rows. */
const FEWEST_IN_GROUP = 10;

/** @param seed recorded with each; null when there was none */
export function curvesOf(predictions: Predictions, seed: number | null): readonly Curve[] {
  const { weights } = predictions;
  switch (predictions.task) {
    case 'binary': {
      const { labels, predicted, scores, classes } = predictions;
      return [
        ...(scores ? areaCurves({ labels, scores, weights }, { seed, class: null }) : []),
        ...(scores ? calibration({ labels, scores, weights }, { seed, class: null }) : []),
        ...confusion({ labels, predicted, weights, classes }, seed),
      ];
    }
    case 'multiclass': {
      const { labels, predicted, scores, classes } = predictions;
      const columns = scores && classes.length <= MOST_CLASS_CURVES ? scores : [];
      return [
        ...columns.flatMap((column, k) => {
          const isClass = Uint8Array.from(labels, (label) => (label === k ? 1 : 0));
          return areaCurves({ labels: isClass, scores: column, weights }, { seed, class: classes[k] ?? '' });
        }),
        ...confusion({ labels, predicted, weights, classes }, seed),
      ];
    }
    case 'multilabel': {
      const { labels, scores, classes } = predictions;
      if (!scores || classes.length > MOST_CLASS_CURVES) return [];
      return classes.flatMap((name, k) => {
        const one = { labels: labels[k] as Uint8Array, scores: scores[k] as Float64Array, weights };
        return [...areaCurves(one, { seed, class: name }), ...calibration(one, { seed, class: name })];
      });
    }
    case 'regression':
    case 'forecast':
      return residuals(predictions, seed);
    case 'ranking':
      return [];
  }
}

interface Scored {
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly weights: Float64Array | null;
}
interface Of {
  readonly seed: number | null;
  readonly class: string | null;
}

/** ROC and precision-recall; none where there is one class only. */
function areaCurves({ labels, scores, weights }: Scored, of: Of): readonly Curve[] {
  const ranking = rankingOf(labels, scores, weights);
  if (!(ranking.positives > 0 && ranking.negatives > 0)) return [];
  const { rates, precisions } = steps(ranking);
  const [falseRate, trueRate] = thinned(rates);
  const [recall, precision] = thinned(precisions);
  return [
    { kind: 'roc', ...of, false_positive_rate: falseRate, true_positive_rate: trueRate },
    { kind: 'precision_recall', ...of, recall, precision },
  ];
}

type Points = readonly (readonly [number, number])[];

/** One point for each distinct score, from the highest down. */
function steps(ranking: Ranking): { readonly rates: Points; readonly precisions: Points } {
  const { groups, positiveBelow, negativeBelow } = ranking;
  const [positive, negative] = [positiveBelow[groups] as number, negativeBelow[groups] as number];
  const rates: [number, number][] = [[0, 0]];
  const precisions: [number, number][] = [[0, 1]];
  for (let g = groups - 1; g >= 0; g--) {
    const right = positive - (positiveBelow[g] as number);
    const wrong = negative - (negativeBelow[g] as number);
    if (!(right + wrong > 0)) continue;
    rates.push([wrong / negative, right / positive]);
    precisions.push([right / positive, right / (right + wrong)]);
  }
  return { rates, precisions };
}

/** At most MOST_POINTS of them, evenly along the curve's length, the first and the last among them. */
function thinned(points: Points): [number[], number[]] {
  const kept: (readonly [number, number])[] = [];
  let length = 0;
  const along = points.map(([x, y], i) => {
    const [beforeX, beforeY] = points[i - 1] ?? [x, y];
    length += Math.abs(x - beforeX) + Math.abs(y - beforeY);
    return length;
  });
  let next = 0;
  points.forEach((point, i) => {
    const isEnd = i === 0 || i === points.length - 1;
    if (!isEnd && points.length > MOST_POINTS && (along[i] as number) < next) return;
    kept.push(point);
    next = (along[i] as number) + length / (MOST_POINTS - 2);
  });
  return [kept.map(([x]) => rounded(x)), kept.map(([, y]) => rounded(y))];
}

function calibration(sample: Scored, of: Of): readonly Curve[] {
  const bins = calibrationBins(sample);
  const column = (key: 'score' | 'share' | 'weight') => bins.map((bin) => rounded(bin[key]));
  return [
    { kind: 'calibration', ...of, score: column('score'), share: column('share'), weight: column('weight') },
  ];
}

function confusion(
  of: {
    readonly labels: ArrayLike<number>;
    readonly predicted: ArrayLike<number>;
    readonly weights: Float64Array | null;
    readonly classes: readonly string[];
  },
  seed: number | null,
): readonly Curve[] {
  const size = of.classes.length;
  if (size > MOST_MATRIX_CLASSES) return [];
  const cells = new SumsBy(size * size);
  for (let i = 0; i < of.labels.length; i++) {
    cells.add((of.labels[i] as number) * size + (of.predicted[i] as number), of.weights?.[i] ?? 1);
  }
  const values = cells.values();
  const counts = of.classes.map((_, row) =>
    Array.from(values.subarray(row * size, (row + 1) * size), rounded),
  );
  return [{ kind: 'confusion', seed, classes: [...of.classes], counts }];
}

/** None for fewer rows than two groups need. Weights do not count here: it is a picture of the rows. */
function residuals(
  of: { readonly labels: Float64Array; readonly predicted: Float64Array },
  seed: number | null,
): readonly Curve[] {
  const { labels, predicted } = of;
  const groups = Math.min(RESIDUAL_GROUPS, Math.floor(labels.length / FEWEST_IN_GROUP));
  if (groups < 2) return [];
  const order = ascending(predicted);
  const parts = Array.from({ length: groups }, (_, g) =>
    order.subarray(Math.floor((g * order.length) / groups), Math.floor(((g + 1) * order.length) / groups)),
  );
  const mean = (values: Float64Array, rows: Int32Array) =>
    rounded(rows.reduce((sum, row) => sum + (values[row] as number) / rows.length, 0));
  const errors = parts.map((rows) =>
    Float64Array.from(rows, (row) => (predicted[row] as number) - (labels[row] as number)).sort(),
  );
  const quantile = (level: number) =>
    errors.map((sorted) => rounded(sorted[Math.round(level * (sorted.length - 1))] as number));
  const curve: Curve = {
    kind: 'residuals',
    seed,
    prediction: parts.map((rows) => mean(predicted, rows)),
    label: parts.map((rows) => mean(labels, rows)),
    low: quantile(0.1),
    median: quantile(0.5),
    high: quantile(0.9),
    n: parts.map((rows) => rows.length),
  };
  const isWhole = [curve.prediction, curve.label, curve.low, curve.high].flat().every(Number.isFinite);
  return isWhole ? [curve] : [];
}

/** Six digits are more than a screen has. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
