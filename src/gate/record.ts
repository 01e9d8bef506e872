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
