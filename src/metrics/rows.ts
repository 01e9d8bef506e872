import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../errors.js';

/** Rows of a predictions file, one at a time into sinks, so that a million rows never stand in memory as objects. */

/** Takes the text of one column row by row; lines count from 1. */
export interface Sink {
  add(text: string, line: number): void;
}

interface Source {
  readonly file: string;
  /** Given the names of the columns, says where each one goes; null when it is not wanted. */
  readonly sinksFor: (columns: readonly string[]) => readonly (Sink | null)[];
}

/** Reads CSV, TSV or JSON Lines, recognised by the file's name, else by its first line. Throws UserError. */
export function readRows(given: string, source: Source): void {
  const text = given.charCodeAt(0) === 0xfeff ? given.slice(1) : given;
  const start = text.search(/\S/);
  if (start < 0) {
    throw new UserError('the predictions file is empty', {
      location: { file: source.file },
      mend: 'write a header line and one line per row',
    });
  }
  const isJson = /\.(jsonl|ndjson|json)$/i.test(source.file) || text[start] === '{';
  if (isJson) readJsonLines(text, source);
  else if (text.includes('"')) readQuoted(text, source);
  else readPlain(text, source);
}

function delimiterOf(header: string, file: string): string {
  if (/\.(tsv|tab)$/i.test(file)) return '\t';
  return [',', '\t', ';'].find((delimiter) => header.includes(delimiter)) ?? ',';
}

/** The fast path: without quotes a line break ends a row and a delimiter ends a field. */
function readPlain(text: string, source: Source): void {
  let sinks: readonly (Sink | null)[] | undefined;
  let delimiter = ',';
  let line = 0;
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    const next = newline < 0 ? text.length : newline + 1;
    let to = newline < 0 ? text.length : newline;
    if (to > from && text.charCodeAt(to - 1) === 13) to--;
    line++;
    if (to > from) {
      if (sinks) plainRow(text, { from, to, delimiter, sinks, line, cutOff: newline < 0, file: source.file });
      else {
        const header = text.slice(from, to);
        delimiter = delimiterOf(header, source.file);
        sinks = source.sinksFor(columnNames(header.split(delimiter), source.file));
      }
    }
    from = next;
  }
}

interface PlainRow {
  readonly from: number;
  readonly to: number;
  readonly delimiter: string;
  readonly sinks: readonly (Sink | null)[];
  readonly line: number;
  readonly cutOff: boolean;
  readonly file: string;
}

function plainRow(text: string, row: PlainRow): void {
  const { to, sinks, line } = row;
  const expected = sinks.length;
  let at = row.from;
  let field = 0;
  // Fields are counted before any is stored, so that a ragged row leaves no half of itself behind.
  for (let comma = text.indexOf(row.delimiter, at); comma >= 0 && comma < to; field++) {
    comma = text.indexOf(row.delimiter, comma + 1);
  }
  if (field + 1 !== expected) throw ragged({ ...row, fields: field + 1, expected });
  for (field = 0; field < expected; field++) {
    const comma = field === expected - 1 ? to : text.indexOf(row.delimiter, at);
    sinks[field]?.add(text.slice(at, comma), line);
    at = comma + 1;
  }
}

/** Quoted fields: csv-parse, which hands over each record without keeping it. */
function readQuoted(text: string, source: Source): void {
  const header = text.slice(0, (text.indexOf('\n') + 1 || text.length + 1) - 1);
  let sinks: readonly (Sink | null)[] | undefined;
  let lineBefore = 0;
  const endsWithBreak = text.endsWith('\n');
  try {
    parse(text, {
      delimiter: delimiterOf(header, source.file),
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (record: string[], { lines }) => {
        const line = lineBefore + 1;
        lineBefore = lines;
        if (!sinks) {
          sinks = source.sinksFor(columnNames(record, source.file));
          return null;
        }
        if (record.length !== sinks.length) {
          const fields = record.length;
          const cutOff = !endsWithBreak && lines >= text.split('\n').length;
          throw ragged({ file: source.file, line, fields, expected: sinks.length, cutOff });
        }
        for (let field = 0; field < sinks.length; field++) sinks[field]?.add(record[field] ?? '', line);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UserError(`this is not readable as CSV: ${error.message}`, {
      location: { file: source.file, line: lineBefore + 1 },
      mend: 'a quote that is opened must be closed, and a quote inside quotes is doubled',
      cause: error,
    });
  }
}

function readJsonLines(text: string, source: Source): void {
  let columns: readonly string[] | undefined;
  let sinks: readonly (Sink | null)[] = [];
  let line = 0;
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline;
    const part = text.slice(from, to);
    from = to + 1;
    line++;
    if (part.trim() === '') continue;
    const row = jsonRow(part, { file: source.file, line, last: newline < 0 });
    if (!columns) {
      columns = Object.keys(row);
      sinks = source.sinksFor(columns);
    }
    for (let field = 0; field < sinks.length; field++) {
      sinks[field]?.add(jsonText(row[columns[field] ?? '']), line);
    }
  }
}

function jsonRow(
  text: string,
  at: { readonly file: string; readonly line: number; readonly last: boolean },
): Record<string, unknown> {
  const location = { file: at.file, line: at.line };
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    if (/[:,[]\s*(NaN|-?Infinity)\b/.test(text)) {
      throw new UserError('NaN and Infinity are not JSON, and no metric can be computed from them', {
        location,
        mend: 'find out why the model gives no number for this row; allow_nan=False makes Python refuse to write it',
        cause,
      });
    }
    throw new UserError(
      at.last ? 'the last line is cut off: the file is not complete' : 'this line is not JSON',
      { location, mend: 'write one JSON object per line (JSON Lines)', cause },
    );
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  throw new UserError('this line is not a JSON object', {
    location,
    mend: 'write one object per line (JSON Lines): {"id": 1, "y_true": 0, "y_score": 0.2}',
  });
}

/** As CSV would have it; a list or an object stays JSON, and is refused where a number or label is wanted. */
function jsonText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function columnNames(fields: readonly string[], file: string): readonly string[] {
  const names = fields.map((name) => name.trim());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return names;
  throw new UserError(`the column ${JSON.stringify(twice)} is there twice`, {
    location: { file, line: 1 },
    mend: 'give each column its own name',
  });
}

function ragged(row: {
  readonly file: string;
  readonly line: number;
  readonly fields: number;
  readonly expected: number;
  readonly cutOff: boolean;
}): UserError {
  const count = `${row.fields} ${row.fields === 1 ? 'field' : 'fields'} where the header has ${row.expected}`;
  const location = { file: row.file, line: row.line };
  if (row.cutOff && row.fields < row.expected) {
    return new UserError(`the last line is cut off: it has ${count}`, {
      location,
      mend: 'the file is not complete: was the job that wrote it killed, or the disk full?',
    });
  }
  return new UserError(`this line has ${count}`, {
    location,
    mend: 'every line needs the same columns; text with a comma in it is written in double quotes',
  });
}
