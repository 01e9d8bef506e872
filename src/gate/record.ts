import { z } from 'zod';
import { envelope } from '../history/record.js';
import { slice } from '../metrics/metric.js';

export const decision = z.enum(['promote', 'hold', 'reject']);
export type Decision = z.infer<typeof decision>;

export const ruleOutcome = z.object({
  /** The rule in words: `roc_auc not worse than the baseline (all slices)`. */
  rule: z.string(),
  metric: z.string().nullable(),
  slice: slice.nullable(),
  outcome: decision,
  reason: z.string(),
  /** The numbers that a rule about change rests on, so that the decision can be explained from this record alone. */
  evidence: z
    .object({
      candidate: z.number().nullable(),
      baseline: z.number().nullable(),
      difference: z.number().nullable(),
      /** Of the difference, at 95 %; null when no uncertainty is known. */
      interval: z.tuple([z.number(), z.number()]).nullable(),
      tolerance: z.number().nonnegative(),
      p: z.number().nullable(),
      /** After Holm over everything that the gate compares; a rejection needs it to be small. */
      p_adjusted: z.number().nullable(),
      method: z.string(),
    })
    .optional(),
});
export type RuleOutcome = Readonly<z.infer<typeof ruleOutcome>>;

export const decisionRecord = z.object({
  schema: z.literal('assay/decision@1'),
  ...envelope,
  model: z.string(),
  run: z.string(),
  /** The comparison it rests on; null when no rule needed one. */
  comparison: z.string().nullable(),
  decision,
  rules: z.array(ruleOutcome),
  /** A person's decision over the rules', kept beside what the rules said. */
  override: z.object({ by: z.string(), reason: z.string(), was: decision }).nullable(),
});
export type DecisionRecord = Readonly<z.infer<typeof decisionRecord>>;

/** Blesses a run as the baseline on purpose. */
export const acceptanceRecord = z.object({
  schema: z.literal('assay/acceptance@1'),
  ...envelope,
  model: z.string(),
  run: z.string(),
  reason: z.string(),
});
export type AcceptanceRecord = Readonly<z.infer<typeof acceptanceRecord>>;
