/** A SQL engine as the checks see it. Values come back as numbers, strings, booleans, bigint or null. */
export interface SqlEngine {
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}
