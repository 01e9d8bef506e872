import { z } from 'zod';
import type { MetricRule } from '../config/model.js';
import { UserError } from '../errors.js';
import { directionOf } from './direction.js';
import { type Metric, slice } from './metric.js';

/** What a command that computes metrics of its own may print. */

const MOST_METRICS = 1000;

const number = z.union([z.number(), z.null()]);
const name = z.string().min(1).max(200);
const detailed = z.strictObject({
  name,
  value: number,
  reason: z.string().max(500).optional(),
  stderr: z.number().nonnegative().nullable().optional(),
  n: z.int().nonnegative().nullable().optional(),
  direction: z.enum(['higher', 'lower', 'none']).optional(),
  slice: slice.nullable().optional(),
});
const printed = z.union([
  z.number(),
  z.strictObject({ metrics: z.array(detailed).max(MOST_METRICS) }),
  z.record(name, number),
]);

export const CUSTOM_FORMS =
  'print one JSON value on stdout: a number, { "NAME": number, … }, or { "metrics": [{ "name", "value", "stderr", "n", "slice", "direction", "reason" }, …] }';

/**
 * Metrics out of what the command printed: a number is the metric that assay.yml names, a map has a metric per key, and
 * `{ metrics: [...] }` may say more of each. Null is a metric without a value.
 * @throws UserError when it is none of these
 */
export function parseCustomMetrics(
  text: string,
  of: {
    readonly name: string;
    readonly split: string;
    readonly rules: Readonly<Record<string, MetricRule>>;
    /** How messages and the metrics name where it came from. */
    readonly source: string;
  },
): readonly Metric[] {
  const wrong = (why: string, cause?: unknown) =>
    new UserError(`${of.source} ${why}`, {
      mend: CUSTOM_FORMS,
      ...(cause === undefined ? {} : { cause }),
    });
  if (text.trim() === '') throw wrong('printed nothing');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (/\b(NaN|-?Infinity)\b/.test(text)) {
      throw wrong('printed NaN or Infinity, which are not JSON: print null, with a reason', cause);
    }
    throw wrong('did not print JSON', cause);
  }
  const result = printed.safeParse(value);
  if (!result.success) throw wrong('printed JSON that holds no metrics', result.error);
  return listed(result.data, of.name).map((one) => ({
    name: one.name,
    value: one.value,
    ...(one.value === null ? { reason: one.reason ?? 'the command gave no value' } : {}),
    direction: of.rules[one.name]?.direction ?? one.direction ?? directionOf(one.name, of.rules),
    split: of.split,
    slice: one.slice ?? null,
    n: one.n ?? null,
    stderr: one.value === null ? null : (one.stderr ?? null),
    seed_values: null,
    source: of.source,
  }));
}

function listed(value: z.infer<typeof printed>, named: string): readonly z.infer<typeof detailed>[] {
  if (typeof value === 'number') return [{ name: named, value }];
  if ('metrics' in value && Array.isArray(value.metrics)) return value.metrics;
  return Object.entries(value).map(([key, inner]) => ({ name: key, value: inner as number | null }));
}
