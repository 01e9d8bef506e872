import type { Random } from '../../statistics/random.js';
import { type SortedValues, sortedValues } from '../sorted-values.js';
import { classifierTest, type SampledRows } from './classifier.js';
import { compareColumn } from './column.js';
import { type DatasetVerdict, decide } from './decide.js';
import type { ColumnEvidence } from './evidence.js';
import type { DriftSettings } from './settings.js';

/**
 * Simulated comparisons: columns of every awkward kind, drawn alike for both sides or changed on one. The tests and the bench measure
 * by them how often drift is seen where there is none, and how often where there is some.
 */

type Draw = (random: Random) => number;

interface World {
  readonly type: ColumnEvidence['type'];
  /** NaN is missing. */
  readonly draw: Draw;
}

const zipf = (random: Random, values: number, power: number) =>
  Math.floor(values * random.uniform() ** power);

const WORLDS: Readonly<Record<string, World>> = {
  normal: { type: 'number', draw: (random) => random.normal() },
  lognormal: { type: 'number', draw: (random) => Math.exp(2 * random.normal()) },
  cauchy: { type: 'number', draw: (random) => random.normal() / random.normal() },
  five_steps: { type: 'integer', draw: (random) => random.below(5) },
  ages: { type: 'integer', draw: (random) => 18 + random.below(60) },
  mostly_zero: {
    type: 'number',
    draw: (random) => (random.uniform() < 0.9 ? 0 : Math.round(1000 * Math.exp(random.normal()))),
  },
  with_gaps: {
    type: 'number',
    draw: (random) => (random.uniform() < 0.1 ? Number.NaN : random.normal()),
  },
  plan: { type: 'string', draw: (random) => random.below(4) },
  rare_categories: { type: 'string', draw: (random) => zipf(random, 40, 3) },
  rare_flag: { type: 'boolean', draw: (random) => (random.uniform() < 0.02 ? 1 : 0) },
  almost_constant: { type: 'string', draw: (random) => (random.uniform() < 0.005 ? 1 : 0) },
  constant: { type: 'integer', draw: () => 7 },
  words: { type: 'string', draw: (random) => zipf(random, 20_000, 4) },
  names: { type: 'string', draw: (random) => random.below(2 ** 32) },
};

export interface Sample {
  readonly columns: readonly ColumnEvidence[];
  readonly values: readonly Float64Array[];
}

export function drawSample(options: {
  readonly rows: number;
  readonly random: Random;
  /** What becomes of each value. */
  readonly change?: (value: number, column: string) => number;
}): Sample {
  const { rows, random, change = (value) => value } = options;
  const values = Object.entries(WORLDS).map(([name, { draw }]) =>
    Float64Array.from({ length: rows }, () => change(draw(random), name)),
  );
  return {
    values,
    columns: Object.entries(WORLDS).map(([name, { type }], i) =>
      evidenceOf(name, type, values[i] as Float64Array),
    ),
  };
}

/** Columns of numbers as they are. */
export function sampleOf(columns: Readonly<Record<string, Float64Array>>): Sample {
  const entries = Object.entries(columns);
  return {
    values: entries.map(([, values]) => values),
    columns: entries.map(([name, values]) => evidenceOf(name, 'number', values)),
  };
}

function evidenceOf(name: string, type: ColumnEvidence['type'], values: Float64Array): ColumnEvidence {
  const present = values.filter((value) => !Number.isNaN(value));
  const sorted: SortedValues = sortedValues(present);
  const isText = type === 'string' || type === 'boolean';
  return {
    name,
    type,
    rows: values.length,
    valid: present.length,
    invalid: 0,
    distinct: sorted.values.length,
    numbers: isText ? null : { kind: 'all', sorted },
    cycles: null,
    // A length that has to do with the value, as words have.
    lengths:
      type === 'string' ? { kind: 'all', sorted: sortedValues(present.map((x) => 4 + (x % 7))) } : null,
    categories: isText ? { keys: sorted, other: { rows: 0, distinct: 0 } } : null,
    labels: new Map(),
  };
}

/** The verdict on two samples; without the classifier when `seed` is null. */
export function judge(
  samples: { readonly reference: Sample; readonly current: Sample; readonly settings: DriftSettings },
  seed: number | null,
): DatasetVerdict {
  const { reference, current, settings } = samples;
  return decide({
    columns: reference.columns.map((column, i) =>
      compareColumn({ reference: column, current: current.columns[i] as ColumnEvidence, settings }),
    ),
    classifier: seed === null ? null : classifierTest(rowsOf(reference, current), seed),
    settings,
    changed: 0,
  });
}

function rowsOf(reference: Sample, current: Sample): SampledRows {
  return {
    columns: reference.columns.map(({ name, type }) => ({
      name,
      categorical: type === 'string' || type === 'boolean',
    })),
    reference: reference.values,
    current: current.values,
  };
}
