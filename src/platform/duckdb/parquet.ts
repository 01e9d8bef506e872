import { Places } from '../../data/places.js';
import type { TableColumn } from '../../data/table.js';
import { UserError } from '../../errors.js';
import { digestFile, SourceDigest } from './content.js';
import { type Loaded, type LoadRequest, SCANNED_ROW } from './dataset.js';
import { pathLiteral } from './engine.js';
import { sameCount } from './lines.js';

interface ParquetColumn {
  readonly name: string;
  readonly type: string;
}

/** Loads Parquet; columns keep their types, rows are counted from 1 in each file. Several files have the same columns. */
export async function loadParquet(request: LoadRequest): Promise<Loaded> {
  const { engine, files, path, into } = request;
  const digest = new SourceDigest(request.watch);
  const places = new Places();
  let first: { readonly file: string; readonly columns: readonly ParquetColumn[] } | undefined;
  for (const file of files) {
    await digestFile({
      path: path(file),
      name: file,
      hash: digest.file(file),
      cancel: request.cancel,
      onRead: request.onRead,
    });
    const { columns, rows } = await describe(request, file);
    if (first && JSON.stringify(columns) !== JSON.stringify(first.columns)) {
      throw new UserError(
        `${file} has other columns than ${first.file}: ${difference(first.columns, columns)}`,
        {
          location: { file },
          mend: 'the files of one dataset have the same columns and types in the same order',
        },
      );
    }
    first ??= { file, columns };
    places.startFile(file);
    places.add(1, rows);
  }
  const columns = first?.columns ?? [];
  const paths = files.map((file) => pathLiteral(path(file)));
  const names = columns.map((_, i) => `c${i}`);
  // A function with renamed columns: a subquery would keep the reader from being told which columns are wanted.
  const reader = `read_parquet([${paths.join(', ')}], hive_partitioning = false) AS source(${names.join(', ')})`;
  const { starts } = places;
  const facts = {
    columns: columns.map(
      ({ name, type }, i): TableColumn => ({ name, sql: `c${i}`, storage: { kind: 'native', type } }),
    ),
    read: places.count,
    rejected: 0,
    rejections: [],
    rowsAre: 'rows' as const,
    files,
    digest: digest.value(),
    place: (index: number) => places.at(index),
  };
  if (request.access === 'scan') {
    return {
      table: { ...facts, relation: reader, row: SCANNED_ROW },
      reads: files.map(path),
      starts,
    };
  }
  const [loaded] = await engine.query(`CREATE TABLE ${into} AS SELECT * FROM ${reader}`);
  sameCount(places.count, loaded?.Count);
  return { table: { ...facts, relation: into, row: 'rowid' }, reads: [], starts };
}

async function describe(
  { engine, path }: LoadRequest,
  file: string,
): Promise<{ readonly columns: readonly ParquetColumn[]; readonly rows: number }> {
  const from = `read_parquet(${pathLiteral(path(file))}, hive_partitioning = false)`;
  try {
    const columns = await engine.query(`DESCRIBE SELECT * FROM ${from}`);
    const [counted] = await engine.query(`SELECT count(*) AS n FROM ${from}`);
    return {
      columns: columns.map((column) => ({
        name: String(column.column_name),
        type: String(column.column_type),
      })),
      rows: Number(counted?.n),
    };
  } catch (cause) {
    throw new UserError(`${file} is not a whole Parquet file`, {
      location: { file },
      mend: 'it is damaged, cut off, or of another format; write it again or name its format',
      cause,
    });
  }
}

function difference(expected: readonly ParquetColumn[], found: readonly ParquetColumn[]): string {
  const i = expected.findIndex((column, at) => JSON.stringify(column) !== JSON.stringify(found[at]));
  const words = (column: ParquetColumn | undefined) =>
    column ? `${JSON.stringify(column.name)} (${column.type})` : 'no further column';
  const at = i < 0 ? expected.length : i;
  return `${words(found[at])} instead of ${words(expected[at])}`;
}
