import type { SqlEngine } from '../ports.js';
import type { SourceTable } from '../table.js';
import type { ProfileType } from './infer.js';
import { type Attempt, isNumeric, nextAttempt, valueSql } from './typed.js';

/** A column of a table of typed values that a cluster keeps: each is wanted many times, and stays there. */
export interface TypedColumn {
  readonly name: string;
  readonly type: ProfileType;
  readonly declared: boolean;
  readonly relation: string;
  /** A plain name; microseconds since 1970 for times; NULL when missing or not of the type. */
  readonly sql: string;
  readonly present: number;
  readonly valid: number;
  /** About how many distinct values; of numbers and times. */
  readonly roughlyDistinct: number;
  /** Integers beyond 2^53, where two may be the same double. */
  readonly wide: boolean;
}

/** Aggregates of one statement: one scan for most datasets, and a bounded statement for all. */
const COLUMNS_AT_ONCE = 100;

/** Parses the values once; an undeclared type that does not fit every value is widened, and the table made again. */
export async function typedColumns(of: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly attempts: readonly Attempt[];
}): Promise<readonly TypedColumn[]> {
  const { engine, table } = of;
  let attempts = of.attempts;
  for (let round = 0; ; round++) {
    const relation = `typed${round}`;
    const selected = attempts.flatMap((attempt, i) => [
      `${valueSql(attempt)} AS p${i}`,
      `${attempt.column.sql} IS NOT NULL AS n${i}`,
    ]);
    await engine.query(`CREATE TABLE ${relation} AS SELECT ${selected.join(', ')} FROM ${table.relation}`);
    const counted = await countColumns(engine, relation, attempts);
    const next = attempts.map((attempt, i) => nextAttempt(attempt, counted[i] as Counts));
    if (next.every((attempt, i) => attempt === attempts[i])) {
      return attempts.map(({ column, type, declared }, i) => ({
        name: column.name,
        type,
        declared,
        relation,
        sql: `p${i}`,
        ...(counted[i] as Counts),
      }));
    }
    await engine.query(`DROP TABLE ${relation}`);
    attempts = next;
  }
}

type Counts = Pick<TypedColumn, 'present' | 'valid' | 'roughlyDistinct' | 'wide'>;

async function countColumns(
  engine: SqlEngine,
  relation: string,
  attempts: readonly Attempt[],
): Promise<readonly Counts[]> {
  const counted: Counts[] = [];
  for (let at = 0; at < attempts.length; at += COLUMNS_AT_ONCE) {
    const some = attempts.slice(at, at + COLUMNS_AT_ONCE);
    const terms = some.flatMap(({ type }, k) => {
      const i = at + k;
      return [
        `count(*) FILTER (WHERE n${i}) AS n${i}`,
        `count(p${i}) AS v${i}`,
        ...(isNumeric(type) ? [`approx_count_distinct(p${i}) AS d${i}`] : []),
        ...(type === 'integer' ? [`min(p${i}) < -${2 ** 53} OR max(p${i}) > ${2 ** 53} AS w${i}`] : []),
      ];
    });
    const [row] = await engine.query(`SELECT ${terms.join(', ')} FROM ${relation}`);
    some.forEach((_, k) => {
      const i = at + k;
      counted.push({
        present: Number(row?.[`n${i}`]),
        valid: Number(row?.[`v${i}`]),
        roughlyDistinct: Number(row?.[`d${i}`] ?? 0),
        wide: row?.[`w${i}`] === true,
      });
    });
  }
  return counted;
}
