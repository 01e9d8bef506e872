import { z } from 'zod';
import { envelope } from '../../history/record.js';

/** What a profile says of a dataset. Statistics always; values of texts only with `show_values: true`. */

const count = z.int().nonnegative();

const steps = z.object({
  /** Ascending. */
  at: z.array(z.number()),
  /** How many values lie below each, and how many are at most it. */
  below: z.array(count),
  upto: z.array(count),
  /** True when every distinct value is among them. */
  exact: z.boolean(),
});

const histogram = z.object({
  edges: z.array(z.number()),
  counts: z.array(count),
  below: count,
  above: count,
});

const numbers = z.object({
  mean: z.number(),
  /** n − 1 below; null for a single value. */
  sd: z.number().nullable(),
  skewness: z.number().nullable(),
  kurtosis: z.number().nullable(),
  zeros: count,
  negative: count,
  /** min, p1, p5, p10, p25, p50, p75, p90, p95, p99, max; type 7. */
  quantiles: z.record(z.string(), z.number()),
  histogram,
  /** The empirical distribution function, for drift. */
  steps,
});

const times = z.object({
  /** The same names; RFC 3339 in UTC. */
  quantiles: z.record(z.string(), z.string()),
  /** In seconds since 1970. */
  histogram,
  steps,
  /** Rows per day of the week, Monday first, and per hour (UTC); the hours of dates are null. */
  weekdays: z.array(count).length(7),
  hours: z.array(count).length(24).nullable(),
});

const lengths = z.object({ mean: z.number(), min: count, max: count, steps });

const categories = z.object({
  /**
   * Most frequent first; values of fewer than 5 rows count as `other`. `value` only with `show_values: true`; `hash` (the
   * first 16 hex digits of SHA-256 of column, NUL, value) recognises a value in another profile.
   */
  top: z.array(z.object({ value: z.string().nullable(), hash: z.string(), count })),
  /** Rows and distinct values that are not in `top`. */
  other: z.object({ rows: count, distinct: count }),
});

export const profileColumn = z.object({
  name: z.string(),
  type: z.enum(['integer', 'number', 'string', 'boolean', 'date', 'timestamp', 'other']),
  /** Whether assay.yml gives the type; else it is the narrowest that fits every value. */
  declared: z.boolean(),
  present: count,
  missing: count,
  /** Present, and not of the type. */
  invalid: count,
  distinct: count,
  /** Every value of many occurs once: an identifier, whose values are withheld. */
  identifier: z.boolean(),
  numbers: numbers.nullable(),
  times: times.nullable(),
  lengths: lengths.nullable(),
  categories: categories.nullable(),
});
export type ProfileColumn = Readonly<z.infer<typeof profileColumn>>;

export const correlation = z.object({
  a: z.string(),
  b: z.string(),
  /** Pearson's r over the rows that have both. */
  r: z.number(),
  rows: count,
});

export const profileContent = z.object({
  dataset: z.string(),
  source: z.string(),
  digest: z.string(),
  rows: count,
  rejected: count,
  /** Rows that repeat an earlier row in every column. */
  duplicates: count,
  columns: z.array(profileColumn),
  /** Of numeric columns, strongest first; at most 50 of `pairs`. */
  correlations: z.object({ pairs: count, top: z.array(correlation) }),
});
export type ProfileContent = Readonly<z.infer<typeof profileContent>>;

export const profileRecord = z.object({
  schema: z.literal('assay/profile@1'),
  ...envelope,
  ...profileContent.shape,
  seconds: z.number(),
});
export type ProfileRecord = Readonly<z.infer<typeof profileRecord>>;
