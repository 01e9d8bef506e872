import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../../errors.js';

import { readColumns, readRepetitions, STEP_NAMES, tooMany } from './nested.js';
import { metricOf, parseNumber } from './number.js';
import { LARGEST_FILE, MOST_METRICS, type Reader, type Reading, type ReadMetric } from './reader.js';
import { withTool } from './table-tools.js';

const DELIMITERS = ['\t', ',', ';'];
const NAME_HEADERS = ['metric', 'name', 'key'];
const VALUE_HEADERS = ['value', 'score'];
/** What a cell without a value holds; a logger that writes training and validation in turn leaves such gaps. */
const EMPTY = /^(?:NA|null|None|-)?$/;

/**
 * CSV, TSV and CSV with semicolons. A header, then one row a step: per column the last value is the metric, and all of
 * them the series over the column `step`, `epoch` or `iteration` (else over the rows). With the two columns `metric` (or
 * `name`) and `value`, each row is a metric of its own. Columns of text are no metrics.
 */
export const table: Reader = {
  name: 'CSV',
  recognises(head, path) {
    const [first = '', second] = head.split(/\r?\n/).filter((line) => line.trim() !== '');
    if (/\.[ct]sv$/i.test(path)) return true;
    const delimiter = delimiterOf(first);
    if (delimiter === undefined || /^\s*(?:#|[\w.-]+:\s)/.test(first)) return false;
    return second !== undefined && second.split(delimiter).length === first.split(delimiter).length;
  },
  async read(file) {
    const text = await file.text(LARGEST_FILE);
    const rows = parseRows(text, file.path);
    const header = (rows[0] ?? []).map((name) => name.trim());
    if (header.length > MOST_METRICS) throw tooMany(file.path);
    checkHeader(header, file.path);
    const body = rows.slice(1);
    if (body.length === 0)
      throw new UserError('only a header, no values', { location: { file: file.path, line: 1 } });
    const of = { body, file: file.path };
    const reading = namedRows(header, of) ?? repetitionRows(header, of) ?? columnsOf(header, of);
    return withTool(reading, { header, file });
  },
};

function delimiterOf(line: string): string | undefined {
  return DELIMITERS.find((delimiter) => line.includes(delimiter));
}

function parseRows(text: string, file: string): string[][] {
  const first =
    text
      .slice(0, 100_000)
      .split('\n')
      .find((line) => line.trim() !== '') ?? '';
  try {
    return parse(text, { delimiter: delimiterOf(first) ?? ',', skip_empty_lines: true, relax_quotes: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : undefined;
    const message =
      error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH'
        ? 'this row has more or fewer fields than the header'
        : error.message;
    throw new UserError(`not a valid table: ${message}`, {
      location: { file, ...(line === undefined ? {} : { line }) },
    });
  }
}

function checkHeader(header: readonly string[], file: string): void {
  if (header.every((name) => name === '' || parseNumber(name) !== undefined)) {
    throw new UserError('the first row must name the columns', {
      location: { file, line: 1 },
      mend: 'for example: epoch,loss,accuracy',
    });
  }
  const repeated = header.find((name, index) => name !== '' && header.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new UserError(`the column ${JSON.stringify(repeated.slice(0, 100))} is there twice`, {
      location: { file, line: 1 },
    });
  }
}

interface Body {
  readonly body: readonly (readonly string[])[];
  readonly file: string;
}

/** A table of two columns, name and value; undefined when it is not one. */
function namedRows(header: readonly string[], { body, file }: Body): Reading | undefined {
  const name = header.findIndex((title) => NAME_HEADERS.includes(title.toLowerCase()));
  const value = header.findIndex((title) => VALUE_HEADERS.includes(title.toLowerCase()));
  if (name === -1 || value === -1 || header.length !== 2) return undefined;
  if (body.length > MOST_METRICS) throw tooMany(file);
  const metrics = body.flatMap((row): ReadMetric[] => {
    const number = parseNumber(row[value] ?? '');
    return number === undefined ? [] : [metricOf((row[name] ?? '').trim(), number, file)];
  });
  return { metrics, series: [] };
}

/** A row per seed or fold; undefined when the table has no such column. */
function repetitionRows(header: readonly string[], { body, file }: Body): Reading | undefined {
  const rows = body.map((cells) =>
    Object.fromEntries(
      header.flatMap((title, index) => {
        const number = title === '' ? undefined : parseNumber(cells[index] ?? '');
        return number === undefined ? [] : [[title, number]];
      }),
    ),
  );
  return readRepetitions(rows, { path: '', file });
}

function columnsOf(header: readonly string[], { body, file }: Body): Reading {
  const stepName = STEP_NAMES.find((name) => header.some((title) => title.toLowerCase() === name));
  const step = header.findIndex((title) => title.toLowerCase() === stepName);
  const columns = new Map<string, { steps: number[]; values: number[] }>();
  for (const [index, title] of header.entries()) {
    // A column without a title is the row index that pandas writes.
    if (title === '' || STEP_NAMES.includes(title.toLowerCase())) continue;
    const cells = body
      .map((row, line) => ({ text: (row[index] ?? '').trim(), step: parseNumber(row[step] ?? '') ?? line }))
      .filter(({ text }) => !EMPTY.test(text));
    const numbers = cells.map(({ text }) => parseNumber(text));
    if (cells.length === 0 || numbers.some((number) => number === undefined)) continue;
    columns.set(title, {
      steps: cells.map(({ step: at }, row) => (Number.isFinite(at) ? at : row)),
      values: numbers.map((number) => number ?? Number.NaN),
    });
  }
  return readColumns(columns, { path: '', file });
}
