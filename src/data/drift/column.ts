import { assertNever } from '../../errors.js';
import type { SortedValues } from '../sorted-values.js';
import {
  type Cell,
  categoryEffects,
  categoryTest,
  cellsOf,
  cellsOfNumbers,
  noveltyTest,
  shareTest,
} from './categories.js';
import { type ColumnEvidence, isWhole, type NumberEvidence, standIn } from './evidence.js';
import { andersonDarlingTest, ksTest, numberEffects } from './numbers.js';
import { type DriftSettings, seedOf } from './settings.js';

/** What is asked of one column, with every number; which of the p-values mean drift is decided over all columns together. */

export type TestName =
  | 'kolmogorov-smirnov'
  | 'anderson-darling'
  | 'chi-squared'
  | 'permutation'
  | 'fisher'
  | 'novelty';

export type EffectName = 'wasserstein' | 'jensen_shannon' | 'missing' | 'new_values';

export interface ColumnTest {
  readonly of: 'values' | 'missing' | 'new values' | 'lengths' | 'weekdays' | 'hours';
  readonly test: TestName;
  readonly statistic: number | null;
  readonly p: number;
  /** Below `p` when a profile leaves open how far apart the two are. */
  readonly lowestP: number;
  /** The effect that counts: the first that reaches its floor, else the first. */
  readonly effect: { readonly name: EffectName; readonly value: number; readonly floor: number };
}

export type ColumnKind = 'numbers' | 'categories' | 'text' | 'times' | 'not tested';

export interface ColumnComparison {
  readonly name: string;
  readonly type: ColumnEvidence['type'];
  readonly kind: ColumnKind;
  readonly rows: readonly [reference: number, current: number];
  readonly missing: readonly [reference: number, current: number];
  readonly tests: readonly ColumnTest[];
  readonly effects: {
    readonly wasserstein: number | null;
    readonly jensen_shannon: number | null;
    readonly psi: number | null;
  };
  /** Rows of the current side with a value that the reference never had; null where that is not known. */
  readonly newValues: number | null;
  /** Why the values were not tested, or with what loss; in words. */
  readonly notes: readonly string[];
  /** True when there are too few values for any test of them. */
  readonly tooFew: boolean;
  /** For pictures: what was compared, cell by cell. */
  readonly cells: readonly Cell[] | null;
}

/** Numbers with at most so many distinct values (both sides together) are compared as categories: the distance tests lose power on ties. */
const FEW_NUMBERS = 10;
/** More distinct texts than this, or than half of the rows, are text rather than categories. */
const MANY_CATEGORIES = 1000;

interface Sides {
  readonly reference: ColumnEvidence;
  readonly current: ColumnEvidence;
  readonly settings: DriftSettings;
}

type Values = Pick<ColumnComparison, 'kind' | 'tests' | 'effects' | 'newValues' | 'notes' | 'cells'> & {
  readonly tooFew?: boolean;
};

const NO_EFFECTS = { wasserstein: null, jensen_shannon: null, psi: null };

export function compareColumn(sides: Sides): ColumnComparison {
  const { reference, current, settings } = sides;
  const missing = [reference.rows - reference.valid, current.rows - current.valid] as const;
  const values = compareValues(sides);
  const enoughRows = Math.min(reference.rows, current.rows) >= settings.min_rows;
  return {
    name: reference.name,
    type: reference.type,
    rows: [reference.rows, current.rows],
    missing,
    tooFew: false,
    ...values,
    tests: enoughRows ? [...values.tests, ...missingTest(sides, missing)] : [],
  };
}

function missingTest(
  { reference, current, settings }: Sides,
  missing: readonly [number, number],
): readonly ColumnTest[] {
  if (missing[0] + missing[1] === 0) return [];
  const { test, statistic, p } = shareTest({
    reference: [missing[0], reference.valid],
    current: [missing[1], current.valid],
  });
  const value = Math.abs(missing[1] / current.rows - missing[0] / reference.rows);
  const effect = { name: 'missing' as const, value, floor: settings.min_effect.missing };
  return [{ of: 'missing', test, statistic, p, lowestP: p, effect }];
}

function compareValues(sides: Sides): Values {
  const { reference, current, settings } = sides;
  const chosen = settings.columns[reference.name]?.test ?? 'auto';
  if (chosen === 'none' || settings.ignore.includes(reference.name)) {
    return untested('left out by assay.yml');
  }
  const fewest = Math.min(reference.valid, current.valid);
  if (fewest < settings.min_rows) {
    const [side, count] =
      reference.valid <= current.valid ? ['reference', reference.valid] : ['current', current.valid];
    return {
      ...untested(`${count} values on the ${side} side, and ${settings.min_rows} are needed`),
      tooFew: true,
    };
  }
  switch (reference.type) {
    case 'integer':
    case 'number':
      return compareNumbers(sides);
    case 'date':
    case 'timestamp':
      return compareTimes(sides);
    case 'boolean':
      return compareCategories(sides);
    case 'string':
      return compareCategories(sides);
    case 'other':
      return untested('nested values are not compared');
    default:
      return assertNever(reference.type);
  }
}

function untested(note: string): Values {
  return { kind: 'not tested', tests: [], effects: NO_EFFECTS, newValues: null, notes: [note], cells: null };
}

function compareNumbers(sides: Sides): Values {
  const { reference, current, settings } = sides;
  const [a, b] = [reference.numbers, current.numbers];
  if (!a || !b) return untested('an identifier: its values are withheld from the profile');
  const chosen = settings.columns[reference.name]?.test ?? 'auto';
  const counters = reference.type === 'integer' && isIdentifier(reference, a) && isIdentifier(current, b);
  if (chosen === 'auto' && counters) {
    return untested('an identifier: every value once, so it says nothing about drift');
  }
  const [left, right] = [standIn(a), standIn(b)];
  const cells = isWhole(a) && isWhole(b) ? fewCells(left, right) : undefined;
  const categorical = chosen === 'chi-squared' || chosen === 'permutation' || (chosen === 'auto' && cells);
  if (categorical && cells) {
    if (cells.length < 2) return constant();
    const { test, statistic, p } = categoryTest(cells, {
      seed: seedOf(settings.seed, reference.name),
      prefer: preferred(chosen),
    });
    const effects = allEffects(left, right, cells);
    return {
      kind: 'categories',
      tests: [{ of: 'values', test, statistic, p, lowestP: p, effect: decidingEffect(sides, effects) }],
      effects,
      newValues: null,
      notes: [],
      cells,
    };
  }
  const effects = allEffects(left, right, null);
  const notes = isWhole(a) && isWhole(b) ? [] : [lossNote(a, b)];
  return {
    kind: 'numbers',
    tests: [distanceTest({ of: 'values', a, b, effect: decidingEffect(sides, effects), chosen })],
    effects,
    newValues: null,
    notes,
    cells: null,
  };
}

function constant(): Values {
  return {
    ...untested('one and the same value on both sides'),
    effects: { wasserstein: 0, jensen_shannon: 0, psi: 0 },
  };
}

function preferred(chosen: string): 'chi-squared' | 'permutation' | undefined {
  return chosen === 'chi-squared' || chosen === 'permutation' ? chosen : undefined;
}

function distanceTest(asked: {
  readonly of: ColumnTest['of'];
  readonly a: NumberEvidence;
  readonly b: NumberEvidence;
  readonly effect: ColumnTest['effect'];
  readonly chosen: string;
}): ColumnTest {
  const { of, a, b, effect } = asked;
  const tails = asked.chosen === 'anderson-darling' && isWhole(a) && isWhole(b);
  const distance = tails ? andersonDarlingTest(standIn(a), standIn(b)) : ksTest(a, b);
  return { of, test: tails ? 'anderson-darling' : 'kolmogorov-smirnov', ...distance, effect };
}

function lossNote(a: NumberEvidence, b: NumberEvidence): string {
  const points = [a, b].map((side) =>
    side.kind === 'steps' && !side.steps.exact ? side.steps.at.length : Number.POSITIVE_INFINITY,
  );
  const known = Math.min(...points);
  return `from a profile: its distribution is known at ${known} points, and a shift between two of them (up to ${(100 / (known - 1)).toFixed(1)}% of the rows) may go unseen`;
}

function fewCells(a: SortedValues, b: SortedValues): readonly Cell[] | undefined {
  if (Math.max(a.values.length, b.values.length) > FEW_NUMBERS) return undefined;
  const cells = cellsOfNumbers(a, b);
  return cells.length <= FEW_NUMBERS ? cells : undefined;
}

const NAMED_ID = /(^|[^a-z])(id|uuid|guid|key|index|rowid|row)$|[a-z](Id|ID|Key|Index)$/i;
const FEWEST_ROWS_OF_IDENTIFIER = 100;

/** Whole numbers of which none repeats, and either the name says so or they fill their range like a counter. */
function isIdentifier({ name, distinct, valid }: ColumnEvidence, numbers: NumberEvidence): boolean {
  if (distinct !== valid || valid < FEWEST_ROWS_OF_IDENTIFIER) return false;
  const values = numbers.kind === 'all' ? numbers.sorted.values : numbers.steps.at;
  const span = (values[values.length - 1] as number) - (values[0] as number) + 1;
  return NAMED_ID.test(name) || span <= 2 * valid;
}

function allEffects(
  a: SortedValues,
  b: SortedValues,
  cells: readonly Cell[] | null,
): ColumnComparison['effects'] {
  const { wasserstein, jensenShannon, psi } = numberEffects(a, b);
  if (!cells) return { wasserstein, jensen_shannon: jensenShannon, psi };
  const asCategories = categoryEffects(cells);
  return { wasserstein, jensen_shannon: asCategories.jensenShannon, psi: asCategories.psi };
}

function decidingEffect(
  { reference, settings }: Sides,
  effects: ColumnComparison['effects'],
): ColumnTest['effect'] {
  const own = settings.columns[reference.name]?.min_effect;
  const options = (['wasserstein', 'jensen_shannon'] as const).flatMap((name) => {
    const value = effects[name];
    return value === null ? [] : [{ name, value, floor: own ?? settings.min_effect[name] }];
  });
  const none = {
    name: 'jensen_shannon' as const,
    value: 0,
    floor: own ?? settings.min_effect.jensen_shannon,
  };
  return options.find(({ value, floor }) => value >= floor) ?? options[0] ?? none;
}

/** Windows shorter than this say nothing about the days of the week, or the hours of the day. */
const SHORTEST_FOR_WEEKDAYS = 14 * 86_400;
const SHORTEST_FOR_HOURS = 2 * 86_400;

/**
 * Times that lie beside each other are two windows of one stream: the later one is no drift, but another rhythm of weekdays or hours
 * is. Times that lie in the same range are compared as numbers.
 */
function compareTimes(sides: Sides): Values {
  const { reference, current, settings } = sides;
  const [a, b] = [reference.numbers, current.numbers];
  if (!a || !b || !reference.cycles || !current.cycles)
    return untested('its distribution is not in the profile');
  const [left, right] = [standIn(a), standIn(b)];
  const chosen = settings.columns[reference.name]?.test ?? 'auto';
  const middle = right.values[right.values.length >> 1] as number;
  const first = left.values[0] as number;
  const last = left.values[left.values.length - 1] as number;
  const moved = middle > last || middle < first;
  if (chosen === 'kolmogorov-smirnov' || chosen === 'anderson-darling' || !moved) {
    if (first === last && right.values.length === 1 && right.values[0] === first) return constant();
    const effects = allEffects(left, right, null);
    return {
      kind: 'times',
      tests: [distanceTest({ of: 'values', a, b, effect: decidingEffect(sides, effects), chosen })],
      effects,
      newValues: null,
      notes: isWhole(a) && isWhole(b) ? [] : [lossNote(a, b)],
      cells: null,
    };
  }
  const span = Math.min(
    last - first,
    (right.values[right.values.length - 1] as number) - (right.values[0] as number),
  );
  const rhythms = [
    {
      of: 'weekdays' as const,
      a: reference.cycles.weekdays,
      b: current.cycles.weekdays,
      shortest: SHORTEST_FOR_WEEKDAYS,
    },
    {
      of: 'hours' as const,
      a: reference.cycles.hours,
      b: current.cycles.hours,
      shortest: SHORTEST_FOR_HOURS,
    },
  ];
  const tests = rhythms.flatMap(({ of, a: one, b: other, shortest }): readonly ColumnTest[] => {
    if (!one || !other || span < shortest) return [];
    const cells = one.map((count, key) => ({ key, reference: count, current: other[key] ?? 0 }));
    const { test, statistic, p } = categoryTest(cells, {
      seed: seedOf(settings.seed, `${reference.name} ${of}`),
      prefer: 'chi-squared',
    });
    const { jensenShannon } = categoryEffects(cells);
    const floor = settings.columns[reference.name]?.min_effect ?? settings.min_effect.jensen_shannon;
    return [
      { of, test, statistic, p, lowestP: p, effect: { name: 'jensen_shannon', value: jensenShannon, floor } },
    ];
  });
  const effect = tests[0]?.effect.value ?? null;
  return {
    kind: tests.length > 0 ? 'times' : 'not tested',
    tests,
    effects: { ...NO_EFFECTS, jensen_shannon: effect },
    newValues: null,
    notes: [
      tests.length > 0
        ? 'another window of time: compared by its rhythm, not by its dates'
        : 'another window of time, too short to compare its rhythm',
    ],
    cells: null,
  };
}

function compareCategories(sides: Sides): Values {
  const { reference, current, settings } = sides;
  const [a, b] = [reference.categories, current.categories];
  if (!a || !b) return untested('its values are not in the profile');
  const cells = cellsOf(a, b);
  const whole = a.other.rows + b.other.rows === 0;
  const distinct = cells.length + Math.max(a.other.distinct, b.other.distinct);
  const rows = reference.valid + current.valid;
  const isText = reference.type === 'string' && (distinct > MANY_CATEGORIES || distinct > rows / 2);
  if (cells.length < 2 && !isText) return constant();
  const { test, statistic, p } = categoryTest(cells, {
    seed: seedOf(settings.seed, reference.name),
    prefer: preferred(settings.columns[reference.name]?.test ?? 'auto'),
  });
  const { jensenShannon, psi } = categoryEffects(isText ? frequentCells(cells) : cells);
  const effects = { wasserstein: null, jensen_shannon: jensenShannon, psi };
  const novelty = a.other.rows === 0 ? noveltyTest(cells) : null;
  const tests: ColumnTest[] = [];
  if (cells.length > 1) {
    tests.push({ of: 'values', test, statistic, p, lowestP: p, effect: decidingEffect(sides, effects) });
  }
  if (novelty && (novelty.rows > 0 || isText)) {
    const value = Math.max(0, (novelty.rows - novelty.expected) / current.valid);
    const effect = { name: 'new_values' as const, value, floor: settings.min_effect.new_values };
    tests.push({
      of: 'new values',
      test: 'novelty',
      statistic: novelty.rows,
      p: novelty.p,
      lowestP: novelty.p,
      effect,
    });
  }
  if (isText && reference.lengths && current.lengths) {
    const lengths = allEffects(standIn(reference.lengths), standIn(current.lengths), null);
    const effect = decidingEffect(sides, lengths);
    tests.push(
      distanceTest({ of: 'lengths', a: reference.lengths, b: current.lengths, effect, chosen: 'auto' }),
    );
  }
  return {
    kind: isText ? 'text' : 'categories',
    tests,
    effects,
    newValues: novelty?.rows ?? null,
    notes: whole
      ? []
      : ['from a profile: rare values are known only by their number of rows, so new ones may go unseen'],
    cells: isText ? null : cells,
  };
}

/** Values of fewer rows than this, both sides together, say nothing about a text's frequencies. */
const FREQUENT = 20;
function frequentCells(cells: readonly Cell[]): readonly Cell[] {
  const rare = { key: null, reference: 0, current: 0 };
  const frequent = cells.filter((cell) => {
    if (cell.reference + cell.current >= FREQUENT) return true;
    rare.reference += cell.reference;
    rare.current += cell.current;
    return false;
  });
  return rare.reference + rare.current > 0 ? [...frequent, rare] : frequent;
}
