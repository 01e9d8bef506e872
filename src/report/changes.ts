import type { ValidationRecord } from '../data/record.js';
import { plural, shortCommit } from '../format.js';

/** What is different about a dataset since its baseline, in words; callers escape them for their sink. */

const MOST_NAMED = 20;

/** `gone: "a"; new: "b" (integer)`; the first of each, empty when the shape is the same. */
export function shapeInWords({ changes }: Pick<ValidationRecord, 'changes'>): readonly string[] {
  if (!changes) return [];
  const named = (columns: readonly string[]) => {
    const more = columns.length - MOST_NAMED;
    return `${columns.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  };
  const { added, removed, retyped } = changes;
  return [
    ...(removed.length > 0
      ? [
          `${plural(removed.length, 'column')} gone: ${named(removed.map(({ name }) => JSON.stringify(name)))}`,
        ]
      : []),
    ...(added.length > 0
      ? [
          `${plural(added.length, 'new column')}: ${named(added.map(({ name, type }) => `${JSON.stringify(name)} (${type})`))}`,
        ]
      : []),
    ...(retyped.length > 0
      ? [
          `${plural(retyped.length, 'column')} of another type: ${named(retyped.map(({ name, before, after }) => `${JSON.stringify(name)} was ${before} and is ${after}`))}`,
        ]
      : []),
  ];
}

/** In one sentence; empty when there is no baseline. */
export function changesInWords(record: Pick<ValidationRecord, 'changes' | 'rows' | 'digest'>): string {
  const { changes } = record;
  if (!changes) return '';
  const against = changesBaseline(changes.baseline);
  if (!changes.content && shapeInWords(record).length === 0) return `the same data as ${against}`;
  return `since ${against}: ${[rowsInWords(record), ...shapeInWords(record)].join('; ')}`;
}

/** `1a2b3c4 (merge base with main)`. */
export function changesBaseline({
  commit,
  validation,
  why,
}: NonNullable<ValidationRecord['changes']>['baseline']): string {
  return `${commit === null ? validation : shortCommit(commit)} (${why})`;
}

export function rowsInWords({ changes, rows }: Pick<ValidationRecord, 'changes' | 'rows'>): string {
  if (!changes) return '';
  const before = changes.baseline.rows;
  const difference = rows - before;
  if (difference === 0) {
    return changes.content ? `other content in as many rows (${plural(rows, 'row')})` : 'the same content';
  }
  const sign = difference > 0 ? '+' : '−';
  return `${sign}${plural(Math.abs(difference), 'row')} (${before.toLocaleString('en-US')} → ${rows.toLocaleString('en-US')})`;
}
