import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textLiteral } from '../../data/literals.js';
import type { SqlEngine } from '../../data/ports.js';
import type { SourceTable, TableColumn } from '../../data/table.js';
import { type DatasetSource, type OpenDataset, type OpenOptions, useDataset } from '../duckdb/dataset.js';
import { sparkEngine } from './engine.js';
import { refused } from './refused.js';
import type { SparkSession } from './session.js';

/**
 * A dataset in Spark. Where lines, rows and columns are is decided as ever: text is read once, in one pass on this machine, checked
 * line by line and handed on as Parquet; so bad lines, line numbers and missing values cannot differ. Parquet is read by Spark
 * where it lies. Everything that is computed over rows is then computed by Spark.
 */
export async function useSparkDataset<T>(
  source: DatasetSource,
  options: OpenOptions & {
    readonly session: SparkSession;
    /** A folder that the machines of the cluster see too (absolute); a temporary one of this machine when left out. */
    readonly staging?: string | undefined;
  },
  use: (opened: Pick<OpenDataset, 'engine' | 'table' | 'others' | 'scratch'>) => Promise<T>,
): Promise<T> {
  const parent = options.staging ?? options.spillFolder ?? (options.env.RUNNER_TEMP || tmpdir());
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'assay-staged-'));
  const staged = (index: number) => join(folder, `${index}.parquet`);
  const names = [...(options.others?.keys() ?? [])];
  try {
    const writes = Array.from({ length: names.length + 1 }, (_, i) => staged(i));
    return await useDataset(source, { ...options, access: 'scan', writes }, async (opened) => {
      const columns = new Map<string, TableColumn>();
      const view = async (table: SourceTable, index: number): Promise<SourceTable> => {
        // A name says in every statement which column of which table it is.
        const prefix = index === 0 ? '' : `o${index}`;
        const named = table.columns.map((column) => ({ ...column, sql: `${prefix}${column.sql}` }));
        for (const column of named) columns.set(column.sql, column);
        const name = index === 0 ? 'source' : `other${index}`;
        const request = isInPlace(table, opened, index)
          ? inPlace(opened)
          : await stage(opened.engine, table, { path: staged(index), prefix });
        await options.session.request({ op: 'open', name, ...request });
        return { ...table, columns: named, relation: name, row: 'source_row' };
      };
      const table = await view(opened.table, 0);
      const others = new Map<string, SourceTable>();
      for (const [i, name] of names.entries()) {
        const other = opened.others.get(name);
        if (other) others.set(name, await view(other, i + 1));
      }
      const engine: SqlEngine = sparkEngine({
        session: options.session,
        columns,
        local: opened.engine,
        queryTimeoutSeconds: options.queryTimeoutSeconds,
      });
      try {
        return await use({ engine: { ...opened.engine, ...engine }, table, others, scratch: opened.scratch });
      } finally {
        await engine.close().catch(() => undefined);
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How values are read that Spark has in another form. */
type ReadAs = 'nanoseconds' | 'timestamp';

interface Opening {
  readonly files: readonly { readonly path: string; readonly start: number }[];
  readonly columns: readonly { readonly name: string; readonly read?: ReadAs }[];
  /** Whether the rows carry their index. */
  readonly numbered: boolean;
}

/** Files of typed columns that nothing had to be mended in. */
function isInPlace(table: SourceTable, { format }: OpenDataset, index: number): boolean {
  return index === 0 && format === 'parquet' && table.relation.startsWith('read_parquet(');
}

function inPlace({ table, paths, starts }: OpenDataset): Opening {
  return {
    files: paths.map((path, i) => ({ path, start: starts[i] ?? 0 })),
    columns: table.columns.map((column) => ({ name: column.sql, ...readAs(column) })),
    numbered: false,
  };
}

function readAs({ name, storage }: TableColumn): { readonly read?: ReadAs } {
  if (storage.kind !== 'native') return {};
  if (storage.type === 'UUID' || storage.type === 'TIMESTAMP_NS') {
    if (storage.type === 'TIMESTAMP_NS') return { read: 'nanoseconds' };
    throw refused(`${JSON.stringify(name)} cannot be read: it is stored as ${storage.type}`);
  }
  return storage.type.startsWith('TIMESTAMP') ? { read: 'timestamp' } : {};
}

interface StagedColumn {
  readonly name: string;
  readonly sql: string;
  readonly read?: ReadAs;
}

/** Writes the rows as Parquet, in their order; of JSON also what its values are as text, as it is read here. */
async function stage(
  engine: SqlEngine,
  table: SourceTable,
  { path, prefix }: { readonly path: string; readonly prefix: string },
): Promise<Opening> {
  // Rows that are scanned come in order; numbering them would cost the scan its threads.
  const isScan = table.relation.startsWith('read_') || table.relation.startsWith('(');
  const columns = table.columns.flatMap((column): readonly StagedColumn[] => {
    const { sql, storage } = column;
    if (storage.kind !== 'json') return [{ name: `${prefix}${sql}`, sql, ...readAs(column) }];
    return [
      { name: `${prefix}${sql}`, sql: `CAST(${sql} AS VARCHAR)` },
      { name: `${prefix}${sql}_type`, sql: `json_type(${sql})` },
      { name: `${prefix}${sql}_text`, sql: `json_extract_string(${sql}, '$')` },
    ];
  });
  const numbered = isScan ? [] : [{ name: 'source_row', sql: `CAST(${table.row} AS BIGINT)` }];
  const all: readonly StagedColumn[] = [...columns, ...numbered];
  const selected = all.map(({ name, sql }) => `${sql} AS ${name}`);
  if (selected.length === 0) selected.push('1 AS nothing');
  await engine.query(
    `COPY (SELECT ${selected.join(', ')} FROM ${table.relation}${isScan ? '' : ` ORDER BY ${table.row}`}) TO ${textLiteral(path)} (FORMAT parquet, COMPRESSION snappy)`,
  );
  return {
    files: [{ path, start: 0 }],
    columns: all.length === 0 ? [{ name: 'nothing' }] : all.map(({ sql: _, ...column }) => column),
    numbered: !isScan,
  };
}
