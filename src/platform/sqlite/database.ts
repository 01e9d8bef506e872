import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Database, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { UserError } from '../../errors.js';
import type { SourceDatabase, SqlValue } from '../../runs/ports.js';

/**
 * SQLite (the official WebAssembly build) on a file of this machine, through a file system of our own that can only read:
 * pages come by `readSync` as they are asked for, so a database of any size costs little memory, and no lock, journal, `-wal`
 * or `-shm` is made beside it. Opened as immutable, because the copy of SQLite in here shares no memory with a writer.
 */

const VFS = 'assay-read-only';

interface OpenFile {
  readonly descriptor: number;
  readonly bytes: number;
}

interface Engine {
  readonly sqlite: Sqlite3Static;
  /** Takes the descriptor that the next open is for. */
  readonly next: { file: OpenFile | undefined };
}

type StructMembers = Readonly<Record<'$xRandomness' | '$xSleep' | '$xCurrentTime', number>>;

let engine: Promise<Engine> | undefined;

/** @param of.place absolute; `of.path` names it in messages. Throws UserError when it is no SQLite database. */
export async function openDatabase(of: {
  readonly path: string;
  readonly place: string;
}): Promise<SourceDatabase> {
  refuseUnfinished(of);
  engine ??= startEngine();
  const { sqlite, next } = await engine;
  const descriptor = openSync(of.place, 'r');
  next.file = { descriptor, bytes: fstatSync(descriptor).size };
  let database: Database | undefined;
  try {
    database = new sqlite.oo1.DB({ filename: 'file:database?immutable=1', vfs: VFS, flags: 'r' });
    // Neither a view nor a corrupt schema may make it do anything but read.
    database.exec('pragma trusted_schema = off; pragma cell_size_check = on; pragma query_only = on');
    const tables = database.selectValues("select name from sqlite_master where type in ('table', 'view')");
    return opened(database, { path: of.path, tables: new Set(tables.map(String)) });
  } catch (error) {
    database?.close();
    if (next.file) closeSync(descriptor);
    throw asUserError(error, of.path);
  } finally {
    next.file = undefined;
  }
}

function opened(
  database: Database,
  of: { readonly path: string; readonly tables: ReadonlySet<string> },
): SourceDatabase {
  return {
    tables: of.tables,
    *rows(sql, values = []) {
      try {
        const statement = database.prepare(sql);
        try {
          if (values.length > 0) statement.bind([...values]);
          while (statement.step()) yield statement.get([]) as readonly SqlValue[];
        } finally {
          statement.finalize();
        }
      } catch (error) {
        throw asUserError(error, of.path);
      }
    },
    close: () => database.close(),
  };
}

/** A writer that is at work, or that died, leaves part of the content in a file beside: reading without it would be wrong. */
function refuseUnfinished({ path, place }: { readonly path: string; readonly place: string }): void {
  for (const ending of ['-wal', '-journal']) {
    const beside = statSync(place + ending, { throwIfNoEntry: false });
    if (!beside || beside.size === 0) continue;
    throw new UserError(`${path} has changes in ${path}${ending} that are not in it yet`, {
      mend: `end the program that writes to it, or: sqlite3 ${path} 'pragma wal_checkpoint(truncate)'`,
    });
  }
}

function asUserError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !/^SQLITE_|sqlite3?/i.test(`${error.name} ${error.message}`)) return error;
  const message = error.message.replace(/^SQLITE_[A-Z_]+: (?:sqlite3 result code \d+: )?/, '');
  return new UserError(`${path} cannot be read as an SQLite database: ${message.split('\n')[0]}`, {
    mend: 'is it whole? sqlite3 FILE "pragma integrity_check" says',
    cause: error,
  });
}

/**
 * The bundle carries the two files of the package in a folder beside it: webpack gives `import('node:module')`, which the
 * package needs, no `createRequire`, so it must stay outside. Elsewhere they are where npm put them.
 */
function packageFolder(): string {
  const beside = join(dirname(fileURLToPath(import.meta.url)), 'sqlite');
  if (existsSync(join(beside, 'node.mjs'))) return beside;
  return dirname(
    createRequire(import.meta.url).resolve(['@sqlite.org', 'sqlite-wasm', 'sqlite3.wasm'].join('/')),
  );
}

async function startEngine(): Promise<Engine> {
  const folder = packageFolder();
  const wasmBinary = await readFile(join(folder, 'sqlite3.wasm'));
  const library = (await import(/* webpackIgnore: true */ pathToFileURL(join(folder, 'node.mjs')).href)) as {
    readonly default: (settings: object) => Promise<Sqlite3Static>;
  };
  const silent = (): void => undefined;
  const sqlite = await library.default({ wasmBinary, print: silent, printErr: silent });
  const next: Engine['next'] = { file: undefined };
  installReadOnly(sqlite, next);
  return { sqlite, next };
}

/** https://sqlite.org/c3ref/io_methods.html and https://sqlite.org/c3ref/vfs.html: the methods that reading needs. */
function installReadOnly(sqlite: Sqlite3Static, next: Engine['next']): void {
  const { capi, wasm } = sqlite;
  const files = new Map<number, OpenFile>();
  const ok = (): number => 0;
  const readOnly = (): number => capi.SQLITE_READONLY;
  const io = new capi.sqlite3_io_methods();
  const vfs = new capi.sqlite3_vfs();
  // The members of these C structs begin with $; the types of the package do not know them yet.
  const standard = new capi.sqlite3_vfs(capi.sqlite3_vfs_find(null) as never) as unknown as StructMembers;
  const fileSize = (capi.sqlite3_file as unknown as { structInfo: { sizeof: number } }).structInfo.sizeof;
  Object.assign(vfs, {
    $iVersion: 1,
    $szOsFile: fileSize,
    $mxPathname: 1024,
    $xRandomness: standard.$xRandomness,
    $xSleep: standard.$xSleep,
    $xCurrentTime: standard.$xCurrentTime,
  });
  const fileAt = (pointer: unknown): OpenFile => {
    const file = files.get(Number(pointer));
    if (!file) throw new Error('no such file');
    return file;
  };
  sqlite.vfs.installVfs({
    io: {
      struct: io,
      methods: {
        xClose(pointer: unknown) {
          closeSync(fileAt(pointer).descriptor);
          files.delete(Number(pointer));
          return 0;
        },
        xRead(pointer: unknown, target: unknown, length: number, offset: unknown) {
          const heap = wasm.heap8u();
          const at = Number(target);
          let got: number;
          try {
            got = readSync(fileAt(pointer).descriptor, heap, at, length, Number(offset));
          } catch {
            return capi.SQLITE_IOERR_READ;
          }
          if (got === length) return 0;
          heap.fill(0, at + got, at + length);
          return capi.SQLITE_IOERR_SHORT_READ;
        },
        xWrite: readOnly,
        xTruncate: readOnly,
        xSync: ok,
        xFileSize(pointer: unknown, out: unknown) {
          wasm.poke(out as never, BigInt(fileAt(pointer).bytes) as never, 'i64');
          return 0;
        },
        xLock: ok,
        xUnlock: ok,
        xCheckReservedLock(_: unknown, out: unknown) {
          wasm.poke(out as never, 0, 'i32');
          return 0;
        },
        xFileControl: () => capi.SQLITE_NOTFOUND,
        xSectorSize: () => 4096,
        xDeviceCharacteristics: () => capi.SQLITE_IOCAP_IMMUTABLE,
      },
    },
    vfs: {
      struct: vfs,
      name: VFS,
      methods: {
        xOpen(_: unknown, __: unknown, pointer: unknown, ___: number, flags: unknown) {
          const { file } = next;
          // Only the database itself: temporary files and journals have no place here.
          if (!file) return capi.SQLITE_CANTOPEN;
          next.file = undefined;
          files.set(Number(pointer), file);
          Object.assign(new capi.sqlite3_file(pointer as never), { $pMethods: io.pointer });
          if (flags) wasm.poke(flags as never, capi.SQLITE_OPEN_READONLY, 'i32');
          return 0;
        },
        xDelete: readOnly,
        xAccess(_: unknown, __: unknown, ___: number, out: unknown) {
          wasm.poke(out as never, 0, 'i32');
          return 0;
        },
        xFullPathname(_: unknown, name: unknown, length: number, out: unknown) {
          return wasm.cstrncpy(out as never, name as never, length) < length ? 0 : capi.SQLITE_CANTOPEN;
        },
        xGetLastError: ok,
      },
    },
  } as never);
}
