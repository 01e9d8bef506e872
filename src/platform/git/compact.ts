import { createHash } from 'node:crypto';
import type { Compaction, StoredRecord } from '../../history/archive.js';
import { compactedFiles, isCompactedName, readCompacted } from '../../history/compacted.js';
import { isNewer, type Upgrade } from '../../history/upgrade.js';
import type { Plan } from './append.js';
import { makeObject } from './objects.js';
import { readUnits } from './stored-records.js';
import { filesOf, monthsOf, type Problems, type Unit } from './units.js';

/**
 * Closed months as one file each. The change is one commit on the tip at hand: a kill leaves the history as it was, and
 * an append that comes first makes the push be refused, whereupon the months it touched, and only those, are folded anew.
 */

/** A month as it was folded; of use for as long as the folder of the month is the same. */
export interface Folded {
  readonly records: number;
  readonly newer: number;
  readonly left: Compaction['left'];
  readonly files: readonly { readonly path: string; readonly id: string }[];
  readonly remove: readonly string[];
}

export function compactionPlan(request: {
  /** Digits of the first month that stays as it is. */
  readonly before: string;
  readonly folded: Map<string, Folded>;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
  readonly upgrades: readonly Upgrade[];
}): { readonly plan: Plan; readonly result: () => Compaction } {
  /** Those of closed months, and of them those that change. */
  let closedMonths: readonly Folded[] = [];
  let done: readonly Folded[] = [];
  const plan: Plan = async (tip) => {
    const months = tip.view ? await monthsOf(tip.view, {}, new Map()) : [];
    const closed = months.filter((unit) => monthDigits(unit) < request.before);
    const used: Folded[] = [];
    for (const [index, unit] of closed.entries()) {
      const key = `${unit.path} ${unit.id}`;
      const month = request.folded.get(key) ?? (await foldMonth(unit, tip, request.upgrades));
      request.folded.set(key, month);
      used.push(month);
      request.onProgress?.(index + 1, closed.length);
    }
    closedMonths = used;
    done = used.filter((month) => month.remove.length > 0);
    return {
      change: {
        add: done.flatMap((month) => month.files),
        remove: done.flatMap((month) => month.remove),
        replace: true,
      },
      message: `compact ${done.length} months before ${request.before.slice(0, 4)}-${request.before.slice(4)}`,
    };
  };
  const sum = (count: (month: Folded) => number) => done.reduce((total, month) => total + count(month), 0);
  return {
    plan,
    result: () => ({
      months: done.length,
      records: sum((month) => month.records),
      files: sum((month) => month.files.length),
      newer: closedMonths.reduce((total, month) => total + month.newer, 0),
      left: closedMonths.flatMap((month) => month.left),
    }),
  };
}

/** `runs/income/2026/01` is 202601. */
function monthDigits(unit: Unit): string {
  return unit.path.split('/').slice(2, 4).join('');
}

const NOTHING: Folded = { records: 0, newer: 0, left: [], files: [], remove: [] };

async function foldMonth(
  unit: Unit,
  tip: Parameters<Plan>[0],
  upgrades: readonly Upgrade[],
): Promise<Folded> {
  const listed = await filesOf(unit, new Map());
  const loose = new Map(listed.filter((file) => !file.compacted).map((file) => [file.path, file.id]));
  if (loose.size === 0) return NOTHING;
  const problems: Problems = new Map();
  const records: StoredRecord[] = [];
  for await (const { found, told, complete } of readUnits([unit])) {
    if (!complete) throw new Error(`${unit.path} could not be read as a whole`);
    for (const [path, why] of told) problems.set(path, why);
    records.push(...found);
  }
  const compacted = listed.filter((file) => file.compacted);
  // A line that is no record must not be lost by rewriting its file.
  if ([...problems.keys()].some((path) => compacted.some((file) => path.startsWith(`${file.path}:`)))) {
    return { ...NOTHING, left: [...problems] };
  }
  const newer = records.filter(({ path, record }) => loose.has(path) && isNewer(record, upgrades));
  const kept = new Set(newer.map(({ path }) => path));
  const folding = records.filter(({ path }) => !kept.has(path));
  const files = compactedFiles(folding);
  // What is in the file of the month already goes, too: it is the same record.
  const inside = folding.map(({ path }) => path).filter((path) => loose.has(path));
  if (inside.length === 0) return { ...NOTHING, newer: newer.length, left: [...problems] };
  verify(files, { records: folding, loose, hash: tip.hash });
  const blobs = files.map(({ name, text }) => ({
    path: `${unit.path}/${name}`,
    blob: makeObject(tip.hash, 'blob', Buffer.from(text)),
  }));
  await tip.store(blobs.map(({ blob }) => blob));
  const names = new Set(blobs.map(({ path }) => path));
  const old = compacted
    .map((file) => file.path)
    .filter((path) => isCompactedName(path.split('/').at(-1) ?? ''));
  return {
    records: inside.length,
    newer: newer.length,
    left: [...problems],
    files: blobs.map(({ path, blob }) => ({ path, id: blob.id })),
    remove: [...inside, ...old.filter((path) => !names.has(path))],
  };
}

/** Reads the new files back: every record must come out with its id, its path and the very bytes that git has of it. */
function verify(
  files: ReturnType<typeof compactedFiles>,
  original: {
    readonly records: readonly StoredRecord[];
    readonly loose: ReadonlyMap<string, string>;
    readonly hash: 'sha1' | 'sha256';
  },
): void {
  const texts = new Map(original.records.map(({ path, text }) => [path, text]));
  let count = 0;
  for (const file of files) {
    for (const { path, text } of readCompacted(file.text).records) {
      count += 1;
      const blob = original.loose.get(path);
      const bytes = Buffer.from(text);
      const id = createHash(original.hash).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
      if (texts.get(path) !== text || (blob !== undefined && blob !== id)) {
        throw new Error(`${path} would not come back from ${file.name} as it is`);
      }
    }
  }
  if (count !== texts.size) throw new Error(`${texts.size - count} records would be lost by compaction`);
}
