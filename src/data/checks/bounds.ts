import type { ColumnSchema } from '../../config/data.js';
import { UserError } from '../../errors.js';
import { numberLiteral, textLiteral } from '../literals.js';
import type { ValueType } from '../values.js';

/** `min`, `max` and `allowed` of a column as SQL of the column's type, and the type they imply when none is declared. */

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?$/;

/** The declared type; else the one that its bounds or allowed values can only mean; else undefined (any text). */
export function effectiveType(schema: ColumnSchema): ValueType | undefined {
  if (schema.type) return schema.type;
  const bounds = [schema.min, schema.max].filter((bound) => bound !== undefined);
  if (bounds.some((bound) => typeof bound === 'number')) return 'number';
  if (bounds.some((bound) => TIMESTAMP.test(String(bound)))) return 'timestamp';
  if (bounds.length > 0) return 'date';
  if (schema.allowed?.every((value) => typeof value === 'number')) return 'number';
  if (schema.allowed?.every((value) => typeof value === 'boolean')) return 'boolean';
  return undefined;
}

/** Throws UserError when the bound is not of the column's type. */
export function boundLiteral(bound: number | string, type: ValueType | undefined): string {
  switch (type) {
    case 'integer':
    case 'number':
      if (typeof bound === 'number') {
        return numberLiteral(bound, type === 'integer' && Number.isInteger(bound) ? 'HUGEINT' : 'DOUBLE');
      }
      throw new UserError(`${JSON.stringify(bound)} is not a number, and the column is of type ${type}`, {
        mend: 'write the bound without quotes: min: 17',
      });
    case 'date':
    case 'timestamp': {
      const text = String(bound);
      if (DATE.test(text) || (type === 'timestamp' && TIMESTAMP.test(text))) {
        if (isCalendarDate(text))
          return `CAST(${textLiteral(text)} AS ${type === 'date' ? 'DATE' : 'TIMESTAMPTZ'})`;
      }
      throw new UserError(`${JSON.stringify(bound)} is not a ${type}`, {
        mend: `write it as ${type === 'date' ? '2026-01-31' : '2026-01-31T12:00:00Z'}`,
      });
    }
    case 'string':
    case 'boolean':
    case undefined:
      throw new UserError(`min and max mean nothing for a column of type ${type ?? 'string'}`, {
        mend: 'texts have min_length, max_length, pattern and allowed',
      });
  }
}

/** SQL list of the allowed values, and whether they are compared with the typed value or with the text. */
export function allowedLiterals(
  allowed: NonNullable<ColumnSchema['allowed']>,
  type: ValueType | undefined,
): { readonly items: readonly string[]; readonly compare: 'typed' | 'text' } {
  switch (type) {
    case 'integer':
    case 'number':
      return { compare: 'typed', items: allowed.map((value) => allowedNumber(value, type)) };
    case 'boolean':
      return { compare: 'typed', items: allowed.map(allowedBoolean) };
    case 'string':
    case 'date':
    case 'timestamp':
    case undefined:
      return { compare: 'text', items: allowed.map((value) => textLiteral(String(value))) };
  }
}

function allowedNumber(value: string | number | boolean, type: 'integer' | 'number'): string {
  if (typeof value === 'number' && (type === 'number' || Number.isInteger(value))) {
    return numberLiteral(value, type === 'integer' ? 'HUGEINT' : 'DOUBLE');
  }
  throw new UserError(`${JSON.stringify(value)} can never be a value of a column of type ${type}`, {
    mend: 'write numbers without quotes, or give the column type: string',
  });
}

function allowedBoolean(value: string | number | boolean): string {
  const text = String(value).toLowerCase();
  if (text === 'true' || text === 'false') return text;
  throw new UserError(`${JSON.stringify(value)} can never be a value of a column of type boolean`, {
    mend: 'booleans are true and false; for 0 and 1 give the column type: integer',
  });
}

/** Whether the day exists, so that no cast in SQL can fail. */
function isCalendarDate(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  const [, hour = '0', minute = '0', second = '0'] = /[T ](\d{2}):(\d{2})(?::(\d{2}))?/.exec(text) ?? [];
  return day >= 1 && day <= days && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}
