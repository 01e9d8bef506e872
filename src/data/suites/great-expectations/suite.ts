import { z } from 'zod';
import { nearest } from '../../../config/nearest.js';
import { UserError } from '../../../errors.js';
import type { PlannedCheck } from '../../checks/finding.js';
import type { Scope } from '../../checks/plan.js';
import type { Suite } from '../../checks/suite.js';
import { AGGREGATES } from './aggregates.js';
import { type Expected, NotNumeric, type Planner, raises } from './context.js';
import { Kwargs } from './kwargs.js';
import { rowCondition } from './row-condition.js';
import { ROWS } from './rows.js';
import { TABLE } from './table.js';
import { VALUES } from './values.js';

/**
 * Suites of Great Expectations, 0.x and 1.x, run as they are. Each expectation has the meaning it has on a pandas data
 * frame read from the same file; tests hold that against results that Great Expectations itself recorded.
 */

const expectation = z.looseObject({
  type: z.string().optional(),
  expectation_type: z.string().optional(),
  kwargs: z.record(z.string(), z.unknown()).default({}),
  severity: z.enum(['critical', 'warning', 'info']).optional(),
});
const suite = z.looseObject({ expectations: z.array(expectation) });

const PLANNERS: ReadonlyMap<string, Planner> = new Map(
  [VALUES, AGGREGATES, ROWS, TABLE].flatMap((planners) => Object.entries(planners)),
);

/** Every expectation that is known, for the documentation and its test. */
export const EXPECTATIONS: readonly string[] = [...PLANNERS.keys()].sort();

/** @throws UserError for text that is no suite and for an expectation that is not known, which is named */
export function parseExpectations(text: string, path: string): Suite {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${path} is not JSON`, {
      location: { file: path },
      mend: 'it is a Great Expectations suite',
      cause,
    });
  }
  const parsed = suite.safeParse(value);
  if (!parsed.success) {
    throw new UserError(`${path} is not a Great Expectations suite: it has no list "expectations"`, {
      location: { file: path },
    });
  }
  const known = parsed.data.expectations.map((entry, i) => {
    const name = snake(entry.type ?? entry.expectation_type ?? '');
    const planner = PLANNERS.get(name);
    if (planner) return { ...entry, name, planner };
    const near = nearest(name, EXPECTATIONS);
    throw new UserError(`expectation ${i + 1} of ${path}, ${JSON.stringify(name)}, is not known`, {
      location: { file: path, ...lineOf(text, entry.type ?? entry.expectation_type) },
      mend:
        near === undefined
          ? 'write it as a check of assay.yml, such as sql, or take it out; docs/checks.md lists those that are known'
          : `did you mean ${near}?`,
    });
  });
  return {
    needsTypes: true,
    needsSql: known.some(({ name }) => name === 'unexpected_rows_expectation'),
    plan: (scope, base) =>
      known.map((entry) => {
        const kwargs = new Kwargs(entry.name, entry.kwargs);
        try {
          return planned({ ...entry, kwargs, scope, base });
        } catch (error) {
          if (!(error instanceof UserError) || error.location) throw error;
          throw new UserError(`${path}: ${error.message}`, {
            ...(error.mend !== undefined && { mend: error.mend }),
          });
        }
      }),
  };
}

function planned(of: {
  readonly name: string;
  readonly kwargs: Kwargs;
  readonly planner: Planner;
  readonly severity?: 'critical' | 'warning' | 'info' | undefined;
  readonly scope: Scope;
  readonly base: Omit<PlannedCheck, 'check' | 'finding'>;
}): PlannedCheck {
  const { name, kwargs, scope, base } = of;
  const condition = rowCondition(kwargs, scope);
  const context = { kwargs, scope, where: condition?.sql };
  const column = typeof kwargs.get('column') === 'string' ? kwargs.text('column') : null;
  const expected = ((): Expected => {
    const absent = column !== null && name !== 'expect_column_to_exist' && !scope.known.has(column);
    // As in Great Expectations a suite still runs, and this expectation of it fails.
    if (absent) return raises('missing column');
    try {
      return of.planner(context);
    } catch (error) {
      if (error instanceof NotNumeric) return raises(error.message);
      throw error;
    }
  })();
  const { patterns, ...rest } = expected;
  const where = [condition?.sql, expected.where].filter((part) => part !== undefined);
  return {
    ...base,
    check: `${column === null ? '' : `${column}: `}${words(name)}${kwargs.words()}`,
    column,
    ...(of.severity && { severity: of.severity === 'critical' ? 'error' : 'warn' }),
    ...rest,
    reads: [...expected.reads, ...(condition?.reads ?? [])],
    ...(where.length > 0 && { where: where.map((part) => `(${part})`).join(' AND ') }),
    ...(patterns && { patterns }),
  };
}

/** `ExpectColumnMaxToBeBetween`, as classes are called in code, to the name of suites. */
function snake(name: string): string {
  return /^[A-Z]/.test(name)
    ? name.replace(/(?<!^)(?=[A-Z])/g, '_').toLowerCase()
    : name.replace('values_A_to_be_greater_than_B', 'values_a_to_be_greater_than_b');
}

function words(name: string): string {
  return name.replace(/^expect_(column_)?/, '').replaceAll('_', ' ');
}

function lineOf(text: string, name: string | undefined): { readonly line?: number } {
  const at = name === undefined ? -1 : text.indexOf(JSON.stringify(name));
  return at < 0 ? {} : { line: text.slice(0, at).split('\n').length };
}
