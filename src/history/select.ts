import { type Block, blockOf } from './block.js';
import { compareValues, conditionTest, type FieldValue } from './condition.js';
import { type AddField, addFields, placesOfField } from './fields.js';
import type { HistoryQuery } from './port.js';
import type { AnyRecord } from './record.js';
import { upgraded } from './upgrade.js';

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

/** The fields of a record as the newest version of its schema has them. */
export function addUpgraded(record: AnyRecord, add: AddField): void {
  addFields(upgraded(record), add);
}

/** The same over whole records in memory: for stores without an index. */
export function selectRecords(
  records: readonly AnyRecord[],
  query: Pick<HistoryQuery, 'where' | 'order' | 'limit'>,
): Selection {
  return selectRows([blockOf(records, addUpgraded)], query);
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
  const found: { readonly block: number; readonly at: number; readonly id: string }[] = [];
  const test =
    query.where &&
    conditionTest(query.where, (row: { block: number; at: number }, name) =>
      readers[row.block]?.(name, row.at),
    );
  let total = 0;
  for (const [number, block] of blocks.entries()) {
    const ids = block.column('id') ?? [];
    for (const [at, id] of ids.entries()) {
      if (typeof id !== 'string' || (blocks.length > 1 && seen.has(id))) continue;
      if (blocks.length > 1) seen.add(id);
      total += 1;
      const row = { block: number, at, id };
      if (test === undefined || test(row)) found.push(row);
    }
  }
  found.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  const { order } = query;
  if (order) {
    const keyed = found.map((row) => ({ row, value: readers[row.block]?.(order.field, row.at) }));
    keyed.sort((a, b) => compareValues(a.value, b.value, order.descending));
    for (const [index, { row }] of keyed.entries()) found[index] = row;
  }
  const rows = found.slice(0, query.limit ?? found.length).map((row): PlacedRow<B> => {
    const read = readers[row.block];
    return {
      id: row.id,
      block: blocks[row.block] as B,
      at: row.at,
      get: (field) => read?.(field, row.at),
    };
  });
  return {
    total,
    found: found.length,
    rows,
    fields: () => [...new Set(blocks.flatMap((block) => block.names))],
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
