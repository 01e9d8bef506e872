import { type Block, blockOf } from './block.js';
import { compareValues, conditionTest, type FieldValue } from './condition.js';
import { type AddField, fieldAdder, placesOfField } from './fields.js';
import type { HistoryQuery } from './port.js';
import type { AnyRecord } from './record.js';
import { UPGRADES, upgraded } from './upgrade.js';

/** A record without its details: its fields, flat. */
export interface Row {
  readonly id: string;
  /** By the name a user gives it (`roc_auc`, `params.depth`, `branch`); undefined when the record has none such. */
  get(field: string): FieldValue;
}

export interface Selection {
  /** Records of the kind and owner, before the condition. */
  readonly total: number;
  /** Those that met the condition. */
  readonly found: number;
  /** At most `limit` of them, in the order that was asked for. */
  readonly rows: readonly Row[];
  /** Names of all fields of all of them. */
  fields(): readonly string[];
}

/** The fields of records as the newest version of their schema has them. Made once for many records. */
export function recordFields(upgrades = UPGRADES): (record: AnyRecord, add: AddField) => void {
  const addFields = fieldAdder();
  return (record, add) => addFields(upgraded(record, upgrades), add);
}

/** The same over whole records in memory: for stores without an index. */
export function selectRecords(
  records: readonly AnyRecord[],
  query: Pick<HistoryQuery, 'where' | 'order' | 'limit'>,
): Selection {
  return selectRows([blockOf(records, recordFields())], query);
}

/** A place in a block; rows of the same id in other blocks are the same record. */
export interface PlacedRow<B extends Block = Block> extends Row {
  readonly block: B;
  readonly at: number;
}

export interface PlacedSelection<B extends Block> extends Selection {
  readonly rows: readonly PlacedRow<B>[];
}

/**
 * Filters, sorts and cuts the rows of blocks; newest first unless told. The order of equals is newest first.
 * @param blocks with rows of the wanted kind and owner only; of two rows of one id the first counts
 */
export function selectRows<B extends Block>(
  blocks: readonly B[],
  query: Pick<HistoryQuery, 'where' | 'order' | 'limit'>,
): PlacedSelection<B> {
  const seen = new Set<string>();
  const readers = blocks.map(fieldReader);
  const read = (row: { readonly block: number; readonly at: number }, name: string) =>
    readers[row.block]?.(name, row.at);
  const test = query.where && conditionTest(query.where, read);
  const { order } = query;
  const best = keepFirst(query.limit ?? Number.POSITIVE_INFINITY, order?.descending ?? false);
  let total = 0;
  let found = 0;
  const here = { block: 0, at: 0 };
  for (const [number, block] of blocks.entries()) {
    here.block = number;
    const ids = block.column('id') ?? [];
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at];
      if (typeof id !== 'string' || (blocks.length > 1 && seen.has(id))) continue;
      if (blocks.length > 1) seen.add(id);
      total += 1;
      here.at = at;
      if (test !== undefined && !test(here)) continue;
      found += 1;
      best.offer({ block: number, at, id, value: order && read(here, order.field) });
    }
  }
  const rows = best.inOrder().map((row): PlacedRow<B> => {
    const readField = readers[row.block];
    return {
      id: row.id,
      block: blocks[row.block] as B,
      at: row.at,
      get: (field) => readField?.(field, row.at),
    };
  });
  return {
    total,
    found,
    rows,
    fields: () => [...new Set(blocks.flatMap((block) => block.names))],
  };
}

interface Candidate {
  readonly block: number;
  readonly at: number;
  readonly id: string;
  /** What is sorted by; undefined when nothing is. */
  readonly value: FieldValue;
}

/** More than these are sorted at once, and all but the first of them forgotten. */
const SORTED_AT_ONCE = 1000;

/** The first so many in order, of any number, with the memory and the sorting of a few. */
function keepFirst(limit: number, descending: boolean) {
  let kept: Candidate[] = [];
  /** None after it can be among the first. */
  let last: Candidate | undefined;
  const compare = (a: Candidate, b: Candidate) =>
    compareValues(a.value, b.value, descending) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
  const cut = () => {
    kept = kept.sort(compare).slice(0, limit);
    if (kept.length === limit) last = kept.at(-1);
  };
  return {
    offer: (candidate: Candidate) => {
      if (last && compare(candidate, last) > 0) return;
      kept.push(candidate);
      if (kept.length >= limit + SORTED_AT_ONCE) cut();
    },
    inOrder: (): readonly Candidate[] => {
      cut();
      return kept;
    },
  };
}

function fieldReader(block: Block): (field: string, at: number) => FieldValue {
  const columns = new Map<string, readonly (readonly FieldValue[])[]>();
  return (field, at) => {
    let places = columns.get(field);
    if (places === undefined) {
      places = placesOfField(field).flatMap((name) => {
        const column = block.column(name);
        return column ? [column] : [];
      });
      columns.set(field, places);
    }
    for (const column of places) {
      const value = column[at];
      if (value !== undefined) return value;
    }
    return undefined;
  };
}
