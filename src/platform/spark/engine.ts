import { withoutValues } from '../../data/checks/custom-sql.js';
import type { ClusterEngine, SqlEngine } from '../../data/ports.js';
import type { TableColumn } from '../../data/table.js';
import { UserError } from '../../errors.js';
import { MARK } from './casts.js';
import { refused } from './refused.js';
import { SparkError, type SparkSession } from './session.js';
import { sparkSql } from './sql.js';

/** The engine of checks and profiles, on Spark. Columns are those of the tables it reads, by their SQL. */
export function sparkEngine(of: {
  readonly session: SparkSession;
  readonly columns: ReadonlyMap<string, TableColumn>;
  /** The engine of this machine, for questions about SQL itself. */
  readonly local: SqlEngine;
  readonly queryTimeoutSeconds?: number | undefined;
}): SqlEngine {
  const { session, columns, local } = of;
  const views = new Set<string>();
  const drop = async (name: string) => {
    views.delete(name);
    await session.request({ op: 'drop', name });
  };
  const inTime = <T>(seconds: number | undefined, work: () => Promise<T>): Promise<T> =>
    limited({ seconds: seconds ?? of.queryTimeoutSeconds, session }, work);
  const cluster: ClusterEngine = {
    query: (sql) => asked(() => inTime(undefined, () => session.query(sql))),
    rank: async (name, select) => {
      views.add(name);
      await asked(() => session.request({ op: 'rank', name, sql: sparkSql(select, columns) }));
    },
    drop,
  };
  return {
    cluster,
    query: async (sql, limit = {}) => {
      const made = /^CREATE (?:TEMP )?TABLE (\w+) AS (.*)$/s.exec(sql);
      if (made) {
        const [, name = '', select = ''] = made;
        views.add(name);
        await asked(() => session.request({ op: 'keep', name, sql: sparkSql(select, columns) }));
        return [];
      }
      const gone = /^DROP TABLE (\w+)$/.exec(sql);
      if (gone) {
        await drop(gone[1] ?? '');
        return [];
      }
      const translated = sparkSql(sql, columns);
      // Whether a regular expression is one, and the like: RE2 is here.
      if (!/\bFROM\b/.test(sql)) return local.query(sql, limit);
      return asked(() => inTime(limit.timeoutSeconds, () => session.query(translated)));
    },
    numbers: (sql) => session.numbers(sparkSql(sql, columns)),
    checkSelect: async () => {
      throw refused(
        'a check in SQL cannot be run: it is in the SQL of DuckDB',
        'write it as another check, or let this dataset be read here: executor: local',
      );
    },
    close: async () => {
      for (const name of [...views]) await drop(name);
    },
  };
}

async function limited<T>(
  { seconds, session }: { readonly seconds: number | undefined; readonly session: SparkSession },
  work: () => Promise<T>,
): Promise<T> {
  if (seconds === undefined) return work();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void session.kill();
  }, seconds * 1000);
  try {
    return await work();
  } catch (cause) {
    if (!late) throw cause;
    throw new UserError(`the query took longer than ${seconds} s and was stopped`, {
      mend: 'make it cheaper, or raise the limit in assay.yml: engine: { query_timeout: 30m }',
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** A value that the two engines read differently ends the job with a sentence of ours. */
async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SparkError)) throw error;
    const at = error.message.indexOf(MARK);
    if (at >= 0) {
      const words = error.message.slice(at + MARK.length).split(/\s*(?:SQLSTATE|\n)/)[0] ?? '';
      throw refused(`this dataset cannot be read alike: ${words.trim()}`);
    }
    // Anything else is a mistake of ours; its message may quote the data.
    throw new Error(`Spark refuses a statement (${error.kind}): ${withoutQuotes(error.message)}`, {
      cause: error,
    });
  }
}

function withoutQuotes(message: string): string {
  return withoutValues(message)
    .replace(/(["'])(?:(?!\1).)*\1/g, '…')
    .slice(0, 600);
}
