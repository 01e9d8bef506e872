/** What an engine does whose rows stay on a cluster: only answers travel here. */
export interface ClusterEngine {
  /** A statement in the engine's own SQL. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * Keeps what a query returns, columns `v` (distinct, ascending) and `n` (how often), under a name, with `upto`: how many values
   * are at most v.
   */
  rank(name: string, select: string): Promise<void>;
  drop(name: string): Promise<void>;
}

/** A SQL engine as the checks see it. Values come back as numbers, strings, booleans, bigint or null. */
export interface SqlEngine {
  /** Throws UserError when the statement runs longer than `timeoutSeconds` (the engine's own limit when left out). */
  query(
    sql: string,
    limit?: { readonly timeoutSeconds?: number },
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * The rows of a query whose columns are all DOUBLE and never NULL, a batch of rows at a time: one array per column.
   * For results too large to be objects.
   */
  numbers(sql: string): AsyncIterable<readonly Float64Array[]>;
  /** Throws UserError unless the text is one single SELECT. */
  checkSelect(sql: string): Promise<void>;
  close(): Promise<void>;
  /** Left out where rows can be brought here cheaply: they are in this process. */
  readonly cluster?: ClusterEngine;
}
