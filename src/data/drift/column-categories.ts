import { type Cell, categoryEffects, categoryTest, cellsOf, noveltyTest } from './categories.js';
import {
  allEffects,
  type ColumnTest,
  constant,
  decidingEffect,
  distanceTest,
  preferred,
  type Sides,
  untested,
  type Values,
} from './comparison.js';
import { standIn } from './evidence.js';
import { seedOf } from './settings.js';

/** More distinct texts than this, or than half of the rows, are text rather than categories. */
const MANY_CATEGORIES = 1000;

export function compareCategories(sides: Sides): Values {
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
