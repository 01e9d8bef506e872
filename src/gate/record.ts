import { z } from 'zod';
import { verdict } from '../compare/record.js';
import { direction } from '../config/model.js';
import { envelope } from '../history/record.js';
import { slice } from '../metrics/metric.js';

export const decision = z.enum(['promote', 'hold', 'reject']);
export type Decision = z.infer<typeof decision>;

const margin = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('absolute'), amount: z.number() }),
  z.object({ kind: z.literal('relative'), share: z.number() }),
]);
/** As config/ parsed it. */
const requirement = z.union([
  z.enum(['better', 'not-worse']),
  z.object({ min: z.number() }),
  z.object({ max: z.number() }),
  z.object({
    change: z.object({
      comparison: z.enum(['>=', '>', '<=', '<']),
      sign: z.union([z.literal(1), z.literal(-1)]),
      margin,
    }),
  }),
]);
const missing = z.enum(['hold', 'reject', 'ignore']);

/** What a rule asked and what it found beside numbers: with `evidence`, all that its outcome follows from. */
export const ruleFacts = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), status: z.string(), reason: z.string().nullable() }),
  z.object({
    kind: z.literal('metric'),
    require: requirement,
    missing,
    /** Of the metric; null where it has none. */
    split: z.string().nullable(),
    baseline: z.object({ run: z.string().nullable(), first: z.boolean(), why: z.string() }),
    /** What the comparison said of the metric; null when the run has no such metric. */
    said: z
      .object({
        verdict,
        reason: z.string(),
        direction,
        /** Why the run has no value of it. */
        undefined: z.string().nullable(),
      })
      .nullable(),
  }),
  z.object({
    kind: z.literal('validation'),
    dataset: z.string(),
    missing,
    /** Null when the dataset was not validated for this run. */
    found: z
      .object({
        valid: z.boolean(),
        rows: z.int().nonnegative(),
        checks: z.int().nonnegative(),
        failed: z.array(z.string()),
      })
      .nullable(),
  }),
  z.object({
    kind: z.literal('size'),
    missing,
    max_bytes: z.number(),
    /** Of the largest file of the model; null when the run kept none. */
    bytes: z.number().nullable(),
  }),
]);
export type RuleFacts = Readonly<z.infer<typeof ruleFacts>>;
export type MissingPolicy = z.infer<typeof missing>;

/** The numbers that a rule about a metric rests on. */
const evidence = z.object({
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
});
export type RuleEvidence = Readonly<z.infer<typeof evidence>>;

export const ruleOutcome = z.object({
  /** The rule in words: `roc_auc not worse than the baseline (all slices)`. */
  rule: z.string(),
  metric: z.string().nullable(),
  slice: slice.nullable(),
  outcome: decision,
  reason: z.string(),
  evidence: evidence.optional(),
  /** Absent in records of older versions, which cannot be decided again. */
  facts: ruleFacts.optional(),
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
