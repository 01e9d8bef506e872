import { z } from 'zod';
import { duration, share } from './quantities.js';

/** The `data:` part of assay.yml. */

export const severity = z.enum(['error', 'warn']);
export type Severity = z.infer<typeof severity>;

export const columnSchema = z
  .strictObject({
    type: z
      .enum(['integer', 'number', 'string', 'boolean', 'date', 'timestamp'])
      .describe('what every present value must parse as'),
    required: z.boolean().describe('the column must exist and have no missing value'),
    max_missing: share.describe('largest share of missing values, 0.01 or 1%'),
    min: z.union([z.number(), z.string()]).describe('smallest value (a string for dates)'),
    max: z.union([z.number(), z.string()]).describe('largest value (a string for dates)'),
    min_length: z.int().nonnegative(),
    max_length: z.int().nonnegative(),
    pattern: z.string().describe('regular expression (RE2) that every present value must match'),
    allowed: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
    unique: z.boolean(),
    monotonic: z.enum(['increasing', 'decreasing']),
    severity,
    max_failing: share,
  })
  .partial();
export type ColumnSchema = z.infer<typeof columnSchema>;

const common = { severity: severity.optional(), max_failing: share.optional(), name: z.string().optional() };
const bounds = z.strictObject({ min: z.int().nonnegative(), max: z.int().nonnegative() }).partial();

export const dataCheck = z.union(
  [
    z.strictObject({ rows: bounds, ...common }),
    z.strictObject({ unique: z.array(z.string()).min(1), ...common }),
    z.strictObject({ sql: z.string().min(1), ...common }),
    z.strictObject({ expectations: z.string().min(1), ...common }),
    z.strictObject({ freshness: z.strictObject({ column: z.string(), max_age: duration }), ...common }),
    z.strictObject({
      foreign_key: z.strictObject({ columns: z.array(z.string()).min(1), references: z.string() }),
      ...common,
    }),
  ],
  {
    error:
      'expected a check: one of rows, unique, sql, expectations, freshness, foreign_key (with severity, max_failing, name)',
  },
);
export type DataCheck = z.infer<typeof dataCheck>;

export const executor = z
  .enum(['local', 'ray', 'kubernetes', 'airflow', 'prefect', 'glue', 'sagemaker', 'spark'])
  .describe('where it runs; local is this machine');

export const dataStep = z.strictObject({
  name: z.string().min(1),
  sql: z.string().optional(),
  run: z.string().optional(),
  notebook: z.string().optional(),
  executor: executor.default('local'),
});

export const datasetFormat = z.enum(['csv', 'tsv', 'jsonl', 'json', 'parquet']);
export type DatasetFormat = z.infer<typeof datasetFormat>;

export const datasetConfig = z.strictObject({
  source: z.string().min(1).describe('file or glob, relative to assay.yml'),
  format: datasetFormat.optional().describe('guessed from the file name when left out'),
  delimiter: z.string().length(1).optional().describe('of CSV; a comma when left out'),
  missing: z
    .array(z.string())
    .default([''])
    .describe("texts that mean missing in CSV and TSV, such as '' and '?'"),
  steps: z.array(dataStep).default([]),
  columns: z.record(z.string(), columnSchema).default({}),
  extra_columns: z.enum(['allow', 'warn', 'fail']).default('allow'),
  checks: z.array(dataCheck).default([]),
  reference: z.string().optional(),
  show_values: z.boolean().default(false).describe('allow raw values in reports of this dataset'),
});
export type DatasetConfig = z.infer<typeof datasetConfig>;
