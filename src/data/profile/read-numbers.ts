import type { SqlEngine } from '../ports.js';
import { SortedCollector, type SortedValues, sortedValues } from '../sorted-values.js';
import type { SourceTable } from '../table.js';
import type { ProfileType } from './infer.js';
import { NumberColumns, type Overflow } from './number-columns.js';
import {
  type Attempt,
  type Counted,
  isNumeric,
  type NumericType,
  nextAttempt,
  numberSql,
  valueSql,
} from './typed.js';

/** Numbers and times: one scan of the data brings them all, and each column is then looked at alone. */

/** Columns of one statement, so that it stays bounded for the widest of tables. */
const COLUMNS_AT_ONCE = 200;
/** From 2^53 on, two integers may be the same double. */
const EXACT = Number.MAX_SAFE_INTEGER;

/** Where numbers wait until they are looked at; in memory when left out. */
export interface Scratch {
  readonly bytes: number;
  readonly overflow: Overflow;
}

export interface NumberColumn extends Counted {
  readonly name: string;
  readonly type: ProfileType;
  readonly declared: boolean;
  /** Exact values in the relation, as SQL. */
  readonly sql: string;
  /** Integers beyond 2^53 were seen. */
  readonly wide: boolean;
  /** In the order of the rows; NaN where it is missing or not of the type. Microseconds since 1970 for times. */
  readonly values: { readonly of: NumberColumns; readonly at: number };
}

/**
 * Reads the columns whose attempt is a number or a time. An undeclared type that does not fit every value is widened and
 * its column read again.
 * @returns by index of the attempt: the column that was read, or the attempt that is left when it turned out to hold texts
 */
export async function readNumbers(options: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly attempts: readonly Attempt[];
  readonly scratch?: (() => Scratch) | undefined;
  onProgress?(rows: number): void;
}): Promise<readonly (NumberColumn | Attempt)[]> {
  const found: (NumberColumn | Attempt)[] = [...options.attempts];
  let open = options.attempts.flatMap((attempt, index) => numeric(attempt, index));
  while (open.length > 0) {
    const again: typeof open = [];
    for (let from = 0; from < open.length; from += COLUMNS_AT_ONCE) {
      const some = open.slice(from, from + COLUMNS_AT_ONCE);
      const { columns, tallies } = await scan(
        options,
        some.map(({ attempt }) => attempt),
      );
      some.forEach(({ index, attempt }, at) => {
        const { missing, invalid, wide } = tallies[at] as Tally;
        const present = options.table.read - missing;
        const counted = { present, valid: present - invalid };
        const next = nextAttempt(attempt, counted);
        if (next !== attempt) {
          found[index] = next;
          again.push(...numeric(next, index));
          return;
        }
        const { column, type, declared } = attempt;
        found[index] = {
          name: column.name,
          type,
          declared,
          sql: valueSql(attempt),
          ...counted,
          wide: type === 'integer' && wide,
          values: { of: columns, at },
        };
      });
    }
    open = again;
  }
  return found;
}

type NumericAttempt = Attempt & { readonly type: NumericType };

function numeric(
  attempt: Attempt,
  index: number,
): readonly { readonly index: number; readonly attempt: NumericAttempt }[] {
  const { type } = attempt;
  return isNumeric(type) ? [{ index, attempt: { ...attempt, type } }] : [];
}

interface Tally {
  missing: number;
  invalid: number;
  wide: boolean;
}

async function scan(
  options: Parameters<typeof readNumbers>[0],
  attempts: readonly NumericAttempt[],
): Promise<{ readonly columns: NumberColumns; readonly tallies: readonly Tally[] }> {
  const { engine, table } = options;
  const columns = new NumberColumns({ columns: attempts.length, memory: options.scratch?.() });
  const tallies = attempts.map((): Tally => ({ missing: 0, invalid: 0, wide: false }));
  const query = `SELECT ${attempts.map(numberSql).join(', ')} FROM ${table.relation}`;
  for await (const batch of engine.numbers(query)) {
    await columns.add(batch.map((values, c) => tallied(values, tallies[c] as Tally)));
    options.onProgress?.(columns.rows);
  }
  if (columns.rows !== table.read) {
    throw new Error(`${table.read} rows were counted and the engine read ${columns.rows}`);
  }
  return { columns, tallies };
}

/** The values, NaN for those that are not of the type. */
function tallied(values: Float64Array, tally: Tally): Float64Array {
  let [missing, invalid, wide] = [0, 0, false];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value <= EXACT && value >= -EXACT) continue;
    if (Number.isNaN(value)) missing++;
    else if (Number.isFinite(value)) wide = true;
    else invalid++;
  }
  tally.missing += missing;
  tally.invalid += invalid;
  tally.wide ||= wide;
  return invalid === 0 ? values : values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
}

/** The numbers of a column in ascending order, with the exact number of distinct values. */
export async function sortedColumn(
  { engine, relation }: { readonly engine: SqlEngine; readonly relation: string },
  { values, valid, wide, sql }: NumberColumn,
): Promise<{ readonly sorted: SortedValues; readonly distinct: number }> {
  if (wide) return sortedWide(engine, `SELECT ${sql} AS v FROM ${relation} WHERE ${sql} IS NOT NULL`);
  const all = await values.of.column(values.at);
  let used = 0;
  if (valid < all.length) {
    for (const value of all) if (!Number.isNaN(value)) all[used++] = value;
  }
  const sorted = sortedValues(valid < all.length ? all.subarray(0, used) : all);
  return { sorted, distinct: sorted.values.length };
}

/** Integers that may collide as doubles are grouped as they are. */
async function sortedWide(
  engine: SqlEngine,
  source: string,
): Promise<{ readonly sorted: SortedValues; readonly distinct: number }> {
  const collector = new SortedCollector();
  const query = `SELECT CAST(v AS DOUBLE), CAST(count(*) AS DOUBLE) FROM (${source}) AS s GROUP BY v ORDER BY v`;
  for await (const [values, counts] of engine.numbers(query)) if (values) collector.add(values, counts);
  return { sorted: collector.result(), distinct: collector.added };
}
