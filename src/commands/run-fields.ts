import type { ParamValue } from '../config/model.js';
import type { FieldValue } from '../history/condition.js';
import type { Metric } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import { overallMetrics } from './known-record.js';

/** What a run is filtered, sorted and listed by. */

/** Fields of a run that are neither metrics nor parameters. */
export const FIELDS: Readonly<Record<string, (run: RunRecord) => FieldValue>> = {
  id: (run) => run.id,
  time: (run) => run.time,
  model: (run) => run.model,
  status: (run) => run.status,
  purpose: (run) => run.purpose,
  seed: (run) => run.seed,
  seconds: (run) => run.seconds,
  commit: (run) => run.code.commit,
  branch: (run) => run.code.branch,
  actor: (run) => run.actor,
};

/** A field by the name a user gives it; undefined when the run has none such. */
export function fieldOf(run: RunRecord, field: string): FieldValue {
  if (Object.hasOwn(FIELDS, field)) return FIELDS[field]?.(run);
  if (field.startsWith('params.')) return paramOf(run, field.slice('params.'.length));
  return metricOf(run, field.replace(/^metrics\./, ''))?.value;
}

/** Nested parameters by dotted names. */
export function paramOf(run: RunRecord, name: string): FieldValue {
  return flatParams(run.params).get(name);
}

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

export function metricLabel(metric: Metric): string {
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
