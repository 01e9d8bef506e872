import { z } from 'zod';
import { byteSize, duration, share } from './quantities.js';

/** The `data:` part of assay.yml. */

export const severity = z.enum(['error', 'warn']);
export type Severity = z.infer<typeof severity>;

const boundValue = z.union([z.number(), z.string()], { error: 'expected a number, or a date in quotes' });

export const columnSchema = z
  .strictObject({
    type: z
      .enum(['integer', 'number', 'string', 'boolean', 'date', 'timestamp'])
      .describe('what every present value must parse as'),
    required: z.boolean().describe('the column must exist and have no missing value'),
    max_missing: share.describe('largest share of missing values: 0.01 or 1%'),
    min: boundValue.describe('smallest value allowed; a text for dates'),
    max: boundValue.describe('largest value allowed; a text for dates'),
    min_length: z.int().nonnegative().describe('smallest number of characters'),
    max_length: z.int().nonnegative().describe('largest number of characters'),
    pattern: z.string().describe('regular expression (RE2) that every present value must match'),
    allowed: z
      .array(
        z.union([z.string(), z.number(), z.boolean()], { error: 'expected a text, a number, true or false' }),
      )
      .min(1)
      .describe('the only values there may be'),
    unique: z.boolean().describe('no value occurs twice'),
    monotonic: z.enum(['increasing', 'decreasing']).describe('values never go the other way from row to row'),
    severity: severity.describe('error makes the dataset invalid, warn only tells; error when left out'),
    max_failing: share.describe('largest share of rows that may fail a check of this column'),
  })
  .partial();
export type ColumnSchema = z.infer<typeof columnSchema>;

const common = {
  severity: severity
    .optional()
    .describe('error makes the dataset invalid, warn only tells; error when left out'),
  max_failing: share.optional().describe('largest share of rows that may fail'),
  name: z.string().optional().describe('shown in reports instead of the check itself'),
  when: z
    .string()
    .min(1)
    .optional()
    .describe("only rows for which this is true are looked at, such as country = 'US' and age >= 18"),
  by: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
      error: 'expected a column or a list of them',
    })
    .transform((columns) => (typeof columns === 'string' ? [columns] : columns))
    .optional()
    .describe('columns whose values make groups; the check must hold in each of them'),
};
const range = z
  .strictObject({
    min: z.number().describe('smallest value allowed'),
    max: z.number().describe('largest value allowed'),
  })
  .partial()
  .refine(({ min, max }) => min !== undefined || max !== undefined, { error: 'expected min, max or both' });
const bounds = z
  .strictObject({
    min: z.int().nonnegative().describe('fewest rows'),
    max: z.int().nonnegative().describe('most rows'),
  })
  .partial();

export const dataCheck = z.union(
  [
    z.strictObject({ rows: bounds.describe('how many rows there may be'), ...common }),
    z.strictObject({
      unique: z.array(z.string()).min(1).describe('columns whose values together occur once'),
      ...common,
    }),
    z.strictObject({
      sql: z.string().min(1).describe('a query over the table data; every row it returns is a violation'),
      ...common,
    }),
    z.strictObject({
      columns: z
        .record(z.string(), columnSchema)
        .describe('as columns above; for part of the rows, or in groups'),
      ...common,
    }),
    z.strictObject({
      distribution: z
        .strictObject({
          column: z.string().describe('a column of numbers; for distinct alone, any'),
          mean: range.optional().describe('bounds of the arithmetic mean'),
          stdev: range.optional().describe('bounds of the sample standard deviation'),
          sum: range.optional().describe('bounds of the sum'),
          quantiles: z
            .record(
              z.string().regex(/^(0(\.\d+)?|1(\.0+)?)$/, { error: 'expected a number from 0 to 1' }),
              range,
            )
            .optional()
            .describe('bounds of quantiles, by their level: 0.5 is the median'),
          distinct: range.optional().describe('bounds of the number of distinct values'),
          distinct_share: range.optional().describe('bounds of distinct values per present value'),
        })
        .describe('bounds on a whole column'),
      ...common,
    }),
    z.strictObject({
      expectations: z.string().min(1).describe('path of a Great Expectations suite'),
      ...common,
    }),
    z.strictObject({
      table_schema: z
        .string()
        .min(1)
        .describe('path of a Frictionless Table Schema, or of a resource with one'),
      ...common,
    }),
    z.strictObject({
      pandera: z.string().min(1).describe('path of a pandera schema in YAML'),
      ...common,
    }),
    z.strictObject({
      freshness: z
        .strictObject({
          column: z.string().describe('a date or timestamp column'),
          max_age: duration.describe('greatest age of its newest value'),
        })
        .describe('the newest row is young enough'),
      ...common,
    }),
    z.strictObject({
      foreign_key: z
        .strictObject({
          columns: z.array(z.string()).min(1).describe('columns of this dataset'),
          references: z.string().describe('DATASET(COLUMN, …) that must have them'),
        })
        .describe('values that exist in another dataset'),
      ...common,
    }),
  ],
  {
    error:
      'expected a check: one of rows, unique, columns, distribution, sql, freshness, foreign_key, expectations, table_schema, pandera (with severity, max_failing, name, when, by)',
  },
);
export type DataCheck = z.infer<typeof dataCheck>;

export const executor = z
  .enum(['local', 'ray', 'kubernetes', 'airflow', 'prefect', 'glue', 'sagemaker', 'spark'])
  .describe('where it runs; local is this machine');

const floor = (value: number, description: string) =>
  z.number().nonnegative().default(value).describe(description);

export const driftTest = z.enum([
  'auto',
  'kolmogorov-smirnov',
  'anderson-darling',
  'chi-squared',
  'permutation',
  'none',
]);

export const driftConfig = z.strictObject({
  alpha: share
    .default(0.05)
    .describe('how often a dataset may be called drifted when nothing has changed: 0.05 or 5%'),
  min_rows: z
    .int()
    .min(10)
    .default(30)
    .describe('fewer values on either side, and the answer is "cannot tell"'),
  max_drifted: share
    .default(0)
    .describe(
      'share of the columns that may drift before the dataset counts as drifted; any one when left out',
    ),
  min_effect: z
    .strictObject({
      wasserstein: floor(0.1, 'numbers: distance in standard deviations of the reference'),
      jensen_shannon: floor(0.1, 'numbers and categories: distance from 0 to 1'),
      missing: floor(0.02, 'change of the share of missing values'),
      new_values: floor(0.01, 'share of rows with values that the reference does not have, beyond chance'),
      auc: z.number().min(0.5).max(1).default(0.55).describe('of the classifier that tells the two apart'),
    })
    .prefault({})
    .describe('smaller changes are no drift, however certain'),
  ignore: z.array(z.string()).default([]).describe('columns that are not tested'),
  columns: z
    .record(
      z.string(),
      z.strictObject({
        test: driftTest
          .default('auto')
          .describe('the test of its values; anderson-darling weighs tails more'),
        min_effect: z
          .number()
          .nonnegative()
          .optional()
          .describe('instead of wasserstein and jensen_shannon for this column'),
      }),
    )
    .default({})
    .describe('columns that are tested in another way, by name'),
  classifier: z
    .boolean()
    .default(true)
    .describe('also try to tell the rows of the two apart, which sees changes between columns'),
  seed: z.int().nonnegative().default(1).describe('of permutations and of the classifier'),
});

export const datasetFormat = z.enum(['csv', 'tsv', 'jsonl', 'json', 'parquet']);
export type DatasetFormat = z.infer<typeof datasetFormat>;

const stepParam = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected a text, a number, true or false',
});
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a variable' });
export const dataStep = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w][\w.-]*$/, { error: 'expected letters, digits, dots, dashes and underscores' })
      .describe('shown in reports, and the name of its folder'),
    sql: z.string().min(1).optional().describe('a query over the table input'),
    run: z.string().min(1).optional().describe('a command; it reads $ASSAY_INPUT and writes $ASSAY_OUTPUT'),
    notebook: z
      .string()
      .min(1)
      .optional()
      .describe('a notebook to run with papermill; it reads and writes as run does'),
    format: datasetFormat.optional().describe('of what run or notebook writes; as its input when left out'),
    code: z
      .array(z.string().min(1))
      .default([])
      .describe('files (globs) that the step depends on, besides those named in the command'),
    inputs: z.array(z.string().min(1)).default([]).describe('further data files (globs) that it reads'),
    params: z
      .record(z.string(), stepParam)
      .default({})
      .describe('parameters, as ASSAY_PARAM_NAME and in $ASSAY_PARAMS'),
    env: z.record(variable, z.string()).default({}).describe('further environment variables'),
    timeout: duration.optional().describe('it is stopped after so long'),
    executor: executor.default('local'),
  })
  .refine((step) => [step.sql, step.run, step.notebook].filter((one) => one !== undefined).length === 1, {
    error: 'expected exactly one of sql, run, notebook',
  });
export type DataStep = z.infer<typeof dataStep>;

export const datasetConfig = z.strictObject({
  source: z
    .string()
    .min(1)
    .describe(
      'a file, glob or folder relative to assay.yml, https://, s3://, release:TAG/ASSET, or the name of another dataset',
    ),
  format: datasetFormat.optional().describe('guessed from the file name when left out'),
  delimiter: z
    .string()
    .length(1, { error: 'expected one character' })
    .optional()
    .describe('of CSV; a comma when left out'),
  missing: z
    .array(z.string())
    .default([''])
    .describe("texts that mean missing in CSV and TSV, such as '' and '?'"),
  max_unpacked: byteSize
    .optional()
    .describe(
      '1GB when left out: an archive that unpacks to more, and to more than 500 times its size, is refused',
    ),
  steps: z.array(dataStep).default([]).describe('collect, clean and transform, one after another'),
  columns: z
    .record(z.string(), columnSchema)
    .default({})
    .describe('what each column must be like, by its name'),
  extra_columns: z
    .enum(['allow', 'warn', 'fail'])
    .default('allow')
    .describe('what a column means that columns does not name'),
  checks: z.array(dataCheck).default([]).describe('checks of the dataset as a whole'),
  reference: z
    .string()
    .min(1)
    .optional()
    .describe('what drift is measured against: a path, a dataset, DATASET@DIGEST, a profile'),
  drift: driftConfig.prefault({}).describe('when a difference from the reference counts as drift'),
  executor: z
    .enum(['local', 'spark'])
    .default('local')
    .describe(
      'where validate and profile compute: this machine, or Spark by spark-submit (see engine: spark)',
    ),
  show_values: z.boolean().default(false).describe('allow raw values in reports of this dataset'),
});
export type DatasetConfig = z.infer<typeof datasetConfig>;
