import { assertNever } from '../../errors.js';
import type { TableColumn } from '../table.js';
import { nativeFamily, type ValueType } from '../values.js';

/** What a column's values are, when assay.yml does not say: the narrowest type that fits all of them. */

/** `other`: nested values, intervals, blobs; counted, never interpreted. */
export type ProfileType = ValueType | 'other';

const INTEGER = /^[+-]?[0-9]+$/;
const NUMBER = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIMESTAMP =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$/;

/**
 * A first guess from some present values as the engine stores them (JSON text for JSON); whether it holds for all of
 * them is counted afterwards, and `wider` says what to try next.
 */
export function guessType(column: TableColumn, sample: readonly string[]): ProfileType {
  const { storage } = column;
  switch (storage.kind) {
    case 'native':
      return nativeFamily(storage.type);
    case 'json':
      if (sample.some((text) => /^[[{]/.test(text))) return 'other';
      if (sample.length > 0 && sample.every((text) => text.startsWith('"'))) {
        const inner = guessText(sample.map((text) => text.slice(1, -1)));
        return inner === 'date' || inner === 'timestamp' ? inner : 'string';
      }
      return sample.some((text) => text.startsWith('"')) ? 'other' : guessText(sample);
    case 'text':
      return guessText(sample);
    default:
      return assertNever(storage);
  }
}

function guessText(sample: readonly string[]): ProfileType {
  const all = (test: (text: string) => boolean) => sample.length > 0 && sample.every(test);
  if (all((text) => INTEGER.test(text))) return 'integer';
  if (all((text) => NUMBER.test(text))) return 'number';
  if (all((text) => /^(true|false)$/i.test(text))) return 'boolean';
  if (all((text) => DATE.test(text))) return 'date';
  return all((text) => DATE.test(text) || TIMESTAMP.test(text)) ? 'timestamp' : 'string';
}

/** What to try when some values are not of the guessed type; the last resort fits everything. */
export function wider(type: ProfileType, column: TableColumn): ProfileType {
  if (type === 'integer') return 'number';
  if (type === 'date') return 'timestamp';
  return column.storage.kind === 'json' && type !== 'timestamp' ? 'other' : 'string';
}
