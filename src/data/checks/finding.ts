import type { Severity } from '../../config/data.js';
import type { Place } from '../places.js';
import type { SourceTable, TableColumn } from '../table.js';
import { textOf, typedValueOf, type ValueType } from '../values.js';

/** What a check measures, in SQL over the relation `v` (see `valuesOf`), and how the answer is judged. */

/** What came of a check. */
export interface Judged {
  readonly failing: number;
  readonly total: number;
  /** When left out: the share of failing ones is within the check's tolerance. */
  readonly passed?: boolean;
  readonly detail?: string;
}

/** How the rows that fail are named. */
export type FailingRows =
  /** Rows for which the condition holds. */
  | { readonly kind: 'where'; readonly condition: string }
  /**
   * Rows that repeat an earlier key; with `every`, all rows whose key occurs more than once. Without a condition, rows
   * with a missing part of the key are skipped.
   */
  | {
      readonly kind: 'repeats';
      readonly keys: readonly string[];
      readonly every: boolean;
      readonly considered?: string;
    };

/** A second look: aggregates over the groups of equal keys, a missing part of a key being a value like others. */
export interface Grouped {
  readonly kind: 'grouped';
  readonly keys: readonly string[];
  /** Condition over `v` of the rows that are grouped. */
  readonly considered: string;
  /** SQL over the keys, `n` (rows of the group) and `most` (rows of the largest group). */
  readonly terms: readonly string[];
  judge(values: readonly unknown[]): Judged;
}

/** Aggregates that are computed in one scan together with those of other checks. */
export interface Measured {
  readonly kind: 'measured';
  readonly terms: readonly string[];
  /** @param values one for each term */
  judge(values: readonly unknown[]): Judged | Measured | Grouped;
  readonly failing: FailingRows | null;
}

export type Finding =
  | Measured
  /** Decided by the schema or the number of rows alone. */
  | {
      readonly kind: 'decided';
      readonly judged: Judged;
      /** Where, when it is about lines of the files. */
      readonly places?: readonly Place[];
    }
  /** Each present value is compared with the present value before it. */
  | {
      readonly kind: 'monotonic';
      readonly value: string;
      readonly direction: 'increasing' | 'decreasing';
      readonly strictly: boolean;
      /** When left out, the check's tolerance decides. */
      judge?(failing: number, total: number): Judged;
    }
  /** Rows whose key is not in the other table fail; a key with a missing part is skipped. */
  | {
      readonly kind: 'foreign';
      readonly keys: readonly string[];
      /** SQL behind FROM, with columns k0, k1 … */
      readonly other: string;
    }
  /** A query of the user's over the table `data`; the rows it returns are violations. */
  | { readonly kind: 'query'; readonly sql: string };

export interface PlannedCheck {
  /** What is asked, in words. */
  readonly check: string;
  readonly column: string | null;
  readonly severity: Severity;
  /** Largest share of failing values that still passes. */
  readonly maxFailing: number;
  readonly finding: Finding;
  /** The values its SQL speaks of. */
  readonly reads: readonly Read[];
  /** SQL condition over `v`: only rows for which it is true are looked at. */
  readonly where?: string | undefined;
  /** SQL of the keys of groups in each of which it must hold. */
  readonly by?: readonly string[] | undefined;
  /** SQL of the offending value as text; null when there is none to show. */
  readonly value: string | null;
  readonly detail: string | null;
  /** Regular expressions of its SQL, to try before anything else. */
  readonly patterns?: readonly string[];
  /** Where it stands below the dataset in assay.yml. */
  readonly path: readonly (string | number)[];
}

/** One form of a column's value in `v`. */
export interface Read {
  readonly alias: string;
  readonly sql: string;
}

/** A column that the file has, as checks speak of it. */
export interface KnownColumn {
  readonly column: TableColumn;
  readonly type: ValueType | undefined;
  /** Names in `v`: the value as stored, as text and as its type. */
  readonly stored: string;
  readonly text: string;
  readonly typed: string;
  readonly reads: readonly Read[];
  /** Its value as another type; NULL where it is not of that type. */
  as(type: ValueType): Read;
}

export function knownColumn(column: TableColumn, index: number, type: ValueType | undefined): KnownColumn {
  const stored = { alias: `p${index}`, sql: column.sql };
  const text = { alias: `s${index}`, sql: textOf(column) };
  const as = (wanted: ValueType): Read => ({
    alias: `t${index}_${wanted}`,
    sql: typedValueOf(column, wanted),
  });
  const typed = type ? as(type) : text;
  return {
    column,
    type,
    stored: stored.alias,
    text: text.alias,
    typed: typed.alias,
    reads: [stored, text, ...(type ? [typed] : [])],
    as,
  };
}

/** SQL of the relation that these checks speak of, to stand behind FROM: only their columns, however wide the table. */
export function valuesOf(
  table: SourceTable,
  reads: readonly Read[],
  options: { readonly numbered?: boolean } = {},
): string {
  const unique = new Map(reads.map(({ alias, sql }) => [alias, `${sql} AS ${alias}`]));
  const row = options.numbered ? [`${table.row} AS r`] : [];
  const selected = [...row, ...unique.values()];
  return `(SELECT ${selected.length > 0 ? selected.join(', ') : '1 AS one'} FROM ${table.relation}) AS v`;
}

/** Rows of `total` for which `failing` holds; both are conditions over `v`. */
export function rowsFinding(failing: string, total: string): Measured {
  return {
    kind: 'measured',
    terms: [`count(*) FILTER (WHERE ${failing})`, `count(*) FILTER (WHERE ${total})`],
    judge: ([failed, all]) => ({ failing: Number(failed), total: Number(all) }),
    failing: { kind: 'where', condition: failing },
  };
}

/** Rows that repeat an earlier key fail; rows with a missing part of the key are skipped. */
export function uniqueFinding(keys: readonly string[]): Measured {
  const present = allPresent(keys);
  return {
    kind: 'measured',
    terms: [`count(DISTINCT ${keyOf(keys)}) FILTER (WHERE ${present})`, `count(*) FILTER (WHERE ${present})`],
    judge: ([distinct, all]) => ({ failing: Number(all) - Number(distinct), total: Number(all) }),
    failing: { kind: 'repeats', keys, every: false },
  };
}

export function allPresent(keys: readonly string[]): string {
  return keys.map((key) => `${key} IS NOT NULL`).join(' AND ');
}

export function keyOf(keys: readonly string[]): string {
  return keys.length === 1 ? `${keys[0]}` : `row(${keys.join(', ')})`;
}

/** Condition over `v`: the key is not in the other table. */
export function notIn({ keys, other }: { readonly keys: readonly string[]; readonly other: string }): string {
  const same = keys.map((key, i) => `o.k${i} = v.${key}`).join(' AND ');
  return `NOT EXISTS (SELECT 1 FROM ${other} AS o WHERE ${same})`;
}
