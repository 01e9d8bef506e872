import type { MetricRule } from '../config/model.js';
import { directionOf } from '../metrics/direction.js';
import { type Metric, metricKey } from '../metrics/metric.js';
import type { ReadMetric } from './readers/reader.js';

/** What one seed measured; `complete` when its training succeeded. */
export interface SeedMetrics {
  readonly seed: number;
  readonly complete: boolean;
  readonly metrics: readonly Metric[];
}

/**
 * One metric for all seeds: the mean of their values, with the values beside it in the order of the seeds.
 *
 * A seed whose training succeeded but whose value is missing or not finite leaves the metric without a value, and says
 * which seed: a mean over the others would hide it. A seed whose training failed is null among the values and is left
 * out of the mean. The standard error over rows is the mean of the seeds', for they share the evaluation data.
 */
export function mergeSeeds(seeds: readonly SeedMetrics[]): readonly Metric[] {
  if (seeds.length === 1) return seeds[0]?.metrics ?? [];
  const found = new Map<string, Metric>();
  for (const { metrics } of seeds) {
    for (const metric of metrics) if (!found.has(metricKey(metric))) found.set(metricKey(metric), metric);
  }
  const bySeed = seeds.map(({ metrics }) => new Map(metrics.map((metric) => [metricKey(metric), metric])));
  return [...found].map(([key, first]) => {
    const each = bySeed.map((metrics) => metrics.get(key));
    const values = each.map((metric) => metric?.value ?? null);
    const gap = seeds.findIndex(({ complete }, index) => complete && values[index] === null);
    const errors = each.flatMap((metric) => (metric ? [metric.stderr] : []));
    const merged = {
      ...first,
      value: gap === -1 ? meanOf(values.filter((value) => value !== null)) : null,
      n: each.every((metric) => metric === undefined || metric.n === first.n) ? first.n : null,
      stderr: errors.includes(null) ? null : meanOf(errors.filter((error) => error !== null)),
      seed_values: values,
    };
    if (merged.value !== null) return withoutReason(merged);
    const why = each[gap]?.reason ?? each.find((metric) => metric?.reason)?.reason ?? 'it was not measured';
    const everywhere = each.every((metric) => metric?.reason === why);
    return { ...merged, reason: gap === -1 || everywhere ? why : `${why} (seed ${seeds[gap]?.seed})` };
  });
}

function withoutReason(metric: Metric): Metric {
  const { reason: _, ...rest } = metric;
  return rest;
}

/** Never outside the smallest and largest value, whatever rounding does; null of nothing. */
export function meanOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sum = values.reduce((total, value) => total + value, 0);
  const mean = Number.isFinite(sum)
    ? sum / values.length
    : values.reduce((total, value) => total + value / values.length, 0);
  return Math.min(Math.max(mean, Math.min(...values)), Math.max(...values));
}

/** A metric from a file as the record has it. */
export function recordedMetric(
  read: ReadMetric,
  of: { readonly source: string; readonly rules: Readonly<Record<string, MetricRule>> },
): Metric {
  return {
    name: read.name,
    value: read.value,
    ...(read.reason === undefined ? {} : { reason: read.reason }),
    direction: directionOf(read.name, of.rules, read.direction),
    split: read.split ?? null,
    slice: null,
    n: read.n ?? null,
    stderr: read.stderr ?? null,
    seed_values: read.values ? [...read.values] : null,
    source: of.source,
  };
}
