import type { Condition } from './condition.js';
import type { History, HistoryQuery } from './port.js';
import type { AnyRecord } from './record.js';
import type { Selection } from './select.js';

/**
 * A history read once: what was listed stays as it was until this process appends, so that everything a verb
 * decides rests on the same records, and nothing is read twice.
 */
export function snapshotOf(history: History): History {
  const listed = new Map<string, Promise<readonly AnyRecord[]>>();
  const selected = new Map<string, Promise<Selection>>();
  const forget = () => {
    listed.clear();
    selected.clear();
  };
  return {
    append: async (records) => {
      forget();
      await history.append(records);
      forget();
    },
    list: (query) => remember(listed, query, () => history.list(query)),
    select: (query) => remember(selected, query, () => history.select(query)),
    find: (idPrefix) => history.find(idPrefix),
  };
}

function remember<T>(
  known: Map<string, Promise<T>>,
  query: HistoryQuery,
  read: () => Promise<T>,
): Promise<T> {
  const { kind, owner, where, order, limit, fields } = query;
  const key = JSON.stringify([kind, owner, where satisfies Condition | undefined, order, limit, fields]);
  const there = known.get(key) ?? read();
  known.set(key, there);
  return there;
}
