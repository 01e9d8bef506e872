/** The few forms of markdown that a report is made of. Cells and texts come in escaped. */

export interface MarkdownColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

export function markdownTable(
  columns: readonly MarkdownColumn[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map((column) => column.title)),
    line(columns.map((column) => (column.align === 'right' ? '--:' : ':--'))),
    ...rows.map(line),
  ].join('\n');
}

/** Folded content; the blank lines make GitHub read it as markdown. `summary` is HTML. */
export function details(summary: string, content: string, options: { readonly open?: boolean } = {}): string {
  return `<details${options.open ? ' open' : ''}>\n<summary>${summary}</summary>\n\n${content}\n\n</details>`;
}

export function bullets(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** Blocks one below the other; empty ones are left out. */
export function blocks(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n');
}
