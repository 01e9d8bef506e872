import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type DatasetFormat, datasetFormat } from '../../config/data.js';
import { partitionsOf } from '../../data/partitions.js';
import type { Scratch } from '../../data/profile/read-numbers.js';
import type { SourceTable } from '../../data/table.js';
import { UserError } from '../../errors.js';
import { TrackedContent } from '../sources/dvc.js';
import { findFiles } from '../sources/files.js';
import { isSame, type Stamp, stampOf } from '../sources/stamp.js';
import { digestFile, SourceDigest, type Watch } from './content.js';
import { loadDelimited } from './delimited.js';
import { type DuckdbEngine, type DuckdbOptions, openDuckdb } from './engine.js';
import { loadJson } from './json.js';
import { loadParquet } from './parquet.js';
import { withPartitions } from './partitions.js';

/** What is read, as assay.yml has it; paths are relative to `folder`. */
export interface DatasetSource {
  readonly folder: string;
  readonly source: string;
  readonly format?: DatasetFormat | undefined;
  readonly delimiter?: string | undefined;
  /** Texts that mean missing in CSV and TSV. */
  readonly missing: readonly string[];
  /** Bytes up to which an archive may unpack to any number of times its size. */
  readonly max_unpacked?: number | undefined;
}

/**
 * `load`: the rows are copied into a table of the engine, which serves many queries. `scan`: queries read the files
 * themselves wherever nothing in them needs mending, which serves few queries, of data larger than memory.
 */
export type Access = 'load' | 'scan';

/** What the loaders of each format get. */
export interface LoadRequest extends DatasetSource {
  /** As messages and records name them; at least one. */
  readonly files: readonly string[];
  /** Where a file is (absolute). */
  path(file: string): string;
  readonly engine: DuckdbEngine;
  /** The table they are loaded into; a name of ours. */
  readonly into: string;
  readonly access: Access;
  readonly maxUnpacked: number | undefined;
  /** Told every byte of the files that something beside them vouches for. */
  readonly watch: Watch | undefined;
  readonly cancel: AbortSignal;
  /** Told how many bytes were read since the last call. */
  onRead(bytes: number): void;
}

export interface Loaded {
  readonly table: SourceTable;
  /** Files that queries go on to read. */
  readonly reads: readonly string[];
  /** Index of the first row of each file. */
  readonly starts: readonly number[];
}

/** SQL of a row's index where the files themselves are scanned; only with it does a scan keep the order of the rows. */
export const SCANNED_ROW = '(row_number() OVER () - 1)';

export interface OpenOptions extends DuckdbOptions {
  /** `load` when left out. */
  readonly access?: Access;
  /** Where fetched files are kept between runs (absolute); in the system's temporary folder when left out. */
  readonly downloads?: string;
  /** Files that may be written once the engine is sealed (absolute). */
  readonly writes?: readonly string[];
  /** Further datasets that queries speak of, loaded beside it. */
  readonly others?: ReadonlyMap<string, DatasetSource>;
  /** Bytes of the source files read so far, and of all of them. */
  onProgress?(done: number, total: number): void;
}

export interface OpenDataset {
  /** The files it was read from (absolute), as `table.files` names them. */
  readonly paths: readonly string[];
  readonly format: DatasetFormat;
  readonly engine: DuckdbEngine;
  readonly table: SourceTable;
  /** Index of the first row of each file. */
  readonly starts: readonly number[];
  readonly others: ReadonlyMap<string, SourceTable>;
  /** A place for the numbers of one more scan. */
  scratch(): Scratch;
  /** Throws UserError when a source file is no longer what it was when it was opened. To be asked after the last scan. */
  verify(): Promise<void>;
}

/**
 * Reads a dataset into an engine of its own and seals it. The caller closes the engine, and verifies after a scan.
 * Throws UserError for files that are missing, that change, or that cannot be read as a whole; single bad lines are
 * counted instead.
 */
export async function openDataset(source: DatasetSource, options: OpenOptions): Promise<OpenDataset> {
  const inputs: SourceFiles[] = [];
  for (const each of [source, ...(options.others?.values() ?? [])]) inputs.push(await inputOf(each, options));
  const total = inputs.reduce((sum, { bytes }) => sum + bytes, 0);
  const verify = async () => {
    for (const input of inputs) await unchanged(input);
  };
  let done = 0;
  const onRead = (bytes: number) => {
    done += bytes;
    options.onProgress?.(Math.min(done, total), total);
  };
  const engine = await openDuckdb(options);
  try {
    const loaded: Loaded[] = [];
    for (const [i, input] of inputs.entries()) {
      const partitions = partitionsOf(input.files);
      const request = {
        ...input.source,
        files: input.files,
        path: input.path,
        engine,
        into: i === 0 ? 'source' : `other${i}`,
        // Values of folders are put beside the rows of their files once these are loaded.
        access: (i === 0 && !partitions && options.access) || 'load',
        maxUnpacked: input.source.max_unpacked,
        watch: input.vouched,
        cancel: options.cancel,
        onRead,
      };
      const one = await load(input.format, request).catch(async (error: unknown) => {
        options.cancel.throwIfAborted();
        await verify();
        throw error;
      });
      tellMismatches(input, options);
      loaded.push(partitions ? await withPartitions(engine, one, partitions) : one);
    }
    const [main, ...rest] = loaded;
    if (!main) throw new Error('nothing was loaded');
    const names = [...(options.others?.keys() ?? [])];
    const others = new Map(rest.map(({ table }, i) => [names[i] ?? '', table]));
    const reads = loaded.flatMap((each) => each.reads);
    if (reads.length === 0) await verify();
    await engine.seal([...reads, ...(options.writes ?? [])]);
    const [first] = inputs;
    return {
      engine,
      scratch: engine.scratch,
      table: main.table,
      starts: main.starts,
      others,
      verify,
      paths: first?.files.map(first.path) ?? [],
      format: first?.format ?? 'csv',
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

interface SourceFiles {
  readonly source: DatasetSource;
  readonly format: DatasetFormat;
  /** As messages and records name them. */
  readonly files: readonly string[];
  path(file: string): string;
  readonly stamps: readonly Stamp[];
  readonly bytes: number;
  /** Files whose content DVC vouches for. */
  readonly vouched: ReadonlyMap<string, TrackedContent>;
}

async function inputOf(source: DatasetSource, options: OpenOptions): Promise<SourceFiles> {
  const { env, cancel, notice } = options;
  const found = await findFiles({
    folder: source.folder,
    source: source.source,
    env,
    cancel,
    notice,
    downloads: options.downloads ?? join(env.RUNNER_TEMP || tmpdir(), 'assay-downloads'),
    ...(options.onProgress && {
      onTransfer: (done: number, total?: number) => options.onProgress?.(done, total ?? done),
    }),
  });
  const files = found.names ?? found.files;
  const paths = new Map(files.map((name, i) => [name, resolve(found.folder, found.files[i] ?? '')]));
  const stamps = await Promise.all([...paths.values()].map(stampOf));
  return {
    source,
    format: source.format ?? formatOf(files),
    files,
    path: (file) => paths.get(file) ?? file,
    stamps,
    vouched: new Map(
      files.flatMap((name, i) => {
        const tracked = found.tracked?.[i];
        return tracked ? [[name, new TrackedContent(tracked)] as const] : [];
      }),
    ),
    bytes: stamps.reduce((sum, { size }) => sum + Number(size), 0),
  };
}

/** Finds the files of a source, fetching what is elsewhere, and digests them. Throws UserError when there is none. */
export async function findSource(
  source: DatasetSource,
  options: OpenOptions,
): Promise<{ readonly paths: readonly string[]; readonly format: DatasetFormat; readonly digest: string }> {
  const input = await inputOf(source, options);
  const { files, path, format, bytes } = input;
  const digest = new SourceDigest(input.vouched);
  let done = 0;
  for (const file of files) {
    await digestFile({
      path: path(file),
      name: file,
      hash: digest.file(file),
      cancel: options.cancel,
      onRead: (read) => {
        done += read;
        options.onProgress?.(Math.min(done, bytes), bytes);
      },
    });
  }
  tellMismatches(input, options);
  return { paths: files.map(path), format, digest: digest.value() };
}

/** What was read may not be what its pointer says: an edited file is told, a damaged cache is refused. */
function tellMismatches({ vouched }: SourceFiles, { notice }: OpenOptions): void {
  for (const [file, content] of vouched) {
    const { pointer, cached } = content.tracked;
    if (content.matches()) continue;
    if (!cached) {
      notice(
        `${file} is not the content that ${pointer} stands for: dvc add takes the new one, dvc checkout brings the old one back`,
      );
      continue;
    }
    throw new UserError(`the content of ${file} in the cache of DVC is not what ${pointer} stands for`, {
      location: { file: pointer },
      mend: `the cache is damaged; fetch it again: dvc pull --force ${pointer}`,
    });
  }
}

/** Opens a dataset for as long as `use` takes, and verifies that its files stayed as they were. Throws as openDataset does. */
export async function useDataset<T>(
  source: DatasetSource,
  options: OpenOptions,
  use: (opened: OpenDataset) => Promise<T>,
): Promise<T> {
  const opened = await openDataset(source, options);
  try {
    const result = await use(opened).catch(async (error: unknown) => {
      options.cancel.throwIfAborted();
      // A file that was cut off meanwhile explains most errors.
      await opened.verify();
      throw error;
    });
    await opened.verify();
    return result;
  } finally {
    await opened.engine.close();
  }
}

async function unchanged({ files, path, stamps }: SourceFiles): Promise<void> {
  for (const [i, file] of files.entries()) {
    const before = stamps[i];
    const now = await stampOf(path(file)).catch(() => undefined);
    if (now && before && isSame(before, now)) continue;
    throw new UserError(`${file} changed while it was read`, {
      location: { file },
      mend: 'wait until it is written completely; write to another name and rename it at the end',
    });
  }
}

function load(format: DatasetFormat, request: LoadRequest): Promise<Loaded> {
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

function formatOf(files: readonly string[]): DatasetFormat {
  const formats = new Set(files.map(formatNamed));
  const [only] = formats;
  if (only && formats.size === 1) return only;
  const some = files.find((file) => formatNamed(file) === undefined);
  throw new UserError(
    some === undefined
      ? `the files of one dataset are of several formats: ${[...formats].join(', ')}`
      : `the name ${JSON.stringify(some)} does not tell its format`,
    { mend: `add one: format: ${datasetFormat.options.join(' | ')}` },
  );
}

function formatNamed(file: string): DatasetFormat | undefined {
  const extension = /\.([a-z0-9]+)$/.exec(file.toLowerCase().replace(/\.(gz|zst)$/, ''))?.[1] ?? '';
  return datasetFormat.safeParse({ txt: 'csv', ndjson: 'jsonl', pq: 'parquet' }[extension] ?? extension).data;
}
