import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import type { PlannedCheck } from '../checks/finding.js';
import { decided, type Scope } from '../checks/plan.js';
import type { Suite } from '../checks/suite.js';
import { comparable, everyDuplicate, pandasColumn } from './pandas-column.js';
import type { Base } from './pandera-check.js';
import { type Column, column, columnChecks } from './pandera-column.js';

/** Schemas of pandera in YAML, as `schema.to_yaml()` writes them: columns, their checks, uniqueness, strictness and order. */

const schema = z.looseObject({
  schema_type: z.string().optional(),
  columns: z.union([z.record(z.string(), column.nullable()), z.array(column)]).nullish(),
  checks: z.record(z.string(), z.unknown()).nullish(),
  strict: z.union([z.boolean(), z.literal('filter')]).nullish(),
  ordered: z.boolean().nullish(),
  unique: z.union([z.string(), z.array(z.string())]).nullish(),
  coerce: z.boolean().nullish(),
});

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
