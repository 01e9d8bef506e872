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

/** Takes one record after another, each of which may be forgotten at once. */
export interface BlockBuilder<R> {
  add(record: R): void;
  build(): Block;
}

/** @param fieldsOf hands over each field of one record, as `recordFields` does */
export function blockBuilder<R>(fieldsOf: (record: R, add: AddField) => void): BlockBuilder<R> {
  const columns = new Map<string, FieldValue[]>();
  let rows = 0;
  const addField: AddField = (name, value) => {
    const column = columns.get(name) ?? newColumn(columns, name);
    // Rows before that have no such field are left as holes; the first value of a name counts.
    while (column.length < rows) column.push(undefined);
    if (column.length === rows) column.push(value);
  };
  return {
    add: (record) => {
      fieldsOf(record, addField);
      rows += 1;
    },
    build: () => ({
      rows,
      names: [...columns.keys()],
      column: (name) => {
        const column = columns.get(name);
        while (column && column.length < rows) column.push(undefined);
        return column;
      },
    }),
  };
}

export function blockOf<R>(records: readonly R[], fieldsOf: (record: R, add: AddField) => void): Block {
  const builder = blockBuilder(fieldsOf);
  for (const record of records) builder.add(record);
  return builder.build();
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
    const bytes = encodeColumn(block.column(name) ?? []);
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
      const values = decodeColumn(bytes, header.rows);
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

function encodeColumn(values: readonly FieldValue[]): Buffer {
  const [first] = values;
  if (values.every((value) => value === first)) return asJson({ all: toCell(first) });
  if (isMeasured(values)) return encodeNumbers(values);
  return asJson(values.some((value) => typeof value === 'string') ? encodeTexts(values) : values.map(toCell));
}

function asJson(encoded: Encoded): Buffer {
  return Buffer.from(JSON.stringify(encoded));
}

/** Each text once where they repeat; as they are where most are their own, as ids and digests. */
function encodeTexts(values: readonly FieldValue[]): Encoded {
  const distinct = new Map<FieldValue, number>();
  for (const value of values) {
    if (!distinct.has(value)) distinct.set(value, distinct.size);
    if (distinct.size > values.length / 2 + 1) return values.map(toCell);
  }
  return {
    words: [...distinct.keys()].map(toCell),
    at: values.map((value) => distinct.get(value) ?? 0),
  };
}

/** No JSON starts with it. */
const NUMBERS = 'D'.charCodeAt(0);
/** Both halves of a double that no record holds: NaN. */
const NULL_MARK = 0x7ff80001;
const ABSENT_MARK = 0x7ff80002;

type NumbersOnly = number | null | undefined;

/** Numbers with fractions: their digits take longer to write and to read than everything else together. */
function isMeasured(values: readonly FieldValue[]): values is readonly NumbersOnly[] {
  let fractions = false;
  for (const value of values) {
    if (typeof value === 'number') fractions ||= !Number.isInteger(value);
    else if (value !== null && value !== undefined) return false;
  }
  return fractions;
}

/** In the byte order of this machine, whose cache it is. */
function encodeNumbers(values: readonly NumbersOnly[]): Buffer {
  const numbers = new Float64Array(values.length);
  const halves = new Uint32Array(numbers.buffer);
  for (const [row, value] of values.entries()) {
    if (typeof value === 'number') numbers[row] = value;
    else halves.fill(value === null ? NULL_MARK : ABSENT_MARK, 2 * row, 2 * row + 2);
  }
  return Buffer.concat([Buffer.of(NUMBERS), Buffer.from(numbers.buffer)]);
}

function decodeNumbers(bytes: Buffer): readonly FieldValue[] {
  const aligned = new Uint8Array(bytes.subarray(1));
  const halves = new Uint32Array(aligned.buffer);
  const values: FieldValue[] = Array.from(new Float64Array(aligned.buffer));
  for (const [row, value] of values.entries()) {
    if (Number.isNaN(value)) values[row] = halves[2 * row] === NULL_MARK ? null : undefined;
  }
  return values;
}

function toCell(value: FieldValue): Cell {
  return value === undefined ? ABSENT : value;
}

function fromCell(cell: Cell | undefined): FieldValue {
  return typeof cell === 'object' && cell !== null ? undefined : cell;
}

function decodeColumn(bytes: Buffer, rows: number): readonly FieldValue[] {
  if (bytes[0] === NUMBERS) return decodeNumbers(bytes);
  const encoded = JSON.parse(bytes.toString('utf8')) as Encoded;
  if ('all' in encoded) return new Array<FieldValue>(rows).fill(fromCell(encoded.all));
  if ('words' in encoded) {
    const words = encoded.words.map(fromCell);
    return encoded.at.map((place) => words[place]);
  }
  return encoded.map(fromCell);
}
