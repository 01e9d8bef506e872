import type { FieldValue } from './condition.js';

/**
 * The fields of a record, flat: `params.depth`, `code.branch`, `environment.runtimes.python`, `data.adult.rows`, and each
 * overall metric as `metrics.roc_auc`, `metrics.roc_auc@test`. What a record is filtered, sorted and listed by.
 */
export type AddField = (name: string, value: FieldValue) => void;

/** Longer texts are cut: nobody sorts by them, and they are whole in the record. */
const LONGEST_TEXT = 500;
/** Long, and of use only beside the rest of the record. */
const LEFT_OUT = new Set(['series', 'log', 'artifacts', 'seeds', 'warnings']);
/** Deeper structures hold details. */
const DEEPEST = 6;

/** Adds every field of a record. Made once for many records: it remembers the names that it has put together. */
export function fieldAdder(): (record: Readonly<Record<string, unknown>>, add: AddField) => void {
  const names: Names = { dotted: rememberJoined('.'), split: rememberJoined('@') };
  return (record, add) => {
    for (const name in record) {
      if (LEFT_OUT.has(name)) continue;
      const value = record[name];
      if (name === 'metrics' && Array.isArray(value)) addMetrics(value, { add, names });
      else addValue(name, value, { add, names, depth: 1, inParams: name === 'params' });
    }
  };
}

type Join = (prefix: string, key: string) => string;
interface Names {
  readonly dotted: Join;
  readonly split: Join;
}

/** Names are few and records many: a text put together anew is hashed anew, which is most of the work of an index. */
function rememberJoined(separator: string): Join {
  const known = new Map<string, Map<string, string>>();
  return (prefix, key) => {
    let ofPrefix = known.get(prefix);
    if (ofPrefix === undefined) {
      ofPrefix = new Map();
      known.set(prefix, ofPrefix);
    }
    let name = ofPrefix.get(key);
    if (name === undefined) {
      name = `${prefix}${separator}${key}`;
      ofPrefix.set(key, name);
    }
    return name;
  };
}

interface Into {
  readonly add: AddField;
  readonly names: Names;
  readonly depth: number;
  readonly inParams: boolean;
}

function addValue(name: string, value: unknown, into: Into): void {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') into.add(name, value);
  else if (typeof value === 'string') into.add(name, value.slice(0, LONGEST_TEXT));
  else if (Array.isArray(value)) addList(name, value, into);
  else if (typeof value === 'object' && into.depth < DEEPEST) {
    const deeper = { ...into, depth: into.depth + 1 };
    for (const key of Object.keys(value)) {
      addValue(into.names.dotted(name, key), (value as Readonly<Record<string, unknown>>)[key], deeper);
    }
  }
}

/** Things with a name become fields by that name; a list of a parameter is its JSON; other lists are details. */
function addList(name: string, list: readonly unknown[], into: Into): void {
  if (into.inParams) {
    into.add(name, JSON.stringify(list).slice(0, LONGEST_TEXT));
    return;
  }
  for (const item of list) {
    if (typeof item !== 'object' || item === null || !('name' in item) || typeof item.name !== 'string')
      continue;
    const { name: own, ...rest } = item as { name: string };
    addValue(into.names.dotted(name, own), rest, { ...into, depth: into.depth + 1 });
  }
}

interface MetricShape {
  readonly name: string;
  readonly split: string | null;
  readonly value: number | null;
}

/**
 * Of everything, not of a slice: by name and split; by the name alone that of no split, else of `test`, else the first.
 */
function addMetrics(list: readonly unknown[], { add, names }: Pick<Into, 'add' | 'names'>): void {
  const chosen = new Map<string, { readonly rank: number; readonly value: number | null }>();
  const seen = new Set<string>();
  for (const metric of list) {
    if (!isOverall(metric)) continue;
    const { name, split, value } = metric;
    const label = split === null ? name : names.split(name, split);
    if (split !== null && !seen.has(label)) add(names.dotted('metrics', label), value);
    seen.add(label);
    const rank = split === null ? 0 : split === 'test' ? 1 : 2;
    if (rank < (chosen.get(name)?.rank ?? 3)) chosen.set(name, { rank, value });
  }
  for (const [name, { value }] of chosen) add(names.dotted('metrics', name), value);
}

function isOverall(item: unknown): item is MetricShape {
  if (typeof item !== 'object' || item === null) return false;
  const { name, split, slice, value } = item as Readonly<Record<string, unknown>>;
  return (
    typeof name === 'string' &&
    slice === null &&
    (split === null || typeof split === 'string') &&
    (value === null || typeof value === 'number')
  );
}

/** Shorter names of fields that people ask for often. */
const SHORT: Readonly<Record<string, string>> = {
  branch: 'code.branch',
  dirty: 'code.dirty',
  pull_request: 'code.pull_request',
  event: 'trigger.event',
};

/** Where the value of a field may stand, the first that is there counts: a field of the record goes before a metric. */
export function placesOfField(name: string): readonly string[] {
  return [name, ...(Object.hasOwn(SHORT, name) ? [SHORT[name] ?? ''] : []), `metrics.${name}`];
}
