import { UserError } from '../../../errors.js';
import type { Judged, Measured, PlannedCheck, Read } from '../../checks/finding.js';
import type { Scope } from '../../checks/plan.js';
import { type PandasColumn, pandasColumn } from '../pandas-column.js';
import type { Kwargs } from './kwargs.js';

/** What an expectation is planned with. */
export interface Context {
  readonly kwargs: Kwargs;
  readonly scope: Scope;
  /** Condition of `row_condition`, and what it reads. */
  readonly where: string | undefined;
}

/** What an expectation measures; the rest of a check is the same for all. */
export type Expected = Pick<PlannedCheck, 'finding' | 'reads'> &
  Partial<Pick<PlannedCheck, 'value' | 'detail' | 'where'>> & {
    /** Regular expressions to try before anything else. */
    readonly patterns?: readonly string[];
  };
export type Planner = (context: Context) => Expected;

export function columnNamed(context: Context, name: string): PandasColumn {
  return pandasColumn(context.scope, name);
}

export function theColumn(context: Context): PandasColumn {
  return columnNamed(context, context.kwargs.text('column'));
}

/** A share of at least `mostly` of the rows that are looked at is as expected; of no rows, it holds. */
export function mostlyJudged(kwargs: Kwargs, failing: number, total: number): Judged {
  const mostly = kwargs.number('mostly') ?? 1;
  return { failing, total, passed: total === 0 || (total - failing) / total >= mostly };
}

/** Rows with a value for which `unexpected` holds. */
export function mapped(
  { kwargs }: Context,
  column: PandasColumn,
  of: { readonly unexpected: string; readonly reads?: readonly Read[] },
): Expected {
  const present = `${column.known.stored} IS NOT NULL`;
  return mappedRows(kwargs, {
    unexpected: of.unexpected,
    considered: present,
    reads: [...column.known.reads, ...(of.reads ?? [])],
    value: column.known.text,
  });
}

/** A condition that is neither true nor false does not meet an expectation. */
export function mappedRows(
  kwargs: Kwargs,
  of: {
    readonly unexpected: string;
    readonly considered: string;
    readonly reads: readonly Read[];
    readonly value?: string | null;
  },
): Expected {
  const condition = `(${of.considered}) AND coalesce(${of.unexpected}, true)`;
  const finding: Measured = {
    kind: 'measured',
    terms: [`count(*) FILTER (WHERE ${condition})`, `count(*) FILTER (WHERE ${of.considered})`],
    judge: ([failing, total]) => mostlyJudged(kwargs, Number(failing), Number(total)),
    failing: { kind: 'where', condition },
  };
  return { finding, reads: of.reads, value: of.value ?? null };
}

/** Whether `value` lies between `min_value` and `max_value`; without a value it does not. */
export function between(kwargs: Kwargs, value: number | null): Judged {
  const min = kwargs.number('min_value');
  const max = kwargs.number('max_value');
  const passed =
    value !== null &&
    Number.isFinite(value) &&
    (min === undefined || (kwargs.flag('strict_min') ? value > min : value >= min)) &&
    (max === undefined || (kwargs.flag('strict_max') ? value < max : value <= max));
  return { failing: passed ? 0 : 1, total: 1, passed };
}

export function yesOrNo(passed: boolean, detail?: string): Expected {
  return {
    finding: {
      kind: 'decided',
      judged: { failing: passed ? 0 : 1, total: 1, passed, ...(detail !== undefined && { detail }) },
    },
    reads: [],
  };
}

/** Great Expectations raises here, which is no success; so it is told, and never passes. */
export function raises(reason: string): Expected {
  return yesOrNo(false, reason);
}

export function needNumbers(column: PandasColumn): void {
  if (column.numeric) return;
  throw new NotNumeric(column.name);
}

/** Thrown for a column whose values are not numbers where numbers are asked for. */
export class NotNumeric extends UserError {
  constructor(name: string) {
    super(`the values of ${JSON.stringify(name)} are not all numbers`);
  }
}
