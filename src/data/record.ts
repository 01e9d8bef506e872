import { z } from 'zod';
import { severity } from '../config/data.js';
import { envelope } from '../history/record.js';
import { datasetChanges } from './changes.js';

export const checkResult = z.object({
  /** `age: between 17 and 90`, `rows: at least 1000`: what was asked, in words. */
  check: z.string(),
  column: z.string().nullable(),
  passed: z.boolean(),
  severity,
  failing: z.int().nonnegative(),
  total: z.int().nonnegative(),
  /** Line numbers in the source file for text formats, row numbers (from 1) otherwise; at most 10. */
  rows: z.array(z.int().positive()),
  rows_are: z.enum(['lines', 'rows']),
  /** The file of each of them, when the dataset has several. */
  files: z.array(z.string()).optional(),
  /** Only with `show_values: true`. */
  values: z.array(z.string()).optional(),
  /** What the reader should know: `missing column; nearest: "age"`. */
  detail: z.string().nullable(),
  /** Where it stands below the dataset in assay.yml; absent in records of an older Assay. */
  path: z.array(z.union([z.string(), z.int().nonnegative()])).optional(),
});
export type CheckResult = Readonly<z.infer<typeof checkResult>>;

export const validationRecord = z.object({
  schema: z.literal('assay/validation@1'),
  ...envelope,
  dataset: z.string(),
  source: z.string(),
  /** SHA-256 over the content of the source files. */
  digest: z.string(),
  rows: z.int().nonnegative(),
  /** Lines that could not be read as rows: read + rejected = all. */
  rejected: z.int().nonnegative(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  valid: z.boolean(),
  checks: z.array(checkResult),
  /** Since the baseline's; null when there is none; absent in records of an older Assay. */
  changes: datasetChanges.nullable().optional(),
  /** Whether the commit had uncommitted changes; null outside git. */
  dirty: z.boolean().nullable().optional(),
  seconds: z.number(),
});
export type ValidationRecord = Readonly<z.infer<typeof validationRecord>>;
