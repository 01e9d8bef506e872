import { z } from 'zod';
import { UserError } from '../../errors.js';
import { type PlannedCheck, type Read, rowsFinding } from '../checks/finding.js';
import { decided } from '../checks/plan.js';
import { comparable, everyDuplicate, type PandasColumn } from './pandas-column.js';
import { type Base, valueCheck } from './pandera-check.js';

/** One column of a pandera schema: its dtype, missing and repeated values, and its checks. */

export const column = z.looseObject({
  name: z.string().nullish(),
  dtype: z.string().nullish(),
  nullable: z.boolean().nullish(),
  unique: z.boolean().nullish(),
  coerce: z.boolean().nullish(),
  required: z.boolean().nullish(),
  regex: z.boolean().nullish(),
  checks: z.record(z.string(), z.unknown()).nullish(),
});
export type Column = z.infer<typeof column>;
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

export function columnChecks(
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
