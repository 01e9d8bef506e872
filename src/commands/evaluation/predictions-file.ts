import { isUtf8 } from 'node:buffer';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluateConfig } from '../../config/model.js';
import { UserError } from '../../errors.js';
import { formatBytes } from '../../format.js';
import type { Predictions } from '../../metrics/predictions.js';
import type { World } from '../../world.js';
import { withTemporaryFolder } from '../project/temporary.js';

/** The longest text that JavaScript holds is a little above this. */
const MOST_BYTES = 500_000_000;

/**
 * Reads a predictions file for scoring: CSV, TSV, JSON Lines (each also packed by gzip or zstd), or Parquet (through DuckDB).
 * @param path absolute
 * @param options.file how messages and the record name it
 * @throws UserError when it is missing, no such file, or has defects
 */
export async function readPredictions(
  path: string,
  options: { readonly file: string; readonly config: EvaluateConfig; readonly world: World },
): Promise<Predictions> {
  const { file, config } = options;
  const { parsePredictions } = await import('../../metrics/predictions.js');
  const { bytes, content } = await look(path, file);
  if (content === 'gzip') {
    return parsePredictions(await unzippedText(path, file), { file: file.replace(/\.gz$/i, ''), config });
  }
  if (content === 'zstd') {
    const text = await unpackedText(path, options);
    return parsePredictions(text, { file: file.replace(/\.zst$/i, ''), config });
  }
  if (content === 'parquet') return parsePredictions(await parquetAsCsv(path, options), { file, config });
  return parsePredictions(await textOf(path, { file, bytes }), { file, config });
}

type Content = 'text' | 'gzip' | 'zstd' | 'parquet';

/** By its first bytes, whatever it is called. */
function contentOf(start: string): Content {
  if (start === 'PAR1') return 'parquet';
  if (start === '\x28\xb5\x2f\xfd') return 'zstd';
  return start.startsWith('\x1f\x8b') ? 'gzip' : 'text';
}

async function look(
  path: string,
  file: string,
): Promise<{ readonly bytes: number; readonly content: Content }> {
  const location = { file };
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') {
      throw new UserError(`the predictions file cannot be read: ${error.message}`, {
        location,
        cause: error,
      });
    }
    return undefined;
  });
  if (!found) {
    throw new UserError('there is no such predictions file', {
      location,
      mend: 'evaluate: predictions: in assay.yml names the file that the training command writes; --predictions names another one',
    });
  }
  if (!found.isFile()) throw new UserError('the predictions must be a file', { location });
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const start = buffer.toString('latin1', 0, bytesRead);
    return { bytes: found.size, content: contentOf(start) };
  } finally {
    await handle.close();
  }
}

async function textOf(
  path: string,
  options: { readonly file: string; readonly bytes: number },
): Promise<string> {
  const location = { file: options.file };
  if (options.bytes > MOST_BYTES) {
    throw new UserError(
      `the predictions file has ${formatBytes(options.bytes)}, and at most ${formatBytes(MOST_BYTES)} are scored`,
      { location, mend: 'keep only the columns that assay.yml names, or a sample of the rows' },
    );
  }
  return utf8(await readFile(path), options.file);
}

function utf8(content: Buffer, file: string): string {
  if (isUtf8(content)) return content.toString('utf8');
  throw new UserError('the predictions file is not text in UTF-8', {
    location: { file },
    mend: 'write CSV, TSV, JSON Lines (each also as .gz or .zst) or Parquet',
  });
}

/** Never more than can be held, whatever a small file unfolds to. */
async function unzippedText(path: string, file: string): Promise<string> {
  const location = { file };
  const { gunzip } = await import('node:zlib');
  const packed = await readFile(path);
  const content = await new Promise<Buffer>((resolve, reject) => {
    gunzip(packed, { maxOutputLength: MOST_BYTES }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
  }).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ERR_BUFFER_TOO_LARGE'
      ? new UserError(`the predictions file unpacks to more than ${formatBytes(MOST_BYTES)}`, {
          location,
          mend: 'keep only the columns that assay.yml names, or a sample of the rows',
          cause,
        })
      : new UserError('the predictions file is not readable as gzip: it is cut off or damaged', {
          location,
          mend: 'was the job that wrote it killed?',
          cause,
        });
  });
  return utf8(content, file);
}

/** What zstd packed, as datasets are read: by Node where it can, else by the program. */
async function unpackedText(
  path: string,
  { file, world }: { readonly file: string; readonly world: World },
): Promise<string> {
  const { createHash } = await import('node:crypto');
  const { textContent } = await import('../../platform/duckdb/content.js');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const name = /\.zst$/i.test(file) ? file : `${file}.zst`;
  const source = { path, name, hash: createHash('sha256'), cancel: world.cancel, onRead: () => undefined };
  for await (const chunk of textContent({ ...source, line: () => 1 })) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new UserError(`the predictions file unpacks to more than ${formatBytes(MOST_BYTES)}`, {
        location: { file },
        mend: 'keep only the columns that assay.yml names, or a sample of the rows',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** By way of a CSV file: DuckDB writes numbers with the digits that read back the same. */
async function parquetAsCsv(
  path: string,
  options: { readonly file: string; readonly world: World },
): Promise<string> {
  const { openDuckdb, pathLiteral } = await import('../../platform/duckdb/engine.js');
  const { textLiteral } = await import('../../data/literals.js');
  const { world, file } = options;
  const engine = await openDuckdb({ env: world.env, cancel: world.cancel, notice: world.terminal.info });
  try {
    return await withTemporaryFolder(async (folder) => {
      const copy = join(folder, 'predictions.csv');
      const source = `read_parquet(${pathLiteral(path)})`;
      await engine.query(`COPY (SELECT * FROM ${source}) TO ${textLiteral(copy)} (FORMAT csv, HEADER true)`);
      return textOf(copy, { file, bytes: (await stat(copy)).size });
    });
  } catch (cause) {
    if (cause instanceof UserError || world.cancel.aborted) throw cause;
    throw new UserError('the predictions file is not readable as Parquet', {
      location: { file },
      mend: 'was the job that wrote it killed?',
      cause,
    });
  } finally {
    await engine.close();
  }
}
