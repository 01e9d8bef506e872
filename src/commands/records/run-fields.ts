import type { ParamValue } from '../../config/model.js';
import type { FieldValue } from '../../history/condition.js';
import type { Metric } from '../../metrics/metric.js';
import type { RunRecord } from '../../runs/record.js';
import { overallMetrics } from './known-record.js';

/** Metrics and parameters of a run by the names people give them. */

/** Nested parameters by dotted names. */
export function flatParams(params: Readonly<Record<string, ParamValue>>): ReadonlyMap<string, FieldValue> {
  const flat = new Map<string, FieldValue>();
  const visit = (name: string, value: ParamValue): void => {
    if (Array.isArray(value)) flat.set(name, JSON.stringify(value));
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(`${name}.${key}`, inner as ParamValue);
    } else flat.set(name, value as FieldValue);
  };
  for (const [name, value] of Object.entries(params)) visit(name, value);
  return flat;
}

function metricLabel(metric: Metric): string {
  return metric.split === null ? metric.name : `${metric.name}@${metric.split}`;
}

/** By label; by name alone that of no split, else of `test`, else the first. */
export function metricOf(run: RunRecord, name: string): Metric | undefined {
  const overall = overallMetrics(run.metrics);
  const named = overall.filter((metric) => metric.name === name);
  return (
    overall.find((metric) => metricLabel(metric) === name) ??
    named.find((metric) => metric.split === 'test') ??
    named[0]
  );
}
