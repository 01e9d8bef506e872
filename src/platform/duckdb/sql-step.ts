import { withoutValues } from '../../data/checks/custom-sql.js';
import { namedTable } from '../../data/checks/named.js';
import { textLiteral } from '../../data/literals.js';
import { UserError } from '../../errors.js';
import { plural } from '../../format.js';
import { type DatasetSource, type OpenOptions, useDataset } from './dataset.js';

/**
 * Runs a query of the user's over the table `input` and writes its rows as Parquet. The data is loaded first and the
 * engine sealed; one thread, so that sums and the order of groups are the same on every machine.
 * Throws UserError for a query that fails, and for lines of the input that are no rows.
 */
export async function runSqlStep(of: {
  readonly source: DatasetSource;
  readonly sql: string;
  readonly output: string;
  readonly timeoutSeconds?: number | undefined;
  readonly options: OpenOptions;
}): Promise<void> {
  const { source, output } = of;
  const options = { ...of.options, access: 'load' as const, threads: 1, writes: [output] };
  await useDataset(source, options, async ({ engine, table }) => {
    if (table.rejected > 0) {
      const named = table.rejections
        .slice(0, 3)
        .map(({ place, reason }) => `${place.file}:${place.number}: ${reason}`);
      throw new UserError(
        `${plural(table.rejected, 'line')} of the input cannot be read as rows: ${named.join('; ')}`,
        {
          mend: 'mend them, or clean the file by a step with run: before',
        },
      );
    }
    const select = await namedTable({ engine, table, config: { columns: {} } });
    await engine.query(`CREATE TABLE input AS ${select} ORDER BY ${table.row}`);
    await engine.query(`DROP TABLE ${table.relation}`);
    const sql = of.sql.replace(/[;\s]+$/, '');
    try {
      await engine.checkSelect(sql);
      await engine.query(
        `COPY (\n${sql}\n) TO ${textLiteral(output)} (FORMAT parquet, COMPRESSION zstd)`,
        of.timeoutSeconds === undefined ? {} : { timeoutSeconds: of.timeoutSeconds },
      );
    } catch (cause) {
      options.cancel.throwIfAborted();
      if (cause instanceof UserError || !(cause instanceof Error) || cause.name === 'OutsideError')
        throw cause;
      throw new UserError(`the query fails: ${withoutValues(cause.message)}`, {
        mend: 'it is a single SELECT over the table input, in the SQL of DuckDB',
        cause,
      });
    }
  });
}
