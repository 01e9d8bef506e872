import { describe, expect, it } from 'vitest';
import type {
  BinaryPredictions,
  ForecastPredictions,
  MulticlassPredictions,
  MultilabelPredictions,
  Predictions,
  RankingPredictions,
  RegressionPredictions,
} from './columnar.js';
import type { Measure } from './measure.js';
import { standardError } from './measure.js';
import { scoreAll } from './score.js';

/** Influences against what they claim to be: slopes in the weights, and the spread under resampling. */

/** Mulberry32: small, seeded, good enough for tests. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const base = (rows: number, weights: Float64Array | null) => ({
  file: 'p.csv',
  rows,
  ids: null,
  weights,
  slices: new Map(),
});

function binary(
  rows: number,
  seed: number,
  options: { digits: number; weighted: boolean },
): BinaryPredictions {
  const next = random(seed);
  const scale = 10 ** options.digits;
  const labels = Uint8Array.from({ length: rows }, () => (next() < 0.3 ? 1 : 0));
  const scores = Float64Array.from(labels, (label) => {
    const raw = 0.25 + 0.3 * label + 0.7 * (next() + next() - 1);
    return Math.round(Math.min(Math.max(raw, 0.01), 0.99) * scale) / scale;
  });
  return {
    ...base(rows, options.weighted ? Float64Array.from(labels, () => 0.2 + 2 * next()) : null),
    task: 'binary',
    classes: ['0', '1'],
    labels,
    predicted: Uint8Array.from(scores, (score) => (score >= 0.5 ? 1 : 0)),
    scores,
  };
}

function multiclass(rows: number, seed: number, weighted: boolean): MulticlassPredictions {
  const next = random(seed);
  const labels = Int32Array.from({ length: rows }, () => Math.min(2, Math.floor(next() * 2 + next())));
  const columns = [0, 1, 2].map(() => new Float64Array(rows));
  const predicted = new Int32Array(rows);
  labels.forEach((label, i) => {
    const raw = columns.map((_, k) => Math.exp(1.5 * next() + (k === label ? 0.6 : 0)));
    const sum = raw.reduce((a, b) => a + b, 0);
    columns.forEach((column, k) => {
      column[i] = (raw[k] ?? 0) / sum;
    });
    predicted[i] = raw.indexOf(Math.max(...raw));
  });
  return {
    ...base(rows, weighted ? Float64Array.from(labels, () => 0.2 + 2 * next()) : null),
    task: 'multiclass',
    classes: ['a', 'b', 'c'],
    labels,
    predicted,
    scores: columns,
  };
}

function regression(rows: number, seed: number, weighted: boolean): RegressionPredictions {
  const next = random(seed);
  const labels = Float64Array.from({ length: rows }, () => 1 + 5 * next() * next());
  return {
    ...base(rows, weighted ? Float64Array.from(labels, () => 0.2 + 2 * next()) : null),
    task: 'regression',
    labels,
    predicted: labels.map((label) => label * (0.8 + 0.5 * next()) + 0.3),
  };
}

function multilabel(rows: number, seed: number, weighted: boolean): MultilabelPredictions {
  const next = random(seed);
  const columns = <T>(of: () => T) => [0, 1, 2].map(of);
  const labels = columns(() => Uint8Array.from({ length: rows }, () => (next() < 0.4 ? 1 : 0)));
  const scores = labels.map((column) =>
    Float64Array.from(column, (label) => Math.round(100 * (0.3 * label + 0.7 * next())) / 100),
  );
  return {
    ...base(rows, weighted ? Float64Array.from({ length: rows }, () => 0.2 + 2 * next()) : null),
    task: 'multilabel',
    classes: ['a', 'b', 'c'],
    labels,
    predicted: scores.map((column) => Uint8Array.from(column, (score) => (score >= 0.5 ? 1 : 0))),
    scores,
  };
}

function forecast(rows: number, seed: number, weighted: boolean): ForecastPredictions {
  const { labels, predicted, weights, ...rest } = regression(rows, seed, weighted);
  const shifted = (by: number) => predicted.map((value) => value + by);
  return {
    ...rest,
    weights,
    task: 'forecast',
    labels,
    predicted,
    quantiles: [
      { level: 0.1, values: shifted(-1) },
      { level: 0.9, values: shifted(1) },
    ],
    series: { codes: Int32Array.from(labels, (_, i) => i % 3), values: ['x', 'y', 'z'] },
    naive: { absolute: Float64Array.of(1, 2, 3), squared: Float64Array.of(1, 4, 9) },
  };
}

/** Queries of four rows each; each query is one draw. */
function ranking(rows: number, seed: number): RankingPredictions {
  const next = random(seed);
  const codes = Int32Array.from({ length: rows }, (_, i) => Math.floor(i / 4));
  const labels = Float64Array.from(codes, () => Math.max(0, Math.floor(next() * 5) - 1));
  return {
    ...base(rows, null),
    task: 'ranking',
    labels,
    scores: labels.map((label) => Math.round(label + 4 * next())),
    queries: { codes, values: [] },
    at: [3],
  };
}

const measuresOf = (predictions: Predictions): readonly Measure[] =>
  scoreAll(predictions, { slices: [] })[0]?.measures ?? [];

const samples: readonly (readonly [string, Predictions])[] = [
  ['binary', binary(120, 1, { digits: 6, weighted: false })],
  ['binary with ties', binary(120, 2, { digits: 1, weighted: false })],
  ['binary, weighted, with ties', binary(120, 3, { digits: 2, weighted: true })],
  ['multiclass', multiclass(120, 4, false)],
  ['multiclass, weighted', multiclass(120, 5, true)],
  ['regression', regression(120, 6, false)],
  ['regression, weighted', regression(120, 7, true)],
  ['multilabel', multilabel(120, 8, false)],
  ['multilabel, weighted', multilabel(120, 9, true)],
  ['forecast, weighted', forecast(120, 10, true)],
];

const WITHOUT_INFLUENCE = [
  'ks_statistic',
  'pr_auc_trapezoid',
  'ece_10_equal_width',
  'mce_10_equal_width',
  'roc_auc_micro',
  'roc_auc_ovr_micro',
  'roc_auc_ovo_macro',
  'roc_auc_ovo_weighted',
  'average_precision_micro',
  'spearman',
  'rmsse',
  'weighted_quantile_loss',
  'median_absolute_error',
  'max_error',
];

describe.each(samples)('influences of %s', (_, predictions) => {
  const measures = measuresOf(predictions);

  it('are there but for maxima, medians and bins', () => {
    const without = measures.filter((measure) => measure.influence === null).map((measure) => measure.name);
    for (const name of without) expect(WITHOUT_INFLUENCE).toContain(name);
  });

  it('sum to 0', () => {
    for (const { name, influence } of measures) {
      if (!influence) continue;
      const pulls = influence();
      const size = pulls.reduce((sum, pull) => sum + Math.abs(pull), 0);
      expect(Math.abs(pulls.reduce((sum, pull) => sum + pull, 0)), name).toBeLessThan(1e-11 * (1 + size));
    }
  });

  it('are n · w · the slope of the value in the weight of a row', () => {
    const step = 1e-5;
    const weights = predictions.weights ?? new Float64Array(predictions.rows).fill(1);
    const moved = (row: number, by: number) =>
      measuresOf({ ...predictions, weights: weights.map((weight, i) => (i === row ? weight + by : weight)) });
    for (let row = 0; row < predictions.rows; row += 7) {
      const [up, down] = [moved(row, step), moved(row, -step)];
      measures.forEach((measure, at) => {
        if (!measure.influence || measure.value === null) return;
        const slope = ((up[at]?.value ?? 0) - (down[at]?.value ?? 0)) / (2 * step);
        const expected = predictions.rows * (weights[row] ?? 0) * slope;
        const own = measure.influence()[row] ?? Number.NaN;
        // DeLong's m − 1 and n − 1 make the influence of an AUC a little larger than the slope.
        const isArea = measure.name.startsWith('roc_auc') || measure.name === 'gini';
        // In an average over classes the parts may cancel, which what they are larger by does not.
        const isAverage = isArea && measure.name.includes('_', 7);
        const allowed =
          (isArea ? 0.03 * (Math.abs(expected) + (isAverage ? 0.2 : 0)) : 0) +
          1e-5 * (1 + Math.abs(expected));
        expect(Math.abs(own - expected), `${measure.name}, row ${row}: ${own}, ${expected}`).toBeLessThan(
          allowed,
        );
      });
    }
  });
});

describe('standard errors', () => {
  const ROUNDS = 400;
  // The standard error of a bootstrap standard error from 400 rounds is about 3.5 %.
  const TOLERANCE = 0.15;

  it('of ranking are those of a mean over queries', () => {
    const predictions = ranking(400, 21);
    for (const { name, value, influence } of measuresOf(predictions)) {
      const ofQuery = Array.from({ length: 100 }, (_, query) => {
        const rows = Int32Array.from([0, 1, 2, 3], (i) => 4 * query + i);
        const one = { labels: rows, scores: rows } as const;
        const part: RankingPredictions = {
          ...predictions,
          rows: 4,
          labels: Float64Array.from(one.labels, (row) => predictions.labels[row] ?? 0),
          scores: Float64Array.from(one.scores, (row) => predictions.scores[row] ?? 0),
          queries: { codes: new Int32Array(4), values: [] },
        };
        return measuresOf(part).find((measure) => measure.name === name)?.value ?? Number.NaN;
      });
      const mean = ofQuery.reduce((sum, one) => sum + one, 0) / 100;
      const variance = ofQuery.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 100;
      expect(value, name).toBeCloseTo(mean, 12);
      expect(standardError(influence?.() ?? new Float64Array()), name).toBeCloseTo(
        Math.sqrt(variance / 100),
        12,
      );
    }
  });

  it.each([
    ['binary', binary(600, 11, { digits: 4, weighted: false })],
    ['binary, weighted', binary(600, 12, { digits: 2, weighted: true })],
    ['multiclass', multiclass(500, 13, false)],
    ['regression', regression(500, 14, false)],
    ['multilabel', multilabel(500, 15, false)],
  ] as const)('of %s agree with the bootstrap', (_, predictions) => {
    const next = random(99);
    const measures = measuresOf(predictions);
    const drawn = measures.map(() => [] as number[]);
    const weights = predictions.weights ?? new Float64Array(predictions.rows).fill(1);
    for (let round = 0; round < ROUNDS; round++) {
      const counts = new Float64Array(predictions.rows);
      for (let i = 0; i < predictions.rows; i++) {
        const at = Math.floor(next() * predictions.rows);
        counts[at] = (counts[at] ?? 0) + 1;
      }
      const again = measuresOf({
        ...predictions,
        weights: weights.map((weight, i) => weight * (counts[i] ?? 0)),
      });
      again.forEach((measure, at) => {
        if (measure.value !== null) drawn[at]?.push(measure.value);
      });
    }
    measures.forEach((measure, at) => {
      if (!measure.influence) return;
      const values = drawn[at] ?? [];
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const spread = Math.sqrt(
        values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
      );
      const own = standardError(measure.influence()) ?? Number.NaN;
      expect(Math.abs(own / spread - 1), `${measure.name}: ${own}, bootstrap ${spread}`).toBeLessThan(
        TOLERANCE,
      );
    });
  });

  it('are of a mean what they should be', () => {
    const error = standardError(Float64Array.of(-1, 1, -1, 1));
    expect(error).toBe(0.5);
  });

  it('are null where rows show no variation, and for one row', () => {
    expect(standardError(new Float64Array(11))).toBeNull();
    expect(standardError(Float64Array.of(0))).toBeNull();
  });
});
