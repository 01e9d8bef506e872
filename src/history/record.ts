import { z } from 'zod';

/**
 * What every record of the history has in common. A record is one JSON document, written once and never changed;
 * its kind's own fields are declared in the room that writes it.
 */

export const RECORD_KINDS = [
  'run',
  'dataset',
  'validation',
  'profile',
  'drift',
  'comparison',
  'decision',
  'version',
  'stage',
  'deployment',
  'acceptance',
  'pruning',
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** `20261124T034602123Z-89abcdef`: UTC time to the millisecond and 8 random hex digits, so that names sort by time. */
export const recordId = z.string().regex(/^\d{8}T\d{9}Z-[0-9a-f]{8}$/);

export const trigger = z.object({
  /** `push`, `pull_request`, `schedule` …; `local` from a terminal. */
  event: z.string(),
  url: z.string().nullable(),
  attempt: z.int().positive(),
});
export type Trigger = z.infer<typeof trigger>;

export const envelope = {
  id: recordId,
  time: z.iso.datetime(),
  /** The commit it speaks of; null outside git. */
  commit: z.string().nullable(),
  actor: z.string(),
  trigger,
};

/** A record of any kind, its own fields not yet checked. */
export const anyRecord = z.looseObject({
  schema: z.string().regex(/^assay\/[a-z]+@\d+$/),
  ...envelope,
  model: z.string().optional(),
  dataset: z.string().optional(),
});
export type AnyRecord = z.infer<typeof anyRecord>;

/** Who and what caused the records of this process, and on which commit. */
export type Origin = Readonly<Pick<AnyRecord, 'commit' | 'actor' | 'trigger'>>;

export function recordKind(record: { readonly schema: string }): string {
  return record.schema.slice('assay/'.length).split('@')[0] ?? '';
}

/**
 * @param time when the record is made
 * @param random 4 random bytes
 */
export function newRecordId(time: Date, random: Uint8Array): string {
  const stamp = time.toISOString().replace(/[-:.]/g, '');
  const suffix = Array.from(random.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${stamp}-${suffix}`;
}

/** `runs/<model>/<yyyy>/<mm>/<dd>/<id>.json`, and likewise for each kind (validations under their dataset). */
export function recordPath(record: Pick<AnyRecord, 'schema' | 'id' | 'model' | 'dataset'>): string {
  const owner = record.model ?? record.dataset ?? '_';
  const [year, month, day] = [record.id.slice(0, 4), record.id.slice(4, 6), record.id.slice(6, 8)];
  return `${recordKind(record)}s/${owner}/${year}/${month}/${day}/${record.id}.json`;
}
