import { textTable } from '../../report/table.js';

/** Nothing at all when there are no lines. */
export function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${oneLine(line)}`)];
}

/** Columns in which no row has anything are left out. */
export function table(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const used = columns.map((_, index) => index).filter((index) => rows.some((row) => row[index]));
  const text = textTable({
    columns: used.map((index) => ({ title: columns[index] ?? '' })),
    rows: rows.map((row) => used.map((index) => row[index] ?? '')),
  });
  return rows.length === 0 ? [] : section(title, text.split('\n'));
}

export function optional<T>(value: T | null, format: (value: T) => string): string {
  return value === null ? '' : format(value);
}

export function jsonOr(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

/** Lines are made safe one by one, so text from outside must not bring its own. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n\u0085\u2028\u2029]+/g, ' ');
}
