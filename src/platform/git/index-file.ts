import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { type Block, type BlockHeader, decodeBlock, type EncodedBlock } from '../../history/block.js';
import { temporaryBeside } from '../local/store.js';

/**
 * Blocks by the id of the folder they were made from: git names a folder by its content, so a block is either right or
 * of no use, and never stale. The file is added to by one write each, by any number of processes; what is cut off or
 * damaged is not found, and made again.
 */
export interface IndexFile {
  get(unit: string): IndexedBlock | undefined;
  put(blocks: readonly NewBlock[]): void;
}

export interface IndexedBlock extends Block {
  /** Files of the folder that are no records, and why. */
  readonly problems: readonly (readonly [path: string, why: string])[];
}

export interface NewBlock {
  readonly unit: string;
  /** The folder; a later block of it takes the place of an earlier one when room is made. */
  readonly path: string;
  readonly block: EncodedBlock;
  readonly problems: IndexedBlock['problems'];
}

/** Of the format, and of what `fieldAdder` makes of a record: what was written in another one is made anew. */
const FORMAT = 'assay-index 2';
const LINE = /^(.+) ([0-9a-f]{40,64}) (\S+) (\d+) (\d+) (\S+)\n/;
const LONGEST_LINE = 512;
/** Room is made when more than this, and more than what is of use, would be won. */
const LITTLE_WASTE = 8 * 2 ** 20;

interface Place {
  readonly unit: string;
  readonly path: string;
  readonly start: number;
  readonly header: number;
  readonly headerBytes: number;
  readonly sum: string;
  readonly end: number;
}

type StoredHeader = BlockHeader & { readonly problems: IndexedBlock['problems'] };

/** @param edition of the upgrades of records: what others made of the same records is of no use */
export function openIndexFile(path: string, edition: string): IndexFile {
  const format = `${FORMAT} ${edition}`;
  let file = openToRead(path);
  let { places, damaged } =
    file === undefined ? { places: new Map<string, Place>(), damaged: false } : scan(file, format);
  const read = (start: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    if (file !== undefined) readSync(file, buffer, 0, bytes, start);
    return buffer;
  };
  const opened = new Map<string, IndexedBlock>();
  /** In memory, where the file cannot be written. */
  const unwritten = new Map<string, IndexedBlock>();
  const get = (unit: string): IndexedBlock | undefined => {
    const known = opened.get(unit) ?? unwritten.get(unit);
    if (known) return known;
    const place = places.get(unit);
    if (!place) return undefined;
    const bytes = read(place.header, place.headerBytes);
    if (checksum(bytes) !== place.sum) {
      places.delete(unit);
      damaged = true;
      return undefined;
    }
    const header = JSON.parse(bytes.toString('utf8')) as StoredHeader;
    const payload = place.header + place.headerBytes;
    const block = {
      ...decodeBlock(header, (offset, length) => read(payload + offset, length)),
      problems: header.problems,
    };
    opened.set(unit, block);
    return block;
  };
  return {
    get,
    put: (blocks) => {
      const fresh = Buffer.concat(blocks.map((block) => encode(block, format)));
      const waste = damaged || wasteOf(places) > Math.max(LITTLE_WASTE, bytesOf(places) / 2);
      const kept = waste ? newestOf(places).map((place) => read(place.start, place.end - place.start)) : [];
      // A cache that cannot be written costs time and nothing else.
      try {
        mkdirSync(dirname(path), { recursive: true });
        if (waste) replace(path, [...kept, fresh]);
        else append(path, fresh);
      } catch {
        for (const { unit, block, problems } of blocks) {
          const decoded = decodeBlock(block.header, (at, bytes) => block.payload.subarray(at, at + bytes));
          unwritten.set(unit, { ...decoded, problems });
        }
        return;
      }
      if (file !== undefined) closeSync(file);
      file = openToRead(path);
      ({ places, damaged } =
        file === undefined ? { places: new Map<string, Place>(), damaged: false } : scan(file, format));
      opened.clear();
    },
  };
}

function openToRead(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

/** Stops at the first thing that is no block: what comes after it cannot be believed. */
function scan(file: number, format: string): { places: Map<string, Place>; damaged: boolean } {
  const places = new Map<string, Place>();
  const { size } = fstatSync(file);
  const buffer = Buffer.alloc(LONGEST_LINE);
  let start = 0;
  while (start < size) {
    const bytes = readSync(file, buffer, 0, LONGEST_LINE, start);
    const line = LINE.exec(buffer.toString('latin1', 0, bytes));
    if (line?.[1] !== format) break;
    const [text, , unit = '', path = '', headerBytes = '', payloadBytes = '', sum = ''] = line;
    const header = start + text.length;
    const end = header + Number(headerBytes) + Number(payloadBytes);
    if (end > size) break;
    // A later one of the same folder is of the same content.
    places.set(unit, { unit, path, start, header, headerBytes: Number(headerBytes), sum, end });
    start = end;
  }
  return { places, damaged: start < size };
}

function encode({ unit, path, block, problems }: NewBlock, format: string): Buffer {
  const header = Buffer.from(JSON.stringify({ ...block.header, problems } satisfies StoredHeader));
  const line = `${format} ${unit} ${path} ${header.length} ${block.payload.length} ${checksum(header)}\n`;
  return Buffer.concat([Buffer.from(line), header, block.payload]);
}

function checksum(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('base64url').slice(0, 10);
}

function bytesOf(places: ReadonlyMap<string, Place>): number {
  let bytes = 0;
  for (const { start, end } of places.values()) bytes += end - start;
  return bytes;
}

/** Of a folder the last two: a local branch and that of the remote may differ, and both are read. */
function newestOf(places: ReadonlyMap<string, Place>): readonly Place[] {
  const byPath = new Map<string, Place[]>();
  for (const place of places.values())
    byPath.set(place.path, [...(byPath.get(place.path) ?? []), place].slice(-2));
  return [...byPath.values()].flat();
}

function wasteOf(places: ReadonlyMap<string, Place>): number {
  return bytesOf(places) - newestOf(places).reduce((sum, { start, end }) => sum + end - start, 0);
}

/** One write, at the end, so that two processes that add at once do not mix. */
function append(path: string, bytes: Buffer): void {
  const file = openSync(path, 'a');
  try {
    writeSync(file, bytes);
  } finally {
    closeSync(file);
  }
}

function replace(path: string, parts: readonly Buffer[]): void {
  const temporary = temporaryBeside(path);
  try {
    const file = openSync(temporary, 'wx');
    try {
      for (const part of parts) writeSync(file, part);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}
