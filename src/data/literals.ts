/** Values as SQL literals. Names never reach SQL: columns are numbered by the loader. */

/**
 * Text as a SQL expression. Quotes are doubled; backslashes mean nothing in a standard literal; NUL, which would end
 * the statement early, is spelled `chr(0)`.
 */
export function textLiteral(text: string): string {
  const parts = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? `${parts[0]}` : `(${parts.join(' || chr(0) || ')})`;
}

/** A finite number, exactly as JavaScript has it. */
export function numberLiteral(value: number, type: 'DOUBLE' | 'HUGEINT'): string {
  if (!Number.isFinite(value)) throw new Error(`${value} has no SQL literal`);
  const digits = type === 'HUGEINT' ? BigInt(value).toString() : String(value);
  return `CAST('${digits}' AS ${type})`;
}

export function listLiteral(items: readonly string[]): string {
  return `(${items.join(', ')})`;
}
