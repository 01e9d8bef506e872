import { meanOf } from '../seeds.js';
import type { JsonValue } from './json-text.js';
import { metricOf, notFiniteText } from './number.js';
import type { Reading, ReadMetric, ReadSeries } from './reader.js';

/** Seeds, folds and other repetitions of one measurement become one metric with a value each. */

/**
 * One metric from the values of its repetitions: the mean, with the values beside it. A repetition without a finite value
 * leaves the metric without one, and says which: a mean over the others would hide it.
 */
export function repeatedMetric(
  name: string,
  of: { readonly values: readonly JsonValue[]; readonly file: string; readonly what: string },
): readonly ReadMetric[] {
  const numbers = of.values.map((value) => (typeof value === 'string' ? notFiniteText(value) : value));
  if (numbers.length === 0 || !numbers.every((value) => typeof value === 'number' || value === null))
    return [];
  const each = numbers.map((value) => metricOf(name, value === null ? Number.NaN : Number(value), of.file));
  const gap = each.findIndex(({ value }) => value === null);
  if (each.length === 1) return each;
  const values = each.map(({ value }) => value);
  if (gap !== -1) {
    return [{ name, value: null, reason: `${each[gap]?.reason} (${of.what} ${gap + 1})`, values }];
  }
  return [{ name, value: meanOf(values.filter((value) => value !== null)), values }];
}

/** One repetition: what it is called (`fold 2`), and what was read of it. */
export interface Repetition {
  readonly label: string;
  readonly reading: Reading;
}

/** Merges repetitions: metrics with a value per repetition, series under the label of theirs, params that all agree on. */
export function mergeRepetitions(repetitions: readonly Repetition[]): Reading {
  const [first] = repetitions;
  if (!first || repetitions.length === 1) return first?.reading ?? { metrics: [], series: [] };
  const names = new Map<string, ReadMetric>();
  const found = repetitions.map(({ reading }) => {
    const own = new Map(reading.metrics.map((metric) => [keyOf(metric), metric]));
    for (const [key, metric] of own) if (!names.has(key)) names.set(key, metric);
    return own;
  });
  const metrics = [...names].map(([key, metric]) =>
    merged(
      metric,
      repetitions.map(({ label }, index) => ({ label, metric: found[index]?.get(key) })),
    ),
  );
  const series = repetitions.flatMap(({ label, reading }) =>
    reading.series.map((one): ReadSeries => ({ ...one, name: `${label}/${one.name}` })),
  );
  const params = Object.entries(first.reading.params ?? {}).filter(([name, value]) =>
    repetitions.every(({ reading }) => JSON.stringify(reading.params?.[name]) === JSON.stringify(value)),
  );
  const notes = repetitions.flatMap(({ label, reading }) =>
    (reading.notes ?? []).map((note) => `${label}: ${note}`),
  );
  return { metrics, series, params: Object.fromEntries(params), notes };
}

function keyOf(metric: ReadMetric): string {
  return JSON.stringify([metric.name, metric.split ?? null]);
}

function merged(
  first: ReadMetric,
  each: readonly { readonly label: string; readonly metric: ReadMetric | undefined }[],
): ReadMetric {
  const { reason: _, values: __, stderr: ___, ...same } = first;
  const values = each.map(({ metric }) => metric?.value ?? null);
  const gap = each.find(({ metric }) => (metric?.value ?? null) === null);
  if (gap) {
    const why = gap.metric?.reason ?? 'it was not measured';
    return { ...same, value: null, reason: `${why} (${gap.label})`, values };
  }
  const errors = each.flatMap(({ metric }) => metric?.stderr ?? []);
  const stderr = errors.length === each.length ? meanOf(errors) : null;
  const rows = each.every(({ metric }) => metric?.n === first.n);
  const { n, ...rest } = same;
  return {
    ...rest,
    ...(rows && n !== undefined ? { n } : {}),
    ...(stderr === null ? {} : { stderr }),
    value: meanOf(values.filter((value) => value !== null)),
    values,
  };
}

/** A word that says that what bears it with different numbers is the same, repeated. */
const REPETITION =
  /(^|[^a-z])(folds?|seeds?|cv|split|rep(?:eat|etition)?|run|version|trial)([-_= ]?)(\d+)(?![\d.]*\d)/i;

/** `out/fold_3/metrics.json` is the repetition `fold 3` of `out/fold_*​/metrics.json`; undefined when nothing says so. */
export function repetitionOf(
  path: string,
): { readonly label: string; readonly number: number; readonly of: string } | undefined {
  const match = REPETITION.exec(path);
  if (!match) return undefined;
  const [whole, before = '', word = '', between = '', digits = ''] = match;
  const start = match.index;
  return {
    label: `${word.toLowerCase()} ${Number(digits)}`,
    number: Number(digits),
    of: `${path.slice(0, start)}${before}${word}${between}*${path.slice(start + whole.length)}`,
  };
}

/**
 * The repetitions that paths name, in the order of their numbers; undefined unless all of them are repetitions of the same
 * with different numbers.
 */
export function repetitionsOf(
  paths: readonly string[],
): readonly { readonly path: string; readonly label: string }[] | undefined {
  const found = paths.map((path) => ({ path, repetition: repetitionOf(path) }));
  const known = found.flatMap(({ path, repetition }) => (repetition ? [{ path, ...repetition }] : []));
  const [first] = known;
  if (!first || known.length < 2 || known.length !== paths.length) return undefined;
  if (!known.every(({ of }) => of === first.of)) return undefined;
  if (new Set(known.map(({ number }) => number)).size !== known.length) return undefined;
  return [...known].sort((a, b) => a.number - b.number).map(({ path, label }) => ({ path, label }));
}
