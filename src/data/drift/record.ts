import { z } from 'zod';
import { envelope } from '../../history/record.js';

/** What a comparison of two datasets found. No value of a text is in it unless the dataset has `show_values: true`. */

const count = z.int().nonnegative();
const probability = z.number().min(0).max(1);
const both = <T extends z.ZodType>(of: T) => z.object({ reference: of, current: of });

const side = z.object({
  /** As it was named: a dataset, a path, `DATASET@DIGEST`. */
  name: z.string(),
  /** `profile`: its data was not read; what that costs is said under each column. */
  from: z.enum(['data', 'profile']),
  digest: z.string(),
  rows: count,
});

const test = z.object({
  of: z.enum(['values', 'missing', 'new values', 'lengths', 'weekdays', 'hours']),
  test: z.enum(['kolmogorov-smirnov', 'anderson-darling', 'chi-squared', 'permutation', 'fisher', 'novelty']),
  statistic: z.number().nullable(),
  p: probability,
  effect: z.object({
    name: z.enum(['wasserstein', 'jensen_shannon', 'missing', 'new_values']),
    value: z.number(),
    floor: z.number(),
  }),
});

/** For pictures: numbers between edges (what lies outside beside them), or the most frequent categories. */
const picture = z.union([
  z.object({
    edges: z.array(z.number()),
    reference: z.array(z.number()),
    current: z.array(z.number()),
    outside: both(z.number()),
  }),
  z.object({
    /** A value only with `show_values: true`, else its rank in the reference: `value 1`. */
    labels: z.array(z.string()),
    reference: z.array(z.number()),
    current: z.array(z.number()),
  }),
]);

export const driftColumn = z.object({
  name: z.string(),
  type: z.string(),
  kind: z.enum(['numbers', 'categories', 'text', 'times', 'not tested']),
  verdict: z.enum(['drift', 'no drift', 'cannot tell', 'not tested']),
  /** In words, with the number that decided. */
  reason: z.string(),
  /** Which test decided, and its p-value corrected for all tests of all columns; null when none did. */
  decided_by: z.object({ of: test.shape.of, test: test.shape.test, adjusted_p: probability }).nullable(),
  tests: z.array(test),
  /** Wasserstein in standard deviations of the reference, Jensen–Shannon distance (base 2), PSI; null where they have no meaning. */
  effects: z.object({
    wasserstein: z.number().nullable(),
    jensen_shannon: z.number().nullable(),
    psi: z.number().nullable(),
  }),
  missing: both(count),
  /** Rows of the current side whose value the reference does not have; null where that cannot be known. */
  new_values: count.nullable(),
  notes: z.array(z.string()),
  picture: picture.nullable(),
});
export type DriftColumn = Readonly<z.infer<typeof driftColumn>>;

export const driftContent = z.object({
  dataset: z.string(),
  reference: side,
  current: side,
  verdict: z.enum(['drift', 'no drift', 'cannot tell']),
  /** In words. */
  reason: z.string(),
  /** False alarms allowed: for the columns together, and for the classifier. */
  alpha: z.object({ columns: z.number(), classifier: z.number() }),
  /** Names of the columns that drifted, changed columns among them. */
  drifted: z.array(z.string()),
  /** Columns that only the current side has, that only the reference has, and whose values are mostly not of the reference's type. */
  schema_changes: z.object({
    added: z.array(z.string()),
    removed: z.array(z.string()),
    retyped: z.array(z.object({ name: z.string(), reference: z.string(), current: z.string() })),
  }),
  columns: z.array(driftColumn),
  /** A model that learned to tell the two apart on half of the rows, and how well it did on the other half. */
  classifier: z
    .object({
      auc: z.number(),
      p: probability,
      drift: z.boolean(),
      rows: both(count),
      columns: z.array(z.object({ name: z.string(), share: z.number() })),
    })
    .nullable(),
  /** Why there is no classifier; null when there is one. */
  classifier_left_out: z.string().nullable(),
});
export type DriftContent = Readonly<z.infer<typeof driftContent>>;

export const driftRecord = z.object({
  schema: z.literal('assay/drift@1'),
  ...envelope,
  ...driftContent.shape,
  seconds: z.number(),
});
export type DriftRecord = Readonly<z.infer<typeof driftRecord>>;
