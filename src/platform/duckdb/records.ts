import { join } from 'node:path';
import { textLiteral } from '../../data/literals.js';
import { UserError } from '../../errors.js';
import { type DuckdbEngine, type DuckdbOptions, openDuckdb, pathLiteral } from './engine.js';

/** Tables of records as Parquet files. */

interface Column {
  readonly name: string;
  readonly type: string;
  readonly from: { readonly field: string } | { readonly flat: string };
}

/** Rows of 5 kB each are read as a whole group: so many fit into the memory of any machine. */
const ROW_GROUP = 8192;
/** What DuckDB takes for one line of JSON unless told. */
const USUAL_LINE = 16 * 2 ** 20;

/**
 * Writes one file.
 * @param source lines of JSON, each `{ record, flat, text }`
 * @param longest bytes of the longest line
 */
export async function writeRecordTable(
  engine: DuckdbEngine,
  table: {
    readonly source: string;
    readonly target: string;
    readonly columns: readonly Column[];
    readonly textColumn: string;
    readonly longest: number;
  },
): Promise<void> {
  const nested = table.columns.filter(({ from }) => 'field' in from);
  const flat = table.columns.filter(({ from }) => 'flat' in from);
  const struct = (columns: readonly Column[]) =>
    columns.length === 0
      ? 'JSON'
      : `STRUCT(${columns.map(({ type, from }) => `${identifier(place(from))} ${type}`).join(', ')})`;
  const reader = [
    `read_json(${pathLiteral(table.source)}`,
    `format = 'newline_delimited'`,
    `maximum_object_size = ${Math.max(USUAL_LINE, table.longest + 1024)}`,
    `columns = { record: ${textLiteral(struct(nested))}, flat: ${textLiteral(struct(flat))}, text: 'VARCHAR' })`,
  ].join(', ');
  const selected = [
    ...nested.map(({ name, from }) => `record.${identifier(place(from))} AS ${identifier(name)}`),
    ...flat.map(({ name, from }) => `flat.${identifier(place(from))} AS ${identifier(name)}`),
    `text AS ${identifier(table.textColumn)}`,
  ];
  await engine.query(
    `COPY (SELECT ${selected.join(', ')} FROM ${reader}) TO ${textLiteral(table.target)} ` +
      `(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP})`,
  );
}

function place(from: Column['from']): string {
  return 'field' in from ? from.field : from.flat;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The texts of one column of Parquet files, one after another with the memory of a few.
 * @throws UserError for a file that is none, or has no such column
 */
export async function* readTexts(
  files: readonly { readonly path: string; readonly label: string }[],
  options: DuckdbOptions & { readonly column: string },
): AsyncGenerator<{ readonly text: string; readonly label: string; readonly row: number }> {
  const engine = await openDuckdb(options);
  try {
    await engine.seal(files.map(({ path }) => path));
    for (const { path, label } of files) {
      const from = `read_parquet(${pathLiteral(path)}, hive_partitioning = false)`;
      await checkColumn(engine, { from, label, column: options.column });
      let row = 0;
      for await (const texts of engine.texts(`SELECT ${identifier(options.column)} FROM ${from}`)) {
        for (const text of texts) {
          row += 1;
          if (text === null) throw new UserError(`row ${row} of ${label} has no ${options.column}`);
          yield { text, label, row };
        }
      }
    }
  } finally {
    await engine.close();
  }
}

async function checkColumn(
  engine: DuckdbEngine,
  file: { readonly from: string; readonly label: string; readonly column: string },
): Promise<void> {
  const described = await engine.query(`DESCRIBE SELECT * FROM ${file.from}`).catch((cause) => {
    throw new UserError(`${file.label} is not a whole Parquet file`, {
      location: { file: file.label },
      mend: 'it is damaged, cut off, or of another format; write it again: assay export parquet FOLDER',
      cause,
    });
  });
  const column = described.find(({ column_name: name }) => name === file.column);
  if (column?.column_type === 'VARCHAR') return;
  throw new UserError(
    `${file.label} has no column ${JSON.stringify(file.column)} with the text of the records`,
    {
      location: { file: file.label },
      mend: 'only what `assay export parquet` wrote can be imported: the other columns are for reading',
    },
  );
}

/** A file of lines in the engine's own folder. */
export function scratchFile(engine: DuckdbEngine, name: string): string {
  return join(engine.folder, `${name}.ndjson`);
}
