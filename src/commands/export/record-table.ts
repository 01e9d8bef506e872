import { z } from 'zod';
import type { StoredRecord } from '../../history/archive.js';
import { fieldAdder } from '../../history/fields.js';
import { toLine } from '../../history/line.js';
import { recordKind } from '../../history/record.js';
import { knowRecord, RECORD_SCHEMAS } from '../records/known-record.js';

/**
 * Records as rows of a table per kind: a column for each field of the kind's schema, nested ones as structs, lists and
 * maps; in the table of runs one more for each parameter and overall metric; and the record itself as text, which is
 * what `assay import parquet` reads.
 */

export interface TableColumn {
  readonly name: string;
  /** Of DuckDB. */
  readonly type: string;
  /** Where it stands in a row: nested as in the record, or one of `flat`. */
  readonly from: { readonly field: string } | { readonly flat: string };
}

/** The text of the record, as a line of `assay export jsonl`. */
export const TEXT_COLUMN = 'record';

/** A table of more is slow to open everywhere; what comes later is in `params`, `metrics` and `record`. */
const MOST_FLAT = 2000;

type Kind = keyof typeof RECORD_SCHEMAS;

/** The columns that every record of the kind has, of a kind unknown here too. */
export function fieldColumns(kind: string): readonly TableColumn[] {
  const schema = Object.hasOwn(RECORD_SCHEMAS, kind) ? RECORD_SCHEMAS[kind as Kind] : undefined;
  const { properties = {} } = schema
    ? (z.toJSONSchema(schema, { target: 'draft-7', reused: 'inline' }) as JsonSchema)
    : { properties: ENVELOPE };
  return Object.entries(properties).map(([field, of]) => ({
    name: field,
    type: field === 'time' ? 'TIMESTAMPTZ' : columnType(of),
    from: { field },
  }));
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

const TEXT: JsonSchema = { type: 'string' };
const ENVELOPE: Readonly<Record<string, JsonSchema>> = {
  schema: TEXT,
  id: TEXT,
  time: TEXT,
  commit: TEXT,
  actor: TEXT,
  trigger: { type: 'object', properties: { event: TEXT, url: TEXT, attempt: { type: 'integer' } } },
  model: TEXT,
  dataset: TEXT,
};

/** What may be one of several types is text: JSON, but for texts themselves. */
export function columnType(schema: JsonSchema): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    const types = new Set(choices.filter(({ type }) => type !== 'null').map(columnType));
    const [only] = types;
    return types.size === 1 && only !== undefined ? only : 'VARCHAR';
  }
  if (schema.enum || schema.const !== undefined) return scalarType(typeof (schema.const ?? schema.enum?.[0]));
  const types = [schema.type ?? []].flat().filter((type) => type !== 'null');
  switch (types.length === 1 ? types[0] : undefined) {
    case 'array': {
      const items = Array.isArray(schema.items) ? schema.items[0] : schema.items;
      return `${columnType((items as JsonSchema | undefined) ?? {})}[]`;
    }
    case 'object':
      return objectType(schema);
    default:
      return scalarType(types.length === 1 ? String(types[0]) : 'string');
  }
}

function objectType({ properties = {}, additionalProperties }: JsonSchema): string {
  const fields = Object.entries(properties);
  if (fields.length > 0) {
    return `STRUCT(${fields.map(([name, of]) => `${quoted(name)} ${columnType(of)}`).join(', ')})`;
  }
  return `MAP(VARCHAR, ${columnType(typeof additionalProperties === 'object' ? additionalProperties : {})})`;
}

function scalarType(type: string): string {
  switch (type) {
    case 'integer':
      return 'BIGINT';
    case 'number':
      return 'DOUBLE';
    case 'boolean':
      return 'BOOLEAN';
    default:
      return 'VARCHAR';
  }
}

/** A name in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** One row as a line of JSON, for `read_json`. */
export interface TableRow {
  readonly kind: string;
  readonly json: string;
}

/** Makes rows, and knows afterwards which columns there are. */
export function tableRows(): {
  add(stored: StoredRecord): TableRow;
  columns(kind: string): readonly TableColumn[];
} {
  const addFields = fieldAdder();
  /** In a row they are numbered: names that differ only in capitals are one to SQL. */
  const flat = new Map<string, { readonly place: string; readonly type: string }>();
  return {
    add: (stored) => {
      const kind = recordKind(stored.record);
      const known = knowRecord(stored.record);
      const values: Record<string, unknown> = {};
      if (known.kind === 'run') {
        addFields(known.record, (name, value) => {
          if (!/^(?:params|metrics)\./.test(name) || value === null || value === undefined) return;
          const column = plainName(name);
          const known = flat.get(column);
          if (!known && flat.size >= MOST_FLAT) return;
          const place = known?.place ?? `f${flat.size}`;
          flat.set(column, { place, type: widened(known?.type, typeOfValue(name, value)) });
          values[place] = value;
        });
      }
      // Of a record that this Assay cannot read, only what all records have is a column.
      const record = known.kind === 'unreadable' ? pick(known.record, Object.keys(ENVELOPE)) : known.record;
      return { kind, json: toJson({ record, flat: values, [TEXT_COLUMN_JSON]: toLine(stored) }) };
    },
    columns: (kind) => {
      const all: readonly TableColumn[] = [
        ...fieldColumns(kind),
        ...(kind === 'run'
          ? [...flat]
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([name, { type, place }]) => ({ name, type, from: { flat: place } }))
          : []),
      ];
      return distinct(all);
    },
  };
}

const TEXT_COLUMN_JSON = 'text';

function pick(record: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (name in record ? [[name, record[name]]] : [])));
}

function typeOfValue(name: string, value: unknown): string {
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (typeof value !== 'number') return 'VARCHAR';
  return Number.isSafeInteger(value) && !name.startsWith('metrics.') ? 'BIGINT' : 'DOUBLE';
}

function widened(known: string | undefined, type: string): string {
  if (known === undefined || known === type) return type;
  const numbers = new Set(['BIGINT', 'DOUBLE']);
  return numbers.has(known) && numbers.has(type) ? 'DOUBLE' : 'VARCHAR';
}

/** Names differ in more than capitals, for most databases do not tell those apart. */
function distinct(columns: readonly TableColumn[]): readonly TableColumn[] {
  const taken = new Set([TEXT_COLUMN]);
  return columns.map((column) => {
    let { name } = column;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${column.name}_${number}`;
    taken.add(name.toLowerCase());
    return { ...column, name };
  });
}

/** A name without what ends a text in SQL, or half a character. */
function plainName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return wellFormed(name).replace(/[\u0000-\u001f]/g, '\ufffd');
}

/** JSON that every reader takes: half a character, which JavaScript allows in texts, is replaced. */
function toJson(row: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(row);
  return /\\u(?:d[89ab]|dc|dd|de|df)/i.test(json) ? JSON.stringify(deepWellFormed(row)) : json;
}

function deepWellFormed(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (Array.isArray(value)) return value.map(deepWellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [wellFormed(key), deepWellFormed(of)]));
}

function wellFormed(text: string): string {
  return Buffer.from(text).toString('utf8');
}
