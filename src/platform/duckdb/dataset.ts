import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { type DatasetFormat, datasetFormat } from '../../config/data.js';
import type { SourceTable } from '../../data/table.js';
import { UserError } from '../../errors.js';
import { loadDelimited } from './delimited.js';
import { type DuckdbEngine, type DuckdbOptions, openDuckdb } from './engine.js';
import { loadJson } from './json.js';
import { loadParquet } from './parquet.js';

/** What is read, as assay.yml has it; paths are relative to `folder`. */
export interface DatasetSource {
  readonly folder: string;
  readonly source: string;
  readonly format?: DatasetFormat | undefined;
  readonly delimiter?: string | undefined;
  /** Texts that mean missing in CSV and TSV. */
  readonly missing: readonly string[];
}

/** What the loaders of each format get. */
export interface LoadRequest extends DatasetSource {
  /** Relative to `folder`, sorted; at least one. */
  readonly files: readonly string[];
  readonly engine: DuckdbEngine;
  readonly cancel: AbortSignal;
  /** Told how many bytes were read since the last call. */
  onRead(bytes: number): void;
}

export interface OpenOptions extends DuckdbOptions {
  /** Bytes of the source files read so far, and of all of them. */
  onProgress?(done: number, total: number): void;
}

/**
 * Reads a dataset into an engine of its own and seals it. The caller closes the engine.
 * Throws UserError for files that are missing or cannot be read as a whole; single bad lines are counted instead.
 */
export async function openDataset(
  source: DatasetSource,
  options: OpenOptions,
): Promise<{ readonly engine: DuckdbEngine; readonly table: SourceTable }> {
  const format = source.format ?? formatOf(source.source);
  const files = await findFiles(source);
  const sizes = await Promise.all(files.map((file) => stat(resolve(source.folder, file))));
  const total = sizes.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const onRead = (bytes: number) => {
    done += bytes;
    options.onProgress?.(done, total);
  };
  const engine = await openDuckdb(options);
  try {
    const request = { ...source, files, engine, cancel: options.cancel, onRead };
    const table = await load(format, request);
    await engine.seal();
    return { engine, table };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function load(format: DatasetFormat, request: LoadRequest): Promise<SourceTable> {
  switch (format) {
    case 'csv':
      return loadDelimited(request, request.delimiter ?? ',');
    case 'tsv':
      return loadDelimited(request, request.delimiter ?? '\t');
    case 'jsonl':
    case 'json':
      return loadJson(request, format);
    case 'parquet':
      return loadParquet(request);
  }
}

function formatOf(source: string): DatasetFormat {
  const extension = /\.([a-z0-9]+)$/.exec(source.toLowerCase().replace(/\.(gz|zst)$/, ''))?.[1] ?? '';
  const format = { txt: 'csv', ndjson: 'jsonl', pq: 'parquet' }[extension] ?? extension;
  const known = datasetFormat.safeParse(format);
  if (known.success) return known.data;
  throw new UserError(`the name ${JSON.stringify(source)} does not tell its format`, {
    mend: `add one: format: ${datasetFormat.options.join(' | ')}`,
  });
}

async function findFiles({ folder, source }: DatasetSource): Promise<readonly string[]> {
  const found = await stat(resolve(folder, source)).catch(() => undefined);
  if (found?.isFile()) return [source];
  if (!found && isDynamicPattern(source)) {
    const files = await glob(source, { cwd: folder, onlyFiles: true, dot: true, expandDirectories: false });
    if (files.length > 0) return files.sort();
    throw new UserError(`no file matches ${JSON.stringify(source)}`, {
      mend: `patterns are relative to the folder of assay.yml: ${folder}`,
    });
  }
  throw new UserError(found ? `${source} is not a file` : `the file ${source} does not exist`, {
    mend: found ? `name its files: ${source}/*.csv` : `looked for ${resolve(folder, source)}`,
  });
}
