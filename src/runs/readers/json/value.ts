import type { ParamValue } from '../../../config/model.js';
import type { SourceFile } from '../../ports.js';
import type { JsonValue } from '../json-text.js';
import { metricOf, notFiniteText } from '../number.js';
import type { Reading, ReadMetric } from '../reader.js';

/** What the readers of JSON share: looking into a value whose shape is not known. */

export type JsonMap = { readonly [name: string]: JsonValue };

/** A JSON document of one tool. */
export interface JsonShape {
  /** The tool, as messages name it. */
  readonly name: string;
  recognises(value: JsonValue, path: string): boolean;
  /** Throws UserError. */
  read(value: JsonValue, file: SourceFile): Promise<Reading> | Reading;
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isMap(value: JsonValue | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !isList(value);
}

/** An empty map for anything else, so that a path into a document needs no checks on the way. */
export function mapAt(value: JsonValue | undefined, ...path: readonly string[]): JsonMap {
  let at = value;
  for (const name of path) at = isMap(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  return isMap(at) ? at : {};
}

/** Of an own property only: `constructor` is no list. */
export function listAt(value: JsonValue | undefined, name: string): readonly JsonValue[] {
  const found = isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return isList(found) ? found : [];
}

export function textAt(value: JsonValue | undefined, name: string): string | undefined {
  const found = isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** A number, also NaN and infinities, bare or in quotes; undefined for anything else. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? notFiniteText(value) : undefined;
}

export function numberAt(value: JsonValue | undefined, name: string): number | undefined {
  return isMap(value) && Object.hasOwn(value, name) ? numberOf(value[name]) : undefined;
}

/** The metric of a name, when there is a number; with `more` beside it. */
export function metricFrom(
  value: JsonValue | undefined,
  of: { readonly name: string; readonly file: string } & Omit<ReadMetric, 'name' | 'value' | 'reason'>,
): readonly ReadMetric[] {
  const number = numberOf(value);
  if (number === undefined) return [];
  const { name, file, ...more } = of;
  const known = Object.fromEntries(Object.entries(more).filter(([, given]) => given !== undefined));
  return [{ ...metricOf(name, number, file), ...known }];
}

/** A share of n as a metric with its binomial standard error, √(p(1−p)/n); a share of 0 or 1 tells nothing of its noise. */
export function shareOf(
  counts: { readonly of: number; readonly all: number },
  as: Omit<ReadMetric, 'value' | 'reason' | 'n' | 'stderr'>,
): readonly ReadMetric[] {
  const { of, all } = counts;
  if (!(all > 0) || !(of >= 0) || of > all) return [];
  const value = of / all;
  if (value === 0 || value === 1 || !Number.isInteger(all)) return [{ ...as, value }];
  return [{ ...as, value, n: all, stderr: Math.sqrt((value * (1 - value)) / all) }];
}

/** Params are recorded as they are but for numbers that no record can hold. */
export function paramOf(value: JsonValue): ParamValue {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (isList(value)) return value.map(paramOf);
  if (isMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, paramOf(inner)]));
  }
  return value;
}

/** `ClassificationQualityMetric` is `classification_quality_metric`, `F1Score` `f1_score`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();
}
