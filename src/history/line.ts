import type { StoredRecord } from './archive.js';
import { recordPath } from './record.js';
import { parseStored, recordAt, recordText } from './stored.js';

/**
 * Records as JSON Lines: one record per line, as any tool reads it. Bytes come back exactly: a record whose bytes are
 * not what Assay would write (edited by hand, written by another program) stands in an envelope with its text.
 */

/** Without the line end. */
export function toLine({ path, text, record }: StoredRecord): string {
  // What was read is the record of that text: written again it is the same, or else the text itself must be kept.
  return JSON.stringify(recordText(record) === text ? record : { path, text });
}

/** What a line holds; otherwise what is wrong with it, in words. */
export function fromLine(line: string): StoredRecord | { readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { problem: 'it is not JSON' };
  }
  const envelope = envelopeOf(json);
  if (envelope) {
    const parsed = parseStored(envelope.path, envelope.text);
    return 'problem' in parsed ? parsed : { ...envelope, record: parsed.record };
  }
  const path = pathOf(json);
  if (path === undefined) return { problem: 'it is not a record' };
  const checked = recordAt(path, json);
  if ('problem' in checked) return checked;
  const { record } = checked;
  return {
    path,
    record,
    // Made when it is asked for: who looks for fields among a hundred thousand lines asks for none.
    get text() {
      return recordText(record);
    },
  };
}

function envelopeOf(json: unknown): { readonly path: string; readonly text: string } | undefined {
  if (typeof json !== 'object' || json === null || 'schema' in json) return undefined;
  if (!('path' in json && 'text' in json)) return undefined;
  const { path, text } = json;
  return typeof path === 'string' && typeof text === 'string' ? { path, text } : undefined;
}

function pathOf(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { schema, id, model, dataset } = json as Readonly<Record<string, unknown>>;
  if (typeof schema !== 'string' || typeof id !== 'string') return undefined;
  const owner = {
    ...(typeof model === 'string' && { model }),
    ...(typeof dataset === 'string' && { dataset }),
  };
  return recordPath({ schema, id, ...owner });
}
