import type { SampledRows } from '../../src/data/drift/classifier.js';
import type { ColumnEvidence } from '../../src/data/drift/evidence.js';
import { type SortedValues, sortedValues } from '../../src/data/sorted-values.js';
import type { Random } from '../../src/statistics/random.js';

/** Columns of every awkward kind to draw samples from, for simulations of drift. */

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

export function rowsOf(reference: Sample, current: Sample): SampledRows {
  return {
    columns: reference.columns.map(({ name, type }) => ({
      name,
      categorical: type === 'string' || type === 'boolean',
    })),
    reference: reference.values,
    current: current.values,
  };
}
