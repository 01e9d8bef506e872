import type { StoredRecord } from '../../history/archive.js';
import { type Block, blockBuilder, DamagedBlock, encodeBlock } from '../../history/block.js';
import { COMPACTED_BYTES } from '../../history/compacted.js';
import type { AddField } from '../../history/fields.js';
import type { AnyRecord } from '../../history/record.js';
import { idFromPath, MAXIMUM_RECORD_BYTES } from '../../history/stored.js';
import { takeFile, takerOnce, tooLarge } from './file-records.js';
import type { IndexedBlock, IndexFile, NewBlock } from './index-file.js';
import type { StreamedObject } from './object-reader.js';
import { hashOf, parseTree } from './objects.js';
import { type BranchView, filesOf, type Problems, type Unit, type UnitFile } from './units.js';

/** Reading records out of the parts of a commit: as blocks of fields by the index, or whole. */

/** Rows of one unit; read again whole from where they came. */
export interface UnitBlock extends Block {
  readonly unit: Unit;
}

/** A compacted file holds many records, and one more than its bound when that is large by itself. */
const LARGEST_FILE = COMPACTED_BYTES + 2 * MAXIMUM_RECORD_BYTES;
const BYTES_AT_ONCE = 8 * 2 ** 20;
/** Of one unit; more of them say no more. */
const MOST_PROBLEMS = 50;

/** The blocks of the units, from the index where it has them; the others are read, and added to it. */
export async function readBlocks(
  units: readonly Unit[],
  request: {
    readonly index: (kind: string) => IndexFile;
    readonly fieldsOf: (record: AnyRecord, add: AddField) => void;
    readonly problems: Problems;
    readonly onProgress: ((done: number, total: number) => void) | undefined;
  },
): Promise<readonly UnitBlock[]> {
  const { index, fieldsOf, problems, onProgress } = request;
  const missing = units.filter((unit) => index(unit.kind).get(unit.id) === undefined).sort(byMonth);
  const incomplete = new Map<string, IndexedBlock>();
  const waiting = waitingBlocks(index);
  // Of each record only its fields are kept, so that a month of thousands is never in memory as a whole.
  const collect = (): Collector<Block> => {
    const builder = blockBuilder<AnyRecord>(fieldsOf);
    return { take: ({ record }) => builder.add(record), end: () => builder.build() };
  };
  for await (const { unit, found: block, told, complete, done } of collectUnits(missing, { collect })) {
    const left = [...told].slice(0, MOST_PROBLEMS);
    if (complete) {
      waiting.add(unit.kind, { unit: unit.id, path: unit.path, block: encodeBlock(block), problems: left });
    } else incomplete.set(unit.id, { ...block, problems: left });
    onProgress?.(done, missing.length);
  }
  waiting.write();
  return units.map((unit) => {
    const block = index(unit.kind).get(unit.id) ?? incomplete.get(unit.id);
    if (!block) throw new Error(`${unit.path} was read, and is not in the index`);
    for (const [path, why] of block.problems) problems.set(path, why);
    return { rows: block.rows, names: block.names, column: (name) => block.column(name), unit };
  });
}

/**
 * Records of one time are alike, and git stores one as its difference to another: reading them by owner would unpack
 * the same ones again and again.
 */
function byMonth(a: Unit, b: Unit): number {
  const month = (unit: Unit) => unit.path.split('/').slice(2, 4).join();
  return month(a) < month(b) ? -1 : month(a) > month(b) ? 1 : a.path < b.path ? -1 : 1;
}

/** Written to the index some at a time: what an interrupted first reading has done is not done again. */
function waitingBlocks(index: (kind: string) => IndexFile) {
  const blocks = new Map<string, NewBlock[]>();
  let bytes = 0;
  const write = () => {
    for (const [kind, list] of blocks) index(kind).put(list);
    blocks.clear();
    bytes = 0;
  };
  return {
    write,
    add: (kind: string, block: NewBlock) => {
      blocks.set(kind, [...(blocks.get(kind) ?? []), block]);
      bytes += block.block.payload.length;
      if (bytes > BYTES_AT_ONCE) write();
    },
  };
}

export function isDamagedBlock(error: unknown): boolean {
  return error instanceof DamagedBlock;
}

/** The whole records of some ids; those that are not there any more are left out. */
export async function readWhole(
  wanted: ReadonlyMap<Unit, ReadonlySet<string>>,
): Promise<ReadonlyMap<string, StoredRecord>> {
  const found = new Map<string, StoredRecord>();
  for await (const { unit, found: records } of collectUnits([...wanted.keys()], { ids: wanted })) {
    for (const stored of records) {
      if (wanted.get(unit)?.has(stored.record.id)) found.set(stored.record.id, stored);
    }
  }
  return found;
}

/** What becomes of the records of a unit, one after another in the order of their paths, each id once. */
interface Collector<T> {
  take(stored: StoredRecord): void;
  end(): T;
}

interface Collected<T> {
  readonly unit: Unit;
  readonly found: T;
  readonly told: Problems;
  /** False when something could not be had that may be there another time. */
  readonly complete: boolean;
  /** Units read so far, this one among them. */
  readonly done: number;
}

/** The records of units, one unit after another, by one process for all of their files. */
export function readUnits(units: readonly Unit[]): AsyncGenerator<Collected<readonly StoredRecord[]>> {
  return collectUnits(units, {});
}

interface Request<T> {
  readonly collect: () => Collector<T>;
  /** Records that are wanted of a unit; all when left out. Others may come, too. */
  readonly ids?: ReadonlyMap<Unit, ReadonlySet<string>>;
}

function collectUnits(
  units: readonly Unit[],
  request: Omit<Request<never>, 'collect'>,
): AsyncGenerator<Collected<readonly StoredRecord[]>>;
function collectUnits<T>(units: readonly Unit[], request: Request<T>): AsyncGenerator<Collected<T>>;
async function* collectUnits(
  units: readonly Unit[],
  request: Partial<Request<unknown>>,
): AsyncGenerator<Collected<unknown>> {
  const views = [...new Set(units.map((unit) => unit.view))];
  let done = 0;
  for (const view of views) {
    const ofView = units.filter((unit) => unit.view === view);
    await bringUnits(view, ofView);
    for await (const found of collectUnitsOf(view, ofView, { collect: collectAll, ...request }))
      yield { ...found, done: ++done };
  }
}

function collectAll(): Collector<readonly StoredRecord[]> {
  const records: StoredRecord[] = [];
  return { take: (stored) => records.push(stored), end: () => records };
}

/**
 * All that is not here by one request. In steps, with the reading of one beside the coming of the next, it took twice as
 * long: a server that sends a part has to find new bases for the differences it has stored.
 */
async function bringUnits(view: BranchView, units: readonly Unit[]): Promise<void> {
  const missing: string[] = [];
  for (const unit of units) missing.push(...(await missingOf(unit)));
  if (missing.length > 0) await view.bring(missing, 'whole');
}

/** The folder of a month comes with the tip, and says nothing about whether its days are here. */
async function missingOf({ view, form, id }: Unit): Promise<readonly string[]> {
  if (!(await view.objects.has(id))) return [id];
  if (form !== 'month') return [];
  const month = await view.objects.read(id);
  const missing: string[] = [];
  for (const entry of month ? parseTree(month.body, hashOf(view.commit)) : []) {
    if (!(await view.objects.has(entry.id))) missing.push(entry.id);
  }
  return missing;
}

interface Listed {
  readonly unit: Unit;
  readonly files: readonly UnitFile[];
  readonly told: Problems;
}

async function* collectUnitsOf<T>(
  view: Unit['view'],
  units: readonly Unit[],
  request: Request<T>,
): AsyncGenerator<Omit<Collected<T>, 'done'>> {
  const listed: Listed[] = [];
  for (const unit of units) {
    const told: Problems = new Map();
    const ids = request.ids?.get(unit);
    const isWanted = ({ compacted, path }: UnitFile) =>
      compacted || ids?.has(idFromPath(path) ?? '') !== false;
    listed.push({ unit, files: (await filesOf(unit, told)).filter(isWanted), told });
  }
  const again: Listed[] = [];
  for await (const found of readListed(view, listed, request)) {
    if (found.complete) yield found;
    else again.push(...listed.filter(({ unit }) => unit === found.unit));
  }
  if (again.length === 0) return;
  // A folder that an append brought has come without its files.
  await view.bring(
    again.flatMap(({ files }) => files.map((file) => file.id)),
    'one',
  );
  yield* readListed(view, again, request);
}

async function* readListed<T>(
  view: Unit['view'],
  listed: readonly Listed[],
  request: Request<T>,
): AsyncGenerator<Omit<Collected<T>, 'done'>> {
  const ids = listed.flatMap(({ files }) => files.map((file) => file.id));
  const objects = view.objects.stream(ids, LARGEST_FILE);
  try {
    for (const { unit, files, told } of listed) {
      const found = new Map(told);
      const collector = request.collect();
      const taker = takerOnce(files, { take: collector.take, told: found });
      let complete = true;
      for (const file of files) {
        const object = (await objects.next()).value as StreamedObject;
        if (object === undefined) {
          found.set(file.path, 'it is not there');
          complete = false;
        } else if ('tooLarge' in object) found.set(file.path, tooLarge(object.tooLarge));
        else takeFile(file, object.body, { take: taker, told: found, ids: request.ids?.get(unit) });
      }
      yield { unit, found: collector.end(), told: found, complete };
    }
  } finally {
    await objects.return(undefined);
  }
}
