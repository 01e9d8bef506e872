import type { History, HistoryQuery } from '../../src/history/port.js';
import { type AnyRecord, recordKind } from '../../src/history/record.js';
import { selectRecords } from '../../src/history/select.js';

/** A history in memory; `records` in the order they were appended. */
export function memoryHistory(
  initial: readonly AnyRecord[] = [],
): History & { readonly records: AnyRecord[] } {
  const records: AnyRecord[] = [...initial];
  const newestFirst = () => [...records].sort((a, b) => (a.id < b.id ? 1 : -1));
  const ofQuery = ({ kind, owner }: HistoryQuery) =>
    newestFirst().filter(
      (record) =>
        recordKind(record) === kind &&
        (owner === undefined || record.model === owner || record.dataset === owner),
    );
  return {
    records,
    append: async (added) => {
      records.push(...added);
    },
    list: async (query) => {
      const all = ofQuery(query);
      return selectRecords(all, query).rows.flatMap(({ id }) => all.find((record) => record.id === id) ?? []);
    },
    select: async (query) => selectRecords(ofQuery(query), query),
    find: async (prefix) => newestFirst().filter((record) => record.id.startsWith(prefix)),
  };
}
