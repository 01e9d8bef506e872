import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { type Measured, type PlannedCheck, type Read, rowsFinding } from '../checks/finding.js';
import { decided, type Scope } from '../checks/plan.js';
import type { Suite } from '../checks/suite.js';
import { numberLiteral, textLiteral } from '../literals.js';
import { comparable, membership, type PandasColumn, pandasColumn, pythonText } from './pandas-column.js';

/** Schemas of pandera in YAML, as `schema.to_yaml()` writes them: columns, their checks, uniqueness, strictness and order. */

const column = z.looseObject({
  name: z.string().nullish(),
  dtype: z.string().nullish(),
  nullable: z.boolean().nullish(),
  unique: z.boolean().nullish(),
  coerce: z.boolean().nullish(),
  required: z.boolean().nullish(),
  regex: z.boolean().nullish(),
  checks: z.record(z.string(), z.unknown()).nullish(),
});
type Column = z.infer<typeof column>;
const schema = z.looseObject({
  schema_type: z.string().optional(),
  columns: z.union([z.record(z.string(), column.nullable()), z.array(column)]).nullish(),
  checks: z.record(z.string(), z.unknown()).nullish(),
  strict: z.union([z.boolean(), z.literal('filter')]).nullish(),
  ordered: z.boolean().nullish(),
  unique: z.union([z.string(), z.array(z.string())]).nullish(),
  coerce: z.boolean().nullish(),
});

type Base = Omit<PlannedCheck, 'check' | 'finding'>;

/** Throws UserError for text that is no such schema. */
export function parsePandera(text: string, path: string): Suite {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new UserError(`${path} is not YAML`, { location: { file: path }, cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success || !parsed.data.columns) {
    throw new UserError(`${path} is not a pandera schema: it has no columns`, {
      location: { file: path },
      mend: 'write it with schema.to_yaml(PATH)',
    });
  }
  const { data } = parsed;
  const tableChecks = Object.keys(data.checks ?? {});
  if (tableChecks.length > 0) {
    throw new UserError(
      `${path}: the check ${JSON.stringify(tableChecks[0])} of the whole frame is not known`,
      {
        location: { file: path },
        mend: 'write it as a check of assay.yml, such as sql',
      },
    );
  }
  const declared = Array.isArray(data.columns)
    ? data.columns.map((entry) => [entry.name ?? '', entry] as const)
    : Object.entries(data.columns ?? {}).map(([name, entry]) => [name, entry ?? {}] as const);
  return {
    needsTypes: true,
    needsSql: false,
    plan: (scope, base) => {
      const known = scope.table.columns.map(({ name }) => name);
      const matched = declared.map(([name, entry]) => ({
        name,
        entry,
        columns: matching(name, entry, known),
      }));
      return [
        ...wholeFrame(data, matched, { known, base }),
        ...matched.flatMap(({ name, entry, columns }) =>
          columns.length > 0
            ? columns.flatMap((one) =>
                columnChecks({ ...entry, coerce: entry.coerce ?? data.coerce }, pandasColumn(scope, one), {
                  base,
                  path,
                }),
              )
            : [exists(name, entry, base)],
        ),
        ...uniqueTogether(data.unique, scope, base),
      ];
    },
  };
}

function matching(name: string, { regex }: Column, known: readonly string[]): readonly string[] {
  if (!regex) return known.filter((other) => other === name);
  const pattern = new RegExp(name);
  return known.filter((other) => pattern.exec(other)?.index === 0);
}

function exists(name: string, entry: Column, base: Base): PlannedCheck {
  const required = entry.required !== false;
  return {
    ...base,
    ...decided(`${name}: exists`, { failing: required ? 1 : 0, total: 1 }),
    severity: base.severity,
    column: name,
    detail: required ? 'missing column' : 'missing column (allowed by required: false)',
    path: [],
  };
}

function wholeFrame(
  data: z.infer<typeof schema>,
  matched: readonly { readonly columns: readonly string[] }[],
  { known, base }: { readonly known: readonly string[]; readonly base: Base },
): readonly PlannedCheck[] {
  const named = matched.flatMap(({ columns }) => columns);
  const checks: PlannedCheck[] = [];
  const add = (check: string, failing: number, total: number, detail: string) =>
    checks.push({
      ...base,
      ...decided(check, { failing, total }),
      severity: base.severity,
      detail: failing > 0 ? detail : null,
      path: [],
    });
  if (data.strict === true) {
    const extra = known.filter((name) => !named.includes(name));
    add(
      'no column that is not declared',
      extra.length,
      known.length,
      `not declared: ${extra
        .slice(0, 10)
        .map((name) => JSON.stringify(name))
        .join(', ')}`,
    );
  }
  if (data.ordered) {
    const inFile = known.filter((name) => named.includes(name));
    const wrong = inFile.filter((name, i) => name !== named[i]);
    add(
      'columns are in the order of the schema',
      wrong.length,
      inFile.length,
      `out of order: ${wrong
        .slice(0, 10)
        .map((name) => JSON.stringify(name))
        .join(', ')}`,
    );
  }
  return checks;
}

function uniqueTogether(
  unique: string | readonly string[] | null | undefined,
  scope: Scope,
  base: Base,
): readonly PlannedCheck[] {
  if (!unique || unique.length === 0) return [];
  const names = typeof unique === 'string' ? [unique] : unique;
  const columns = names.map((name) => comparable(pandasColumn(scope, name)));
  const finding = everyDuplicate(
    columns.map(({ sql }) => sql),
    'true',
  );
  return [
    { ...base, check: `${names.join(', ')}: unique`, finding, reads: columns.flatMap(({ reads }) => reads) },
  ];
}

/** Rows whose key occurs more than once; pandas takes two missing values for the same. */
function everyDuplicate(keys: readonly string[], considered: string): Measured {
  return {
    kind: 'measured',
    terms: [
      `count(DISTINCT row(${keys.join(', ')})) FILTER (WHERE ${considered})`,
      `count(*) FILTER (WHERE ${considered})`,
    ],
    judge: ([distinct, total]) =>
      Number(distinct) === Number(total)
        ? { failing: 0, total: Number(total) }
        : {
            kind: 'grouped',
            keys,
            considered,
            terms: ['coalesce(sum(n) FILTER (WHERE n > 1), 0)::BIGINT', 'sum(n)::BIGINT'],
            judge: ([failing, all]) => ({ failing: Number(failing), total: Number(all) }),
          },
    failing: { kind: 'repeats', keys, considered, every: true },
  };
}

const OWN_KEYS = new Set([
  'name',
  'dtype',
  'nullable',
  'unique',
  'coerce',
  'required',
  'regex',
  'checks',
  'title',
  'description',
  'metadata',
  'default',
  'report_duplicates',
  'drop_invalid_rows',
  'parsers',
]);

function columnChecks(
  entry: Column,
  found: PandasColumn,
  { base, path }: { readonly base: Base; readonly path: string },
): readonly PlannedCheck[] {
  const { name, known } = found;
  const common = { ...base, column: name, reads: known.reads, value: known.text };
  const planned: PlannedCheck[] = [typeCheck(entry, found, common)].flat();
  if (entry.nullable !== true) {
    planned.push({
      ...common,
      check: `${name}: no missing value`,
      value: null,
      finding: rowsFinding(`${known.stored} IS NULL`, 'true'),
    });
  }
  if (entry.unique) {
    const key = comparable(found);
    planned.push({
      ...common,
      check: `${name}: unique`,
      reads: [...known.reads, ...key.reads],
      finding: everyDuplicate([key.sql], 'true'),
    });
  }
  const inline = Object.entries(entry).filter(([key]) => !OWN_KEYS.has(key));
  for (const [check, stats] of [...Object.entries(entry.checks ?? {}), ...inline]) {
    planned.push(valueCheck({ check, stats, found, common, path }));
  }
  return planned;
}

function typeCheck(entry: Column, found: PandasColumn, common: Base): readonly PlannedCheck[] {
  const { name, known, dtype, numeric } = found;
  const wanted = entry.dtype;
  if (!wanted) return [];
  const family = familyOf(wanted);
  if (!family) {
    throw new UserError(
      `pandera: the dtype ${JSON.stringify(wanted)} of ${JSON.stringify(name)} is not known`,
    );
  }
  const words = `${name}: ${entry.coerce ? 'can be' : 'is'} ${wanted}`;
  if (entry.coerce) {
    const read: Read | undefined = family === 'string' || family === 'object' ? undefined : known.as(family);
    // NumPy's integers have no missing value; pandas' own (with a capital letter) have.
    const missingFails = family === 'integer' && /^[iu]/.test(wanted);
    const present = missingFails ? '' : `${known.stored} IS NOT NULL AND `;
    const failing = read ? `${present}${read.alias} IS NULL` : 'false';
    const finding = rowsFinding(failing, missingFails ? 'true' : `${known.stored} IS NOT NULL`);
    return [{ ...common, check: words, finding, reads: [...known.reads, ...(read ? [read] : [])] }];
  }
  const is = {
    integer: numeric && dtype === wanted.replace(/^int$/, 'int64').toLowerCase(),
    number: dtype === wanted.replace(/^float$/, 'float64').toLowerCase(),
    boolean: dtype === 'bool',
    timestamp: dtype === 'datetime64[ns]',
    string: dtype === 'str',
    object: dtype === 'object' || dtype === 'str',
  }[family];
  return [
    {
      ...common,
      ...decided(words, { failing: is ? 0 : 1, total: 1 }),
      severity: common.severity,
      column: name,
      detail: `its dtype is ${dtype}`,
      path: [],
    },
  ];
}

function familyOf(
  dtype: string,
): 'integer' | 'number' | 'boolean' | 'timestamp' | 'string' | 'object' | undefined {
  if (/^u?int(8|16|32|64)?$/i.test(dtype)) return 'integer';
  if (/^float(32|64)?$/i.test(dtype)) return 'number';
  if (/^bool(ean)?$/.test(dtype)) return 'boolean';
  if (/^datetime64/.test(dtype)) return 'timestamp';
  if (/^(str|string(\[\w+\])?)$/.test(dtype)) return 'string';
  return dtype === 'object' || dtype === 'category' ? 'object' : undefined;
}

/** One check of a column; missing values are left out, unless `ignore_na: false`. */
function valueCheck(of: {
  readonly check: string;
  readonly stats: unknown;
  readonly found: PandasColumn;
  readonly common: Base;
  readonly path: string;
}): PlannedCheck {
  const { check, found, common, path } = of;
  const stats = isMap(of.stats) ? of.stats : { value: of.stats };
  const options = { ...stats, ...(isMap(stats.options) ? stats.options : {}) };
  const condition = conditionOf(check, stats, found);
  if (!condition) {
    throw new UserError(
      `${path}: the check ${JSON.stringify(check)} of ${JSON.stringify(found.name)} is not known`,
      {
        location: { file: path },
        mend: 'write it as a check of assay.yml, or take it out',
      },
    );
  }
  const { stored } = found.known;
  const considered = options.ignore_na === false ? 'true' : `${stored} IS NOT NULL`;
  return {
    ...common,
    check: `${found.name}: ${check.replaceAll('_', ' ')} ${words(stats)}`.trim(),
    ...(options.raise_warning === true && { severity: 'warn' as const }),
    reads: [...common.reads, ...condition.reads],
    finding: rowsFinding(`${considered} AND NOT coalesce(${condition.sql}, false)`, considered),
    ...(condition.patterns && { patterns: condition.patterns }),
  };
}

type Stats = Readonly<Record<string, unknown>>;
interface Holds {
  readonly sql: string;
  readonly reads: readonly Read[];
  readonly patterns?: readonly string[];
}

const COMPARISONS: Readonly<Record<string, string>> = {
  equal_to: '=',
  not_equal_to: '<>',
  greater_than: '>',
  greater_than_or_equal_to: '>=',
  less_than: '<',
  less_than_or_equal_to: '<=',
  eq: '=',
  ne: '<>',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
};

/** SQL that is true where the check holds; undefined for a check that is not known. */
function conditionOf(check: string, stats: Stats, found: PandasColumn): Holds | undefined {
  const first =
    stats.value ??
    Object.entries(stats).find(([key]) => !['options', 'raise_warning', 'ignore_na'].includes(key))?.[1];
  const operator = COMPARISONS[check];
  if (operator) return compared(found, [[operator, first]]);
  const text = () => pythonText(found);
  const matches = (pattern: string): Holds => {
    const { sql, reads } = text();
    return { sql: `regexp_matches(${sql}, ${textLiteral(pattern)})`, reads, patterns: [pattern] };
  };
  switch (check) {
    case 'in_range':
    case 'between':
      return compared(found, [
        [stats.include_min === false ? '>' : '>=', stats.min_value],
        [stats.include_max === false ? '<' : '<=', stats.max_value],
      ]);
    case 'isin':
      return membership(found, list(first));
    case 'notin': {
      const { sql, reads } = membership(found, list(first));
      return { sql: `NOT (${sql})`, reads };
    }
    case 'str_matches':
      // re.match: from the start on.
      return matches(`^(?:${String(first)})`);
    case 'str_contains':
      return matches(String(first));
    case 'str_startswith':
      return { sql: `starts_with(${text().sql}, ${textLiteral(String(first))})`, reads: text().reads };
    case 'str_endswith':
      return { sql: `suffix(${text().sql}, ${textLiteral(String(first))})`, reads: text().reads };
    case 'str_length': {
      const { sql, reads } = text();
      const bounds = [
        ['>=', stats.exact_value ?? stats.min_value],
        ['<=', stats.exact_value ?? stats.max_value],
      ].filter(([, bound]) => typeof bound === 'number');
      return {
        sql: bounds.map(([sign, bound]) => `length(${sql}) ${sign} ${Number(bound)}`).join(' AND ') || 'true',
        reads,
      };
    }
    default:
      return undefined;
  }
}

function compared(found: PandasColumn, bounds: readonly (readonly [string, unknown])[]): Holds {
  const { sql, reads } = comparable(found);
  const parts = bounds.map(([operator, bound]) => {
    if (typeof bound === 'number')
      return found.numeric ? `${sql} ${operator} ${numberLiteral(bound, 'DOUBLE')}` : 'false';
    if (typeof bound === 'boolean') return `${sql} ${operator} ${bound}`;
    return found.numeric ? 'false' : `${sql} ${operator} ${textLiteral(String(bound))}`;
  });
  return { sql: parts.join(' AND '), reads };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isMap(value: unknown): value is Stats {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function words(stats: Stats): string {
  const shown = Object.entries(stats).filter(
    ([key, value]) => !['options', 'raise_warning', 'ignore_na'].includes(key) && value !== null,
  );
  const text = shown
    .map(([key, value]) =>
      key === 'value' || shown.length === 1 ? JSON.stringify(value) : `${key} ${JSON.stringify(value)}`,
    )
    .join(', ');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
