import { isUtf8 } from 'node:buffer';
import type { StoredRecord } from '../../history/archive.js';
import { type Block, blockOf, DamagedBlock, encodeBlock } from '../../history/block.js';
import { COMPACTED_BYTES, readCompacted } from '../../history/compacted.js';
import { addUpgraded } from '../../history/select.js';
import { idFromPath, MAXIMUM_RECORD_BYTES, parseStored } from '../../history/stored.js';
import type { IndexedBlock, IndexFile, NewBlock } from './index-file.js';
import { hashOf, parseTree } from './objects.js';
import { filesOf, type Problems, type Unit, type UnitFile } from './units.js';

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
  index: (kind: string) => IndexFile,
  problems: Problems,
  onProgress?: (done: number, total: number) => void,
): Promise<readonly UnitBlock[]> {
  const missing = units.filter((unit) => index(unit.kind).get(unit.id) === undefined).sort(byMonth);
  const incomplete = new Map<string, IndexedBlock>();
  const waiting = waitingBlocks(index);
  for await (const { unit, records, told, complete, done } of readUnits(missing)) {
    const block = blockOf(records, (stored, add) => addUpgraded(stored.record, add));
    const found = [...told].slice(0, MOST_PROBLEMS);
    if (complete) {
      waiting.add(unit.kind, { unit: unit.id, path: unit.path, block: encodeBlock(block), problems: found });
    } else incomplete.set(unit.id, { ...block, problems: found });
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
  const choose = (unit: Unit) => (file: UnitFile) =>
    file.compacted || wanted.get(unit)?.has(idFromPath(file.path) ?? '') === true;
  for await (const { unit, records } of readUnits([...wanted.keys()], choose)) {
    for (const stored of records) {
      if (wanted.get(unit)?.has(stored.record.id)) found.set(stored.record.id, stored);
    }
  }
  return found;
}

export interface UnitRecords {
  readonly unit: Unit;
  /** In the order of their paths, each id once. */
  readonly records: readonly StoredRecord[];
  readonly told: Problems;
  /** False when something could not be had that may be there another time. */
  readonly complete: boolean;
  /** Units read so far, this one among them. */
  readonly done: number;
}

/** All that is not here by one request for each view: one for each folder would be thousands. */
async function bringUnits(units: readonly Unit[]): Promise<void> {
  const byView = new Map<Unit['view'], string[]>();
  for (const unit of units) {
    const missing = await missingOf(unit);
    if (missing.length > 0) byView.set(unit.view, [...(byView.get(unit.view) ?? []), ...missing]);
  }
  for (const [view, ids] of byView) await view.bring(ids, 'whole');
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

/** The records of units, one unit after another, by one process for all of their files. */
export async function* readUnits(
  units: readonly Unit[],
  choose: (unit: Unit) => (file: UnitFile) => boolean = () => () => true,
): AsyncGenerator<UnitRecords> {
  const views = [...new Set(units.map((unit) => unit.view))];
  let done = 0;
  for (const view of views) {
    const ofView = units.filter((unit) => unit.view === view);
    for await (const found of readUnitsOf(view, ofView, choose)) yield { ...found, done: ++done };
  }
}

async function* readUnitsOf(
  view: Unit['view'],
  units: readonly Unit[],
  choose: (unit: Unit) => (file: UnitFile) => boolean,
): AsyncGenerator<Omit<UnitRecords, 'done'>> {
  await bringUnits(units);
  const listed: { readonly unit: Unit; readonly files: readonly UnitFile[]; readonly told: Problems }[] = [];
  for (const unit of units) {
    const told: Problems = new Map();
    listed.push({ unit, files: (await filesOf(unit, told)).filter(choose(unit)), told });
  }
  const ids = listed.flatMap(({ files }) => files.map((file) => file.id));
  const again: typeof listed = [];
  const objects = view.objects.stream(ids, LARGEST_FILE);
  for (const one of listed) {
    const texts: Awaited<ReturnType<typeof objects.next>>['value'][] = [];
    for (let count = 0; count < one.files.length; count++) texts.push((await objects.next()).value);
    if (texts.some((object) => object === undefined)) again.push(one);
    else yield unitRecords(one, texts);
  }
  await objects.return(undefined);
  if (again.length === 0) return;
  // A folder that an append brought has come without its files.
  await view.bring(
    again.flatMap(({ files }) => files.map((file) => file.id)),
    'one',
  );
  for (const one of again) {
    const texts = [];
    for await (const object of view.objects.stream(
      one.files.map((file) => file.id),
      LARGEST_FILE,
    ))
      texts.push(object);
    yield unitRecords(one, texts);
  }
}

type Texts = readonly ({ readonly body: Buffer } | { readonly tooLarge: number } | undefined)[];

function unitRecords(
  {
    unit,
    files,
    told,
  }: { readonly unit: Unit; readonly files: readonly UnitFile[]; readonly told: Problems },
  texts: Texts,
): Omit<UnitRecords, 'done'> {
  const records = new Map<string, StoredRecord>();
  let complete = true;
  for (const [index, file] of files.entries()) {
    const object = texts[index];
    if (object === undefined) {
      told.set(file.path, 'it is not there');
      complete = false;
    } else if ('tooLarge' in object) told.set(file.path, tooLarge(object.tooLarge));
    else addFile(file, object.body, { records, told });
  }
  return { unit, records: [...records.values()], told, complete };
}

function addFile(
  file: UnitFile,
  body: Buffer,
  into: { readonly records: Map<string, StoredRecord>; readonly told: Problems },
): void {
  const { records, told } = into;
  const text = body.toString('utf8');
  if (!isUtf8(body)) told.set(file.path, 'it is not UTF-8 text');
  else if (file.compacted) {
    const { records: inside, broken } = readCompacted(text);
    const month = file.path.split('/').slice(0, 4).join('/');
    for (const { line, problem } of broken) told.set(`${file.path}:${line}`, problem);
    for (const stored of inside) {
      if (!stored.path.startsWith(`${month}/`))
        told.set(`${file.path}:${stored.record.id}`, 'it belongs to another month');
      else addOnce(stored, records, told);
    }
  } else if (body.length > MAXIMUM_RECORD_BYTES) told.set(file.path, tooLarge(body.length));
  else {
    const parsed = parseStored(file.path, text);
    if ('problem' in parsed) told.set(file.path, parsed.problem);
    else addOnce({ path: file.path, text, record: parsed.record }, records, told);
  }
}

function addOnce(stored: StoredRecord, records: Map<string, StoredRecord>, told: Problems): void {
  const there = records.get(stored.record.id);
  if (there === undefined) records.set(stored.record.id, stored);
  else if (there.text !== stored.text)
    told.set(stored.path, 'a record of its id is there with other content');
}

function tooLarge(bytes: number): string {
  return `it is larger than any record (${bytes} bytes)`;
}
