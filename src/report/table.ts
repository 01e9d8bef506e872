import { terminalText } from './escape.js';

export interface TextTable {
  readonly columns: readonly { readonly title: string; readonly align?: 'left' | 'right' }[];
  readonly rows: readonly (readonly string[])[];
}

/** Longest cell shown in a table of a terminal. */
const CELL = 120;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const ZERO_WIDTH = /^[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]+$/u;
const EMOJI = /^\p{Emoji_Presentation}|\ufe0f/u;

/** Latin letters and the signs of our own numbers: segmenting them would cost 50 µs a cell. */
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u2212]*$/;

/** Columns of a terminal that the text takes: 2 for East Asian wide characters and emoji, 0 for combining marks. */
export function displayWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    if (ZERO_WIDTH.test(segment)) continue;
    width += EMOJI.test(segment) || isWide(segment.codePointAt(0) ?? 0) ? 2 : 1;
  }
  return width;
}

/** East Asian Width W and F (Unicode UAX #11), by block. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0x303e) ||
    (code >= 0x3041 && code <= 0xa4cf) ||
    (code >= 0xa960 && code <= 0xa97c) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff01 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1b000 && code <= 0x1b2ff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/**
 * A table for a terminal: titles, then one line per row, columns two spaces apart, every cell safe to print.
 * Lines have no trailing spaces; there is no newline at the end.
 */
export function textTable(table: TextTable): string {
  const lines = [table.columns.map((column) => column.title), ...table.rows].map((row) =>
    table.columns.map((_, index) => terminalText(row[index] ?? '', CELL)),
  );
  const widths = table.columns.map((_, index) =>
    lines.reduce((widest, line) => Math.max(widest, displayWidth(line[index] ?? '')), 0),
  );
  return lines
    .map((line) =>
      line
        .map((cell, index) => {
          const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(cell)));
          return table.columns[index]?.align === 'right' ? space + cell : cell + space;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
