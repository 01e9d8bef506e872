import type { SortedValues } from '../sorted-values.js';
import { type Cell, categoryTest, cellsOfNumbers } from './categories.js';
import {
  allEffects,
  constant,
  decidingEffect,
  distanceTest,
  lossNote,
  preferred,
  type Sides,
  untested,
  type Values,
} from './comparison.js';
import { type ColumnEvidence, isWhole, type NumberEvidence, standIn } from './evidence.js';
import { seedOf } from './settings.js';

/** Numbers with at most so many distinct values (both sides together) are compared as categories: the distance tests lose power on ties. */
const FEW_NUMBERS = 10;

export function compareNumbers(sides: Sides): Values {
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
