import { z } from 'zod';
import { UserError } from '../../errors.js';
import {
  type KnownColumn,
  type PlannedCheck,
  type Read,
  rowsFinding,
  uniqueFinding,
} from '../checks/finding.js';
import { decided } from '../checks/plan.js';
import type { Suite } from '../checks/suite.js';
import { listLiteral, numberLiteral, textLiteral } from '../literals.js';

/** Table Schemas of Frictionless Data: fields, their types and constraints, and the primary key. */

const constraints = z
  .object({
    required: z.boolean(),
    unique: z.boolean(),
    minLength: z.int(),
    maxLength: z.int(),
    minimum: z.union([z.number(), z.string()]),
    maximum: z.union([z.number(), z.string()]),
    pattern: z.string(),
    enum: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
  })
  .partial()
  .strict();
const field = z.looseObject({
  name: z.string(),
  type: z.string().default('any'),
  format: z.string().default('default'),
  trueValues: z.array(z.string()).default(['true', 'True', 'TRUE', '1']),
  falseValues: z.array(z.string()).default(['false', 'False', 'FALSE', '0']),
  groupChar: z.string().optional(),
  decimalChar: z.string().optional(),
  bareNumber: z.boolean().default(true),
  constraints: constraints.optional(),
});
type Field = z.infer<typeof field>;
const tableSchema = z.looseObject({
  fields: z.array(field).min(1),
  missingValues: z.array(z.union([z.string(), z.looseObject({ value: z.string() })])).default(['']),
  primaryKey: z.union([z.string(), z.array(z.string())]).default([]),
  foreignKeys: z.array(z.unknown()).default([]),
});
/** A resource, or a package with one resource, that has the schema inside. */
const wrapped = z.looseObject({
  schema: z.unknown().optional(),
  resources: z.array(z.looseObject({ schema: z.unknown() })).optional(),
});

type Base = Omit<PlannedCheck, 'check' | 'finding'>;

/** Throws UserError for text that is no such schema, and for what of it is not known. */
export function parseTableSchema(text: string, path: string): Suite {
  const wrong = (what: string, mend?: string) =>
    new UserError(`${path} ${what}`, { location: { file: path }, ...(mend !== undefined && { mend }) });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('is not JSON');
  }
  const outer = wrapped.safeParse(value);
  const inner = outer.success ? (outer.data.schema ?? outer.data.resources?.[0]?.schema ?? value) : value;
  const parsed = tableSchema.safeParse(inner);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(`is not a Table Schema: ${issue ? `${z.core.toDotPath(issue.path)}: ${issue.message}` : ''}`);
  }
  const { fields, missingValues, primaryKey, foreignKeys } = parsed.data;
  if (foreignKeys.length > 0) {
    throw wrong(
      'has foreign keys, which name no dataset here',
      'write them as a check: foreign_key: { columns: [id], references: customers(id) }',
    );
  }
  for (const one of fields)
    if (!Object.hasOwn(TYPES, one.type))
      throw wrong(`has a field of type ${JSON.stringify(one.type)}, which is not known`);
  const missing = missingValues.map((one) => (typeof one === 'string' ? one : one.value));
  return {
    needsTypes: false,
    needsSql: false,
    plan: (scope, base) => {
      const names = scope.table.columns.map(({ name }) => name);
      const expected = fields.map(({ name }) => name);
      const differing =
        Math.max(names.length, expected.length) - names.filter((name, i) => name === expected[i]).length;
      return [
        {
          ...base,
          ...decided('the columns are the fields of the schema, in order', {
            failing: differing,
            total: Math.max(names.length, expected.length),
          }),
          severity: base.severity,
          detail: differing > 0 ? difference(names, expected) : null,
          path: [],
        },
        ...fields
          .filter(({ name }) => scope.known.has(name))
          .flatMap((one) => fieldChecks(one, scope.column(one.name), { base, missing })),
        ...keyChecks([primaryKey].flat(), { column: scope.column, base, missing }),
      ];
    },
  };
}

function difference(found: readonly string[], expected: readonly string[]): string {
  const absent = expected.filter((name) => !found.includes(name));
  const extra = found.filter((name) => !expected.includes(name));
  const list = (items: readonly string[]) =>
    items
      .slice(0, 10)
      .map((name) => JSON.stringify(name))
      .join(', ');
  const parts = [
    ...(absent.length > 0 ? [`absent: ${list(absent)}`] : []),
    ...(extra.length > 0 ? [`not in the schema: ${list(extra)}`] : []),
  ];
  return parts.join('; ') || 'another order';
}

/** SQL condition: there is a value, by the schema's own texts for missing ones. */
function presentOf({ stored, text }: KnownColumn, missing: readonly string[]): string {
  const others = missing.filter((value) => value !== '');
  const isOther = others.length > 0 ? ` AND ${text} NOT IN ${listLiteral(others.map(textLiteral))}` : '';
  return `(${stored} IS NOT NULL${isOther})`;
}

interface Typed {
  readonly sql: string;
  readonly reads: readonly Read[];
}

function fieldChecks(
  one: Field,
  column: KnownColumn,
  { base, missing }: { readonly base: Base; readonly missing: readonly string[] },
): readonly PlannedCheck[] {
  const present = presentOf(column, missing);
  const typed = TYPES[one.type]?.(one, column) ?? { sql: column.text, reads: [] };
  const considered = `(${present} AND ${typed.sql} IS NOT NULL)`;
  const common = { ...base, column: one.name, reads: [...column.reads, ...typed.reads], value: column.text };
  const rules = one.constraints ?? {};
  const planned: PlannedCheck[] = [];
  const add = (words: string, failing: string, total: string, more: Partial<PlannedCheck> = {}) =>
    planned.push({
      ...common,
      check: `${one.name}: ${words}`,
      finding: rowsFinding(`${total} AND (${failing})`, total),
      ...more,
    });
  if (one.type !== 'any') {
    add(one.format === 'default' ? one.type : `${one.type} (${one.format})`, `${typed.sql} IS NULL`, present);
  }
  if (rules.required) add('no missing value', `NOT ${present}`, 'true', { value: null });
  if (rules.unique) {
    const key = `CASE WHEN ${considered} THEN ${typed.sql} END`;
    planned.push({ ...common, check: `${one.name}: unique`, finding: uniqueFinding([key]) });
  }
  const length = `length(${column.text})`;
  if (rules.minLength !== undefined)
    add(`length at least ${rules.minLength}`, `${length} < ${rules.minLength}`, considered);
  if (rules.maxLength !== undefined)
    add(`length at most ${rules.maxLength}`, `${length} > ${rules.maxLength}`, considered);
  const literal = (bound: number | string) => literalOf(one, bound);
  if (rules.minimum !== undefined)
    add(`at least ${rules.minimum}`, `${typed.sql} < ${literal(rules.minimum)}`, considered);
  if (rules.maximum !== undefined)
    add(`at most ${rules.maximum}`, `${typed.sql} > ${literal(rules.maximum)}`, considered);
  if (rules.pattern !== undefined) {
    add(
      `matches ${rules.pattern}`,
      `NOT regexp_full_match(${column.text}, ${textLiteral(rules.pattern)})`,
      considered,
      { patterns: [rules.pattern] },
    );
  }
  if (rules.enum) {
    const items = rules.enum.map((item) => (typeof item === 'boolean' ? String(item) : literal(item)));
    add(
      `one of ${rules.enum.slice(0, 10).join(', ')}`,
      `${typed.sql} NOT IN ${listLiteral(items)}`,
      considered,
    );
  }
  return planned;
}

function keyChecks(
  names: readonly string[],
  of: { column(name: string): KnownColumn; readonly base: Base; readonly missing: readonly string[] },
): readonly PlannedCheck[] {
  if (names.length === 0) return [];
  const columns = names.map((name) => of.column(name));
  const reads = columns.flatMap((column) => column.reads);
  const absent = columns.map((column) => `NOT ${presentOf(column, of.missing)}`).join(' OR ');
  const check = `${names.join(', ')}: primary key`;
  return [
    { ...of.base, check: `${check}, no missing value`, finding: rowsFinding(`(${absent})`, 'true'), reads },
    { ...of.base, check: `${check}, unique`, finding: uniqueFinding(columns.map(({ text }) => text)), reads },
  ];
}

function literalOf(one: Field, bound: number | string): string {
  switch (one.type) {
    case 'integer':
    case 'number':
    case 'year': {
      const number = Number(bound);
      if (Number.isFinite(number)) return numberLiteral(number, 'DOUBLE');
      throw new UserError(
        `${JSON.stringify(bound)} of the field ${JSON.stringify(one.name)} is not a number`,
      );
    }
    case 'date':
      return `CAST(${textLiteral(String(bound))} AS DATE)`;
    case 'datetime':
      return `CAST(${textLiteral(String(bound))} AS TIMESTAMPTZ)`;
    default:
      return textLiteral(String(bound));
  }
}

const matching = ({ text }: KnownColumn, pattern: string): Typed => ({
  sql: `CASE WHEN regexp_full_match(${text}, ${textLiteral(pattern)}) THEN ${text} END`,
  reads: [],
});

/** SQL of a value as the type; NULL where it is not of the type. */
const TYPES: Readonly<Record<string, (one: Field, column: KnownColumn) => Typed>> = {
  any: (_, { text }) => ({ sql: text, reads: [] }),
  string: (one, column) => {
    switch (one.format) {
      case 'default':
        return { sql: column.text, reads: [] };
      case 'email':
        return matching(column, '[^@\\s]+@[^@\\s]+\\.[^@\\s]+');
      case 'uri':
        return matching(column, '[a-zA-Z][a-zA-Z0-9+.-]*://[^\\s]+');
      case 'uuid':
        return matching(column, '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}');
      default:
        throw unknownFormat(one);
    }
  },
  integer: (one, column) => numeric(one, column, 'HUGEINT', '[+-]?[0-9]+'),
  number: (one, column) =>
    numeric(one, column, 'DOUBLE', '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?'),
  boolean: (one, { text }) => {
    const list = (values: readonly string[]) => listLiteral(values.map(textLiteral));
    return {
      sql: `CASE WHEN ${text} IN ${list(one.trueValues)} THEN true WHEN ${text} IN ${list(one.falseValues)} THEN false END`,
      reads: [],
    };
  },
  date: (one, column) => timed(one, column, 'date'),
  datetime: (one, column) => timed(one, column, 'timestamp'),
  time: (one, column) => {
    if (one.format !== 'default' && one.format !== 'any') throw unknownFormat(one);
    return matching(
      column,
      '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?',
    );
  },
  year: ({ name: _ }, { text }) => ({
    sql: `CASE WHEN regexp_full_match(${text}, '[0-9]{4}') THEN CAST(${text} AS DOUBLE) END`,
    reads: [],
  }),
  yearmonth: (_, column) => matching(column, '[0-9]{4}-(0[1-9]|1[0-2])'),
  object: (_, { text }) => ({
    sql: `CASE WHEN json_valid(${text}) AND json_type(${text}) = 'OBJECT' THEN ${text} END`,
    reads: [],
  }),
  array: (_, { text }) => ({
    sql: `CASE WHEN json_valid(${text}) AND json_type(${text}) = 'ARRAY' THEN ${text} END`,
    reads: [],
  }),
};

function numeric(one: Field, { text }: KnownColumn, target: string, pattern: string): Typed {
  let digits = one.bareNumber ? text : `regexp_replace(${text}, '^[^0-9+.-]*|[^0-9]*$', '', 'g')`;
  if (one.groupChar) digits = `replace(${digits}, ${textLiteral(one.groupChar)}, '')`;
  if (one.decimalChar && one.decimalChar !== '.')
    digits = `replace(${digits}, ${textLiteral(one.decimalChar)}, '.')`;
  return {
    sql: `CASE WHEN regexp_full_match(${digits}, ${textLiteral(pattern)}) THEN TRY_CAST(${digits} AS ${target}) END`,
    reads: [],
  };
}

function timed(one: Field, column: KnownColumn, type: 'date' | 'timestamp'): Typed {
  if (one.format === 'default' || one.format === 'any') {
    const read = column.as(type);
    return { sql: read.alias, reads: [read] };
  }
  if (!one.format.includes('%')) throw unknownFormat(one);
  const parsed = `try_strptime(${column.text}, ${textLiteral(one.format)})`;
  return { sql: type === 'date' ? `CAST(${parsed} AS DATE)` : `CAST(${parsed} AS TIMESTAMPTZ)`, reads: [] };
}

function unknownFormat(one: Field): UserError {
  return new UserError(
    `the format ${JSON.stringify(one.format)} of the field ${JSON.stringify(one.name)} is not known`,
  );
}
