import { z } from 'zod';
import { direction } from '../config/model.js';

/** `{ sex: 'Female' }`, or several columns for an intersection. */
export const slice = z.record(z.string(), z.string());
export type Slice = z.infer<typeof slice>;

/** A named finite number, or null with the reason why there is none. */
export const metric = z.object({
  name: z.string(),
  value: z.number().nullable(),
  /**
   * Why `value` is null (`NaN in out/metrics.json`, `only one class among the labels`), or by which convention it has a value
   * where the formula gives 0/0.
   */
  reason: z.string().optional(),
  direction,
  split: z.string().nullable(),
  slice: slice.nullable(),
  /** Rows it was computed from; null when unknown. */
  n: z.int().nonnegative().nullable(),
  /** Standard error of `value` over rows (the sampling of the evaluation data); null when unknown. */
  stderr: z.number().nonnegative().nullable(),
  /** One value per seed in the order of the run's `seeds`, or, of a run with one seed, per fold or seed of the file; else null. */
  seed_values: z.array(z.number().nullable()).nullable(),
  /** The file it came from, relative to assay.yml. */
  source: z.string().nullable(),
});
export type Metric = Readonly<z.infer<typeof metric>>;

/** `sex=Female, race=Black`; empty for the whole. */
export function sliceInWords(slice: Slice | null): string {
  return Object.entries(slice ?? {})
    .map(([column, value]) => `${column}=${value}`)
    .join(', ');
}

/** `roc_auc for sex=Female`; the name alone for the whole. */
export function nameWithSlice(name: string, slice: Slice | null): string {
  return slice === null ? name : `${name} for ${sliceInWords(slice)}`;
}

/** Identifies a metric within a run: name, split and slice. */
export function metricKey(metric: Pick<Metric, 'name' | 'split' | 'slice'>): string {
  const slice = metric.slice ? Object.entries(metric.slice).sort(([a], [b]) => (a < b ? -1 : 1)) : null;
  return JSON.stringify([metric.name, metric.split, slice]);
}
