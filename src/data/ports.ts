/** A SQL engine as the checks see it. Values come back as numbers, strings, booleans, bigint or null. */
export interface SqlEngine {
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * The rows of a query whose columns are all DOUBLE and never NULL, a batch of rows at a time: one array per column.
   * For results too large to be objects.
   */
  numbers(sql: string): AsyncIterable<readonly Float64Array[]>;
  close(): Promise<void>;
}
