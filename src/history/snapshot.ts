import type { History, HistoryQuery } from './port.js';
import type { AnyRecord } from './record.js';

/**
 * A history read once: what was listed stays as it was until this process appends, so that everything a verb
 * decides rests on the same records, and nothing is read twice.
 */
export function snapshotOf(history: History): History {
  const listed = new Map<string, Promise<readonly AnyRecord[]>>();
  return {
    append: async (records) => {
      listed.clear();
      await history.append(records);
      listed.clear();
    },
    list: (query: HistoryQuery) => {
      const key = `${query.kind}/${query.owner ?? ''}`;
      const known = listed.get(key) ?? history.list(query);
      listed.set(key, known);
      return known;
    },
    find: (idPrefix) => history.find(idPrefix),
  };
}
