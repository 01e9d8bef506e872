import type { History } from '../../src/history/port.js';
import { type AnyRecord, recordKind } from '../../src/history/record.js';

/** A history in memory; `records` in the order they were appended. */
export function memoryHistory(
  initial: readonly AnyRecord[] = [],
): History & { readonly records: AnyRecord[] } {
  const records: AnyRecord[] = [...initial];
  const newestFirst = () => [...records].sort((a, b) => (a.id < b.id ? 1 : -1));
  return {
    records,
    append: async (added) => {
      records.push(...added);
    },
    list: async ({ kind, owner }) =>
      newestFirst().filter(
        (record) =>
          recordKind(record) === kind &&
          (owner === undefined || record.model === owner || record.dataset === owner),
      ),
    find: async (prefix) => newestFirst().filter((record) => record.id.startsWith(prefix)),
  };
}
