import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { DuckDBDataChunk } from '@duckdb/node-api';
import { textLiteral } from '../../data/literals.js';
import type { SqlEngine } from '../../data/ports.js';
import type { Scratch } from '../../data/profile/read-numbers.js';
import { OutsideError, UserError } from '../../errors.js';
import { makeScratch } from '../local/scratch.js';
import { storeError } from '../local/store.js';
import { type InstallOptions, loadDuckdb } from './install.js';
import { type OverflowFiles, overflowFiles } from './overflow.js';

export interface DuckdbEngine extends SqlEngine {
  /** The one column of a query, of texts, in parts as they come. */
  texts(sql: string): AsyncGenerator<readonly (string | null)[]>;
  /** A folder of its own for staged files, removed by `close`. */
  readonly folder: string;
  /** A place for the numbers of one more scan; what memory does not hold goes to the folder. */
  scratch(): Scratch;
  /** From here on no file but those of `reads` can be read and no setting changed, whatever a query says. */
  seal(reads?: readonly string[]): Promise<void>;
}

/** What one machine may spend on a dataset; everything has a default. */
export interface EngineLimits {
  /** 60 % of the machine's (or container's) memory when left out; what does not fit is spilled to disk. */
  readonly memoryBytes?: number | undefined;
  /** Every core when left out. */
  readonly threads?: number | undefined;
  /** Where staged files and what does not fit into memory go (absolute); RUNNER_TEMP or the system's folder when left out. */
  readonly spillFolder?: string | undefined;
  /** A single statement is interrupted after so long. */
  readonly queryTimeoutSeconds?: number | undefined;
}

export interface DuckdbOptions extends InstallOptions, EngineLimits {
  /** Stops a running query; it then throws the signal's reason. */
  readonly cancel: AbortSignal;
}

/** Numbers beyond this wait on disk, where the system keeps them at hand for as long as nobody needs its memory. */
const MOST_IN_MEMORY = 512 * 2 ** 20;

/** An empty in-memory database that spills to a temporary folder. Throws OutsideError when DuckDB cannot be had. */
export async function openDuckdb(options: DuckdbOptions): Promise<DuckdbEngine> {
  const { cancel } = options;
  cancel.throwIfAborted();
  const duckdb = await loadDuckdb(options);
  const temporary = options.spillFolder ?? (options.env.RUNNER_TEMP || tmpdir());
  if (options.spillFolder !== undefined) await mkdir(temporary, { recursive: true });
  const folder = await makeScratch('duckdb', temporary).catch((error) => {
    throw storeError(error, temporary);
  });
  const memoryBytes = options.memoryBytes ?? memory() * 0.6;
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? availableParallelism()),
    memory_limit: `${Math.max(64, Math.floor(memoryBytes / 2 ** 20))}MiB`,
    temp_directory: join(folder, 'spill'),
    preserve_insertion_order: 'true',
    autoinstall_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  const stop = () => connection.interrupt();
  cancel.addEventListener('abort', stop);

  const query: SqlEngine['query'] = async (sql, limit = {}) => {
    cancel.throwIfAborted();
    const seconds = limit.timeoutSeconds ?? options.queryTimeoutSeconds;
    let late = false;
    const timer =
      seconds === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            connection.interrupt();
          }, seconds * 1000);
    try {
      const reader = await connection.runAndReadAll(sql);
      return reader.getRowObjects().map(plainRow);
    } catch (error) {
      cancel.throwIfAborted();
      if (late) {
        throw new UserError(`the query took longer than ${seconds} s and was stopped`, {
          mend: 'make it cheaper, or raise the limit in assay.yml: engine: { query_timeout: 30m }',
          cause: error,
        });
      }
      throw outgrown(error);
    } finally {
      clearTimeout(timer);
    }
  };
  /** The chunks of a result as `read` makes them plain, one at a time. */
  async function* streamed<T>(sql: string, read: (chunk: DuckDBDataChunk) => T): AsyncGenerator<T> {
    cancel.throwIfAborted();
    try {
      const result = await connection.stream(sql);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (!chunk || chunk.rowCount === 0) return;
        yield read(chunk);
      }
    } catch (error) {
      cancel.throwIfAborted();
      throw outgrown(error);
    }
  }
  const numbers = (sql: string) =>
    streamed(sql, (chunk) =>
      Array.from({ length: chunk.columnCount }, (_, i) => doubles(chunk.getColumnVector(i))),
    );
  const texts = (sql: string) =>
    streamed(sql, (chunk) =>
      chunk.getColumnValues(0).map((value) => (value === null ? null : String(value))),
    );
  const overflows: OverflowFiles[] = [];
  // Timestamps without an offset are UTC on every machine.
  await query(`SET TimeZone = 'UTC'`);
  // Rows that are streamed keep their order. With the default of 1 MB every thread but one waits for its turn, and the reader spins.
  const buffer = Math.max(1, Math.min(128, Math.floor(memoryBytes / 2 ** 23)));
  await query(`SET streaming_buffer_size = '${buffer}MiB'`);
  return {
    folder,
    scratch: () => {
      const overflow = overflowFiles(folder, `numbers${overflows.length}`);
      overflows.push(overflow);
      return { bytes: Math.min(memoryBytes / 4, MOST_IN_MEMORY), overflow };
    },
    query,
    numbers,
    texts,
    checkSelect: async (sql) => {
      const statements = await connection.extractStatements(sql);
      const single = statements.count === 1 ? await statements.prepare(0) : undefined;
      if (single?.statementType === duckdb.StatementType.SELECT) return;
      throw new UserError(
        single ? 'the query is not a SELECT' : `the query is ${statements.count} statements`,
        { mend: 'write one single SELECT' },
      );
    },
    seal: async (reads = []) => {
      if (reads.length > 0) await query(`SET allowed_paths = [${reads.map(textLiteral).join(', ')}]`);
      await query('SET enable_external_access = false');
      await query('SET lock_configuration = true');
    },
    close: async () => {
      cancel.removeEventListener('abort', stop);
      connection.closeSync();
      instance.closeSync();
      for (const overflow of overflows) await overflow.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The memory of a vector of doubles as it is: a copy would cost more than the query. */
function doubles(vector: { readonly itemCount: number }): Float64Array {
  const { items } = vector as { readonly items?: unknown };
  if (!(items instanceof Float64Array))
    throw new Error('a query for numbers has a column that is not DOUBLE');
  return items.subarray(0, vector.itemCount);
}

/** Bytes of this machine, or of the container when it is given less. */
function memory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** The data is too large for this machine; any other error is passed on. */
function outgrown(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  if (!/^Out of Memory Error|No space left on device/.test(message)) return error;
  return new OutsideError('the data does not fit into the memory and the temporary folder of this machine', {
    mend: 'use a larger machine, or a disk with more space: engine: { spill: /mnt/large } in assay.yml, or TMPDIR',
    cause: error,
  });
}

/** Dates, decimals and nested values as the text that SQL would show. */
function plainRow(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value !== null && typeof value === 'object' ? String(value) : value,
    ]),
  );
}

/** A path for DuckDB's readers, which would take `*`, `?` and `[` for a pattern. */
export function pathLiteral(path: string): string {
  return textLiteral(path.replace(/[*?[]/g, '[$&]'));
}
