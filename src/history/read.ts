import { z } from 'zod';
import { UserError } from '../errors.js';
import type { History, HistoryQuery } from './port.js';
import { type AnyRecord, type RecordKind, recordKind } from './record.js';
import { isNewer } from './upgrade.js';

/** Records of the history, checked by the schema of their kind before a verb sees them. */

/** Told about each record that is left out, with the reason in words. */
type Unreadable = (record: AnyRecord, why: string) => void;

/**
 * The records of one kind, newest first. One that does not parse (damaged by hand, or written by a newer Assay) is
 * left out and reported, so that a single bad file never hides the rest.
 */
export async function readRecords<S extends z.ZodType>(
  history: History,
  query: HistoryQuery,
  schema: S,
  options: { readonly onUnreadable?: Unreadable } = {},
): Promise<readonly z.infer<S>[]> {
  const parsed: z.infer<S>[] = [];
  for (const record of await history.list(query)) {
    const result = schema.safeParse(record);
    if (result.success) parsed.push(result.data);
    else options.onUnreadable?.(record, whyUnreadable(record, result.error));
  }
  return parsed;
}

/**
 * The first `limit` records of a query that can be read: where some of them cannot, more are read. Of a long history
 * the others are never read whole.
 */
export async function readFirst<S extends z.ZodType>(
  history: History,
  query: HistoryQuery & { readonly limit: number },
  schema: S,
  options: { readonly onUnreadable?: Unreadable } = {},
): Promise<readonly z.infer<S>[]> {
  for (let asked = query.limit; ; asked *= 2) {
    const unreadable: Parameters<Unreadable>[] = [];
    const records = await readRecords(history, { ...query, limit: asked }, schema, {
      onUnreadable: (...told) => unreadable.push(told),
    });
    const found = records.length + unreadable.length;
    if (records.length < query.limit && found === asked) continue;
    for (const told of unreadable) options.onUnreadable?.(...told);
    return records.slice(0, query.limit);
  }
}

/**
 * The one record whose id starts with `idPrefix`. Its own fields are not yet checked.
 * Throws UserError when there is none, and when there are several it lists them.
 */
export async function readRecord(history: History, idPrefix: string): Promise<AnyRecord> {
  return chooseOne(await history.find(idPrefix), idPrefix, 'record');
}

/**
 * The one record of a kind whose id starts with `idPrefix`, checked.
 * Throws UserError when there is none, when there are several, and when it cannot be read.
 */
export async function readRecordOf<S extends z.ZodType>(
  history: History,
  idPrefix: string,
  expected: { readonly kind: RecordKind; readonly schema: S },
): Promise<z.infer<S>> {
  const found = await history.find(idPrefix);
  const ofKind = found.filter((record) => recordKind(record) === expected.kind);
  const [other] = found;
  if (other && ofKind.length === 0) {
    throw new UserError(`${other.id} is a record of kind ${recordKind(other)}, not ${expected.kind}`, {
      mend: `look at it: assay show ${other.id}`,
    });
  }
  const record = chooseOne(ofKind, idPrefix, expected.kind);
  const result = expected.schema.safeParse(record);
  if (result.success) return result.data;
  throw new UserError(
    `the ${expected.kind} ${record.id} cannot be read: ${whyUnreadable(record, result.error)}`,
  );
}

function chooseOne(found: readonly AnyRecord[], idPrefix: string, noun: string): AnyRecord {
  const [record, ...others] = found;
  if (!record) {
    throw new UserError(`there is no ${noun} whose id starts with ${JSON.stringify(idPrefix)}`, {
      mend: 'ids are listed by: assay runs, assay log MODEL',
    });
  }
  if (others.length === 0) return record;
  const shown = found.slice(0, 10).map((match) => `${match.id} (${describe(match)})`);
  if (found.length > shown.length) shown.push(`and ${found.length - shown.length} more`);
  throw new UserError(`${found.length} records start with ${JSON.stringify(idPrefix)}: ${shown.join(', ')}`, {
    mend: 'give more of the id',
  });
}

function describe(record: AnyRecord): string {
  const owner = record.model ?? record.dataset;
  return owner ? `${recordKind(record)} of ${owner}` : recordKind(record);
}

/** Why a record did not parse, in words: written by a newer Assay, or the first field that is wrong. */
export function whyUnreadable(record: AnyRecord, error: z.ZodError): string {
  if (isNewer(record)) {
    return `${record.schema} was written by a newer version of Assay`;
  }
  const [issue] = error.issues;
  const at = issue?.path.length ? `${z.core.toDotPath(issue.path)}: ` : '';
  return `${at}${issue?.message ?? 'it does not match its schema'}`;
}
