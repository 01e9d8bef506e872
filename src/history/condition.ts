import { UserError } from '../errors.js';

/** Simple conditions on the fields of records: `roc_auc > 0.9`, `status = failed`, `params.depth != 6`. */

const OPERATORS = ['>=', '<=', '!=', '==', '>', '<', '='] as const;
type Operator = (typeof OPERATORS)[number];

export type FieldValue = string | number | boolean | null | undefined;

export interface Condition {
  readonly field: string;
  readonly operator: Operator;
  /** As written; compared as a number when the field is one. */
  readonly value: string;
}

/** Throws UserError when the text is no condition. */
export function parseCondition(text: string): Condition {
  const match = /^\s*([^\s<>=!][^<>=!]*?)\s*(>=|<=|!=|==|>|<|=)\s*(.+?)\s*$/.exec(text);
  const [, field, operator, value] = match ?? [];
  if (field !== undefined && operator !== undefined && value !== undefined) {
    return { field, operator: operator as Operator, value: value.replace(/^(["'])(.*)\1$/, '$2') };
  }
  throw new UserError(`${JSON.stringify(text)} is not a condition`, {
    mend: "write a field, one of > >= < <= = !=, and a value: 'roc_auc > 0.9', 'status = failed', 'params.depth != 6'",
  });
}

/**
 * Whether a value meets the condition. One that is not there meets none, not even `!=`: nothing is known about it.
 * Throws UserError when a number is compared with text by order.
 */
export function meets(value: FieldValue, condition: Condition): boolean {
  if (value === null || value === undefined) return false;
  const { operator } = condition;
  const wanted = condition.value;
  if (operator === '=' || operator === '==') return isEqual(value, wanted);
  if (operator === '!=') return !isEqual(value, wanted);
  if (typeof value === 'number') {
    const bound = Number(wanted);
    if (wanted.trim() === '' || Number.isNaN(bound)) {
      throw new UserError(`${condition.field} is a number, and ${JSON.stringify(wanted)} is not`);
    }
    return isOrdered(value - bound, operator);
  }
  const text = String(value);
  return isOrdered(text < wanted ? -1 : text > wanted ? 1 : 0, operator);
}

function isEqual(value: string | number | boolean, wanted: string): boolean {
  return typeof value === 'number' ? value === Number(wanted) : String(value) === wanted;
}

function isOrdered(sign: number, operator: '>=' | '<=' | '>' | '<'): boolean {
  switch (operator) {
    case '>':
      return sign > 0;
    case '>=':
      return sign >= 0;
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
  }
}

/** Ascending by value, descending with `descending`; what has no value comes last either way. The order of equals is kept. */
export function sortedBy<T>(
  items: readonly T[],
  order: { readonly value: (item: T) => FieldValue; readonly descending: boolean },
): readonly T[] {
  const keyed = items.map((item) => ({ item, value: order.value(item) }));
  const isThere = (value: FieldValue) => value !== null && value !== undefined;
  return keyed
    .sort((a, b) => {
      if (!isThere(a.value) || !isThere(b.value)) return Number(isThere(b.value)) - Number(isThere(a.value));
      const sign =
        typeof a.value === 'number' && typeof b.value === 'number'
          ? a.value - b.value
          : String(a.value) < String(b.value)
            ? -1
            : Number(String(a.value) !== String(b.value));
      return order.descending ? -sign : sign;
    })
    .map(({ item }) => item);
}
