import { evaluateConfig } from '../../src/config/model.js';

/** Random predictions of every task, seeded, with the corners that metrics break at. */

export interface Case {
  readonly name: string;
  readonly task: 'binary' | 'multiclass' | 'multilabel' | 'regression' | 'ranking';
  readonly y_true: readonly (number | readonly number[])[];
  readonly y_pred: readonly (number | readonly number[])[];
  readonly y_score?: readonly number[];
  readonly scores?: readonly (readonly number[])[];
  readonly quantiles?: Readonly<Record<string, readonly number[]>>;
  readonly query?: readonly string[];
  readonly weight: readonly number[] | null;
}

/** Mulberry32: small, seeded, good enough for tests. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

type Weights = 'none' | 'some' | 'zeros';
const WEIGHTS: readonly Weights[] = ['none', 'some', 'zeros'];

function weightsOf(kind: Weights, rows: number, next: () => number): readonly number[] | null {
  if (kind === 'none') return null;
  // At least one row counts.
  return Array.from({ length: rows }, (_, i) =>
    kind === 'zeros' && i > 0 && next() < 0.4 ? 0 : Math.round(1 + next() * 1000) / 250,
  );
}

const times = <T>(rows: number, of: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => of(i));
const rounded = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;

function binaryCase(seed: number, rows: number, weights: Weights): Case {
  const next = randomOf(seed);
  const digits = seed % 3 === 0 ? 1 : 6;
  const rate = [0.5, 0.05, 0, 1][seed % 4] ?? 0.5;
  const y_true = times(rows, () => (next() < rate ? 1 : 0));
  const y_score = y_true.map((y) =>
    rounded(Math.min(1, Math.max(0, 0.25 * y + next() * 0.9 - 0.05)), digits),
  );
  return {
    name: `binary, seed ${seed}, ${rows} rows, weights: ${weights}`,
    task: 'binary',
    y_true,
    y_pred: y_score.map((s) => (s >= 0.5 ? 1 : 0)),
    y_score,
    weight: weightsOf(weights, rows, next),
  };
}

function multiclassCase(seed: number, rows: number, weights: Weights): Case {
  const next = randomOf(seed);
  const classes = 3 + (seed % 4);
  // Every so often the last class never occurs.
  const occurring = seed % 3 === 0 ? classes - 1 : classes;
  const y_true = times(rows, () => Math.floor(next() ** 1.5 * occurring));
  const scores = y_true.map((y) => {
    const raw = times(classes, (k) => Math.round(1 + 8 * next() + (k === y ? 4 : 0)));
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((value) => value / sum);
  });
  const y_pred = scores.map((row) => row.indexOf(Math.max(...row)));
  return {
    name: `multiclass, seed ${seed}, ${rows} rows, weights: ${weights}`,
    task: 'multiclass',
    y_true,
    y_pred,
    scores,
    weight: weightsOf(weights, rows, next),
  };
}

function multilabelCase(seed: number, rows: number, weights: Weights): Case {
  const next = randomOf(seed);
  const labels = 2 + (seed % 4);
  const y_true = times(rows, () =>
    times(labels, (k) => (next() < (k === 0 && seed % 3 === 0 ? 0 : 0.35) ? 1 : 0)),
  );
  const scores = y_true.map((row) =>
    row.map((y) => rounded(Math.min(1, 0.3 * y + 0.7 * next()), 1 + (seed % 2) * 4)),
  );
  return {
    name: `multilabel, seed ${seed}, ${rows} rows, weights: ${weights}`,
    task: 'multilabel',
    y_true,
    y_pred: scores.map((row) => row.map((s) => (s >= 0.5 ? 1 : 0))),
    scores,
    weight: weightsOf(weights, rows, next),
  };
}

function regressionCase(seed: number, rows: number, weights: Weights): Case {
  const next = randomOf(seed);
  const scale = [1, 1e-9, 1e9, 1][seed % 4] ?? 1;
  const shift = [0, 0, 1, -0.5][seed % 4] ?? 0;
  const isConstant = seed % 7 === 0;
  const y_true = times(rows, () => (isConstant ? 3 : (shift + next() * 4) * scale));
  const predict = () => y_true.map((y) => y * (0.8 + 0.4 * next()) + 0.1 * scale * next());
  return {
    name: `regression, seed ${seed}, ${rows} rows, weights: ${weights}${isConstant ? ', constant' : ''}`,
    task: 'regression',
    y_true,
    y_pred: seed % 21 === 0 ? y_true : predict(),
    quantiles: { '0.1': predict(), '0.5': predict(), '0.9': predict() },
    weight: weightsOf(weights, rows, next),
  };
}

function rankingCase(seed: number, rows: number, weights: Weights): Case {
  const next = randomOf(seed);
  const queries = times(rows, () => `q${Math.floor(next() * Math.ceil(rows / 6))}`);
  const ofQuery = new Map([...new Set(queries)].map((query) => [query, Math.round(1 + next() * 9) / 4]));
  const y_true = times(rows, () => Math.max(0, Math.floor(next() * 6) - 2));
  return {
    name: `ranking, seed ${seed}, ${rows} rows, weights: ${weights}`,
    task: 'ranking',
    y_true,
    y_pred: [],
    y_score: y_true.map((y) => rounded(y * 0.4 - 2 + 3 * next(), seed % 2 === 0 ? 0 : 5)),
    query: queries,
    weight: weights === 'none' ? null : queries.map((query) => ofQuery.get(query) ?? 1),
  };
}

/** @param rows how many rows the larger cases have */
export function randomCases(rows: number): readonly Case[] {
  const cases: Case[] = [];
  let seed = 1;
  for (const make of [binaryCase, multiclassCase, multilabelCase, regressionCase, rankingCase]) {
    for (const weights of WEIGHTS) {
      for (const size of [1, 2, 3, 7, rows, rows, rows, rows]) cases.push(make(seed++, size, weights));
    }
  }
  return cases;
}

/** JSON Lines, so that every digit arrives. */
export function asJsonLines(one: Case): string {
  const rows = one.y_true.map((label, i) => ({
    id: i,
    ...(Array.isArray(label)
      ? Object.fromEntries(label.map((bit, k) => [`true[${k}]`, bit]))
      : { y_true: label as number }),
    ...(Array.isArray(one.y_pred[i])
      ? Object.fromEntries((one.y_pred[i] as readonly number[]).map((bit, k) => [`pred[${k}]`, bit]))
      : one.y_pred.length > 0
        ? { y_pred: one.y_pred[i] }
        : {}),
    ...(one.y_score ? { y_score: one.y_score[i] } : {}),
    ...(one.query ? { query: one.query[i] } : {}),
    ...Object.fromEntries((one.scores?.[i] ?? []).map((score, k) => [`p[${k}]`, score])),
    ...Object.fromEntries(Object.entries(one.quantiles ?? {}).map(([level, all]) => [`q[${level}]`, all[i]])),
    ...(one.weight ? { w: one.weight[i] } : {}),
  }));
  return rows.map((row) => JSON.stringify(row)).join('\n');
}

export function configOf(one: Case) {
  const isMultilabel = one.task === 'multilabel';
  return evaluateConfig.parse({
    predictions: 'p.jsonl',
    task: one.task,
    columns: {
      ...(one.weight ? { weight: 'w' } : {}),
      ...(one.scores ? { score: 'p[{label}]' } : {}),
      ...(one.quantiles ? { score: 'q[{label}]' } : {}),
      ...(isMultilabel ? { label: 'true[{label}]', prediction: 'pred[{label}]' } : {}),
    },
    ...(one.task === 'binary' ? { positive: 1 } : {}),
  });
}
