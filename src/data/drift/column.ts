import { assertNever } from '../../errors.js';
import { shareTest } from './categories.js';
import { compareCategories } from './column-categories.js';
import { compareNumbers } from './column-numbers.js';
import { compareTimes } from './column-times.js';
import { type ColumnComparison, type ColumnTest, type Sides, untested, type Values } from './comparison.js';

/** What is asked of one column, with every number; which of the p-values mean drift is decided over all columns together. */

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
