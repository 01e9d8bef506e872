import type { StoredRecord } from './archive.js';
import { fromLine, toLine } from './line.js';

/** The records of a closed month in one file, as `assay history compact` leaves it: `runs/income/2026/01/records.jsonl`. */

/** Far below the 100 MiB at which GitHub refuses a file; a month that needs more has several. */
export const COMPACTED_BYTES = 16 * 1024 * 1024;

const NAME = /^records(?:-[2-9]|-[1-9]\d+)?\.jsonl$/;

export function isCompactedName(name: string): boolean {
  return NAME.test(name);
}

/** The first file of a month is `records.jsonl`, then `records-2.jsonl` … */
function compactedName(number: number): string {
  return number === 1 ? 'records.jsonl' : `records-${number}.jsonl`;
}

export interface CompactedFile {
  readonly name: string;
  readonly text: string;
  readonly records: readonly StoredRecord[];
}

/** The same records always give the same files, in whatever order they come. */
export function compactedFiles(
  records: readonly StoredRecord[],
  maximumBytes = COMPACTED_BYTES,
): readonly CompactedFile[] {
  const sorted = [...records].sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
  const files: { lines: string[]; records: StoredRecord[] }[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const stored of sorted) {
    const line = `${toLine(stored)}\n`;
    const size = Buffer.byteLength(line);
    if (bytes + size > maximumBytes) {
      files.push({ lines: [], records: [] });
      bytes = 0;
    }
    bytes += size;
    files.at(-1)?.lines.push(line);
    files.at(-1)?.records.push(stored);
  }
  return files.map(({ lines, records }, index) => ({
    name: compactedName(index + 1),
    text: lines.join(''),
    records,
  }));
}

/** A line of such a file: a record, or what is wrong with it in words. */
export type CompactedLine = StoredRecord | { readonly line: number; readonly problem: string };

/** The lines of such a file, each as it is asked for. */
export function* compactedLines(text: string): Generator<CompactedLine> {
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    if (line === '') continue;
    const stored = fromLine(line);
    yield 'problem' in stored ? { line: number, problem: stored.problem } : stored;
  }
}

/** The records of such a file, and which of its lines are none. */
export function readCompacted(text: string): {
  readonly records: readonly StoredRecord[];
  readonly broken: readonly { readonly line: number; readonly problem: string }[];
} {
  const records: StoredRecord[] = [];
  const broken: { line: number; problem: string }[] = [];
  for (const found of compactedLines(text)) {
    if ('problem' in found) broken.push(found);
    else records.push(found);
  }
  return { records, broken };
}
