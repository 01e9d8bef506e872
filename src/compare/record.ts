import { z } from 'zod';
import { direction, paramValue } from '../config/model.js';
import { envelope } from '../history/record.js';
import { slice } from '../metrics/metric.js';

export const VERDICTS = [
  'better',
  'worse',
  'equal',
  'inconclusive',
  'changed',
  'new',
  'missing',
  'incomparable',
] as const;
export const verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof verdict>;

/** The one to look at first; undefined of none. */
export function mostPressing(verdicts: readonly Verdict[]): Verdict | undefined {
  const order: readonly Verdict[] = [
    'worse',
    'missing',
    'incomparable',
    'inconclusive',
    'better',
    'changed',
    'equal',
    'new',
  ];
  return order.find((verdict) => verdicts.includes(verdict));
}

const side = z.object({
  value: z.number().nullable(),
  reason: z.string().optional(),
  n: z.int().nullable(),
  stderr: z.number().nullable(),
  seed_values: z.array(z.number().nullable()).nullable(),
});
export type MetricSide = Readonly<z.infer<typeof side>>;

export const metricComparison = z.object({
  name: z.string(),
  split: z.string().nullable(),
  slice: slice.nullable(),
  direction,
  /** Null when that run has no such metric. */
  candidate: side.nullable(),
  baseline: side.nullable(),
  /** Candidate minus baseline, in the metric's own unit. */
  difference: z.number().nullable(),
  /** Of the difference, at `level`; null when no uncertainty is known. */
  interval: z.tuple([z.number(), z.number()]).nullable(),
  level: z.number(),
  standard_error: z.number().nullable(),
  /** Degrees of freedom of the t distribution; null means normal. */
  degrees_of_freedom: z.number().nullable(),
  /** Two-sided, of no difference. */
  p: z.number().nullable(),
  /** After Benjamini and Hochberg over the metrics judged together; `better` and `worse` need it to be small. */
  p_adjusted: z.number().nullable(),
  /** `seeds + paired rows (Welch–Satterthwaite)` …; `none` when no uncertainty is known. */
  method: z.string(),
  /** Half-width of "does not matter", in the metric's unit. */
  tolerance: z.number().nonnegative(),
  verdict,
  reason: z.string(),
  /** For `inconclusive`: what would settle it. */
  needs: z
    .object({
      seeds: z.int().positive().nullable(),
      rows: z.int().positive().nullable(),
      /** Where neither alone would do. */
      both: z.object({ seeds: z.int().positive(), rows: z.int().positive() }).nullable(),
    })
    .nullable(),
});
export type MetricComparison = Readonly<z.infer<typeof metricComparison>>;

export const baselineChoice = z.object({
  /** Null when there is none; `why` says so plainly. */
  run: z.string().nullable(),
  commit: z.string().nullable(),
  why: z.string(),
  /** There is none because nothing was ever measured (or released) before: nothing to be worse than. */
  first: z.boolean(),
  /** Commits between the baseline's commit and the candidate's merge base; null when unknown. */
  behind: z.int().nonnegative().nullable(),
});
export type BaselineChoice = Readonly<z.infer<typeof baselineChoice>>;

export const comparisonRecord = z.object({
  schema: z.literal('assay/comparison@1'),
  ...envelope,
  model: z.string(),
  candidate: z.object({ run: z.string(), commit: z.string().nullable() }),
  baseline: baselineChoice,
  /** The headline: worse if any metric is, else inconclusive, better, equal …; `new` without a baseline. */
  verdict,
  metrics: z.array(metricComparison),
  params: z.array(
    z.object({
      name: z.string(),
      baseline: paramValue.optional(),
      candidate: paramValue.optional(),
    }),
  ),
  data: z.array(
    z.object({
      name: z.string(),
      baseline: z.string().nullable(),
      candidate: z.string().nullable(),
      rows: z.tuple([z.int().nullable(), z.int().nullable()]),
    }),
  ),
  /** Seconds, memory, artifact sizes: reported, never judged. */
  costs: z.array(
    z.object({
      name: z.enum(['seconds', 'peak_memory_bytes', 'cpu_seconds', 'model_bytes']),
      baseline: z.number().nullable(),
      candidate: z.number().nullable(),
    }),
  ),
  warnings: z.array(z.string()),
});
export type ComparisonRecord = Readonly<z.infer<typeof comparisonRecord>>;
