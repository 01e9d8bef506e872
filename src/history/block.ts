import { createHash } from 'node:crypto';
import type { FieldValue } from './condition.js';
import type { AddField } from './fields.js';

/**
 * Records as columns, so that a question about one metric of a hundred thousand runs reads that metric alone. Derived
 * from the records and never more than a copy of them.
 */
export interface Block {
  readonly rows: number;
  readonly names: readonly string[];
  /** The values of a field by row; undefined when no record has it. Throws DamagedBlock when its bytes are not what was written. */
  column(name: string): readonly FieldValue[] | undefined;
}

export class DamagedBlock extends Error {}

/** @param add of one record, as `addFields` does: hands over each of its fields */
export function blockOf<R>(records: readonly R[], add: (record: R, field: AddField) => void): Block {
  const columns = new Map<string, FieldValue[]>();
  for (const [row, record] of records.entries()) {
    add(record, (name, value) => {
      const column = columns.get(name) ?? newColumn(columns, name);
      // Rows before that have no such field are left as holes; the first value of a name counts.
      while (column.length < row) column.push(undefined);
      if (column.length === row) column.push(value);
    });
  }
  return {
    rows: records.length,
    names: [...columns.keys()],
    column: (name) => {
      const column = columns.get(name);
      while (column && column.length < records.length) column.push(undefined);
      return column;
    },
  };
}

function newColumn(columns: Map<string, FieldValue[]>, name: string): FieldValue[] {
  const column: FieldValue[] = [];
  columns.set(name, column);
  return column;
}

type Sum = string;
/** Name, length in bytes, checksum. */
type ColumnEntry = readonly [name: string, bytes: number, sum: Sum];

export interface BlockHeader {
  readonly rows: number;
  readonly columns: readonly ColumnEntry[];
}

export interface EncodedBlock {
  readonly header: BlockHeader;
  /** The columns one after another, in the order of the header. */
  readonly payload: Buffer;
}

export function encodeBlock(block: Block): EncodedBlock {
  const columns: ColumnEntry[] = [];
  const parts: Buffer[] = [];
  for (const name of block.names) {
    const bytes = Buffer.from(JSON.stringify(encodeColumn(block.column(name) ?? [])));
    columns.push([name, bytes.length, checksum(bytes)]);
    parts.push(bytes);
  }
  return { header: { rows: block.rows, columns }, payload: Buffer.concat(parts) };
}

/** @param read a part of the payload */
export function decodeBlock(header: BlockHeader, read: (offset: number, bytes: number) => Buffer): Block {
  const places = new Map<string, { readonly offset: number; readonly entry: ColumnEntry }>();
  let offset = 0;
  for (const entry of header.columns) {
    places.set(entry[0], { offset, entry });
    offset += entry[1];
  }
  const decoded = new Map<string, readonly FieldValue[]>();
  return {
    rows: header.rows,
    names: [...places.keys()],
    column: (name) => {
      const known = decoded.get(name);
      if (known) return known;
      const place = places.get(name);
      if (!place) return undefined;
      const bytes = read(place.offset, place.entry[1]);
      if (checksum(bytes) !== place.entry[2]) throw new DamagedBlock(`the column ${name} is damaged`);
      const values = decodeColumn(JSON.parse(bytes.toString('utf8')) as Encoded, header.rows);
      decoded.set(name, values);
      return values;
    },
  };
}

/** Against a disk that forgets and a kill at the wrong moment, not against people. */
function checksum(bytes: Buffer): Sum {
  return createHash('sha1').update(bytes).digest('base64url').slice(0, 10);
}

/** An absent value, where null is a value of its own: a metric that was none. */
const ABSENT = [] as const;
type Cell = string | number | boolean | null | typeof ABSENT;
type Encoded =
  | { readonly all: Cell }
  | { readonly words: readonly Cell[]; readonly at: readonly number[] }
  | readonly Cell[];

function encodeColumn(values: readonly FieldValue[]): Encoded {
  const distinct = new Map<FieldValue, number>();
  const limit = values.length / 2;
  for (const value of values) {
    if (!distinct.has(value)) distinct.set(value, distinct.size);
    if (distinct.size > limit + 1) return values.map(toCell);
  }
  const words = [...distinct.keys()].map(toCell);
  if (words.length === 1) return { all: words[0] ?? null };
  const isText = [...distinct.keys()].some((value) => typeof value === 'string');
  return isText ? { words, at: values.map((value) => distinct.get(value) ?? 0) } : values.map(toCell);
}

function toCell(value: FieldValue): Cell {
  return value === undefined ? ABSENT : value;
}

function fromCell(cell: Cell | undefined): FieldValue {
  return typeof cell === 'object' && cell !== null ? undefined : cell;
}

function decodeColumn(encoded: Encoded, rows: number): readonly FieldValue[] {
  if ('all' in encoded) return new Array<FieldValue>(rows).fill(fromCell(encoded.all));
  if ('words' in encoded) {
    const words = encoded.words.map(fromCell);
    return encoded.at.map((place) => words[place]);
  }
  return encoded.map(fromCell);
}
