import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { RECORD_KINDS } from '../../history/record.js';
import { makeFolder, storeError, temporaryBeside } from '../../platform/local/store.js';
import { TEXT_COLUMN, tableRows } from './record-table.js';
import { chosenRecords } from './records.js';
import type { ExportTarget } from './target.js';

export const parquetTarget: ExportTarget = {
  write: async (request) => {
    const { path, label, world } = request;
    if (path === undefined || label === undefined) {
      throw new UserError('export parquet needs PATH: the folder to write into', {
        mend: 'assay export parquet history',
      });
    }
    const [{ openDuckdb }, { scratchFile, writeRecordTable }] = await Promise.all([
      import('../../platform/duckdb/engine.js'),
      import('../../platform/duckdb/records.js'),
    ]);
    const { env, cancel, terminal } = world;
    const engine = await openDuckdb({ env, cancel, notice: terminal.info });
    try {
      const lines = new Map<string, Lines>();
      const table = tableRows();
      let records = 0;
      for await (const stored of chosenRecords(request)) {
        const { kind, json } = table.add(stored);
        const file = lines.get(kind) ?? openLines(scratchFile(engine, kind));
        lines.set(kind, file);
        await file.add(json);
        records += 1;
      }
      await makeFolder(path);
      const written = new Map<string, string>();
      try {
        for (const [kind, file] of lines) {
          await file.end();
          const target = temporaryBeside(join(path, 'x'));
          written.set(kind, target);
          const { path: source, longest } = file;
          await writeRecordTable(engine, {
            source,
            longest: longest(),
            target,
            columns: table.columns(kind),
            textColumn: TEXT_COLUMN,
          });
          await rm(source);
        }
        await replaceTables(path, written);
      } finally {
        for (const temporary of written.values()) await rm(temporary, { force: true });
      }
      return { records, place: label };
    } finally {
      await engine.close();
    }
  },
};

/** All new files in their places; what an earlier export left of a kind that has no records now goes. */
async function replaceTables(folder: string, written: ReadonlyMap<string, string>): Promise<void> {
  try {
    for (const [kind, temporary] of written) await rename(temporary, join(folder, `${kind}s.parquet`));
    for (const kind of RECORD_KINDS) {
      if (!written.has(kind)) await rm(join(folder, `${kind}s.parquet`), { force: true });
    }
  } catch (error) {
    throw storeError(error, folder);
  }
}

interface Lines {
  readonly path: string;
  /** Bytes of the longest line. */
  longest(): number;
  add(line: string): Promise<void>;
  end(): Promise<void>;
}

function openLines(path: string): Lines {
  const stream: WriteStream = createWriteStream(path, { flags: 'wx' });
  let longest = 0;
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure = error;
  });
  const check = () => {
    if (failure) throw storeError(failure, path);
  };
  return {
    path,
    longest: () => longest,
    add: async (line) => {
      check();
      const bytes = Buffer.from(`${line}\n`);
      longest = Math.max(longest, bytes.length);
      if (!stream.write(bytes)) await drained(stream);
      check();
    },
    end: async () => {
      stream.end();
      if (!stream.closed) await once(stream, 'close').catch(() => {});
      check();
    },
  };
}

/** Until it takes more, or is broken. */
function drained(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
