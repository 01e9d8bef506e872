import { describe, expect, it } from 'vitest';
import type {
  BinaryPredictions,
  MulticlassPredictions,
  Predictions,
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
];

const WITHOUT_INFLUENCE = [
  'ks_statistic',
  'pr_auc_trapezoid',
  'ece_10_equal_width',
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
        const allowed = (isArea ? 0.03 * Math.abs(expected) : 0) + 1e-5 * (1 + Math.abs(expected));
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

  it.each([
    ['binary', binary(600, 11, { digits: 4, weighted: false })],
    ['binary, weighted', binary(600, 12, { digits: 2, weighted: true })],
    ['multiclass', multiclass(500, 13, false)],
    ['regression', regression(500, 14, false)],
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
