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

/** The records of such a file, and how many of its lines are none. */
export function readCompacted(text: string): {
  readonly records: readonly StoredRecord[];
  readonly broken: readonly { readonly line: number; readonly problem: string }[];
} {
  const records: StoredRecord[] = [];
  const broken: { line: number; problem: string }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const stored = fromLine(line);
    if ('problem' in stored) broken.push({ line: index + 1, problem: stored.problem });
    else records.push(stored);
  }
  return { records, broken };
}
