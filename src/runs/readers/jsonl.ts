import { UserError } from '../../errors.js';
import { isMap, type JsonMap } from './json/value.js';
import { type JsonValue, parseJson } from './json-text.js';
import { linesOf } from './lines.js';
import { type Row, readNested } from './nested.js';
import { LARGEST_LOG, type Reader } from './reader.js';
import { isSample, SampleScores } from './samples.js';

/** More rows than a training has steps: it is data, not a log of metrics. */
const MOST_ROWS = 1_000_000;

/**
 * JSON Lines: a row a line. Per column the last value is the metric and all of them the series; the per-sample logs of
 * lm-evaluation-harness become mean scores with their standard errors. Only numbers are kept of a row.
 */
export const jsonLines: Reader = {
  name: 'JSON Lines',
  largest: LARGEST_LOG,
  recognises(head, path) {
    const lines = head.split('\n').filter((line) => line.trim() !== '');
    const [first = '', second] = lines;
    if (!isObject(first)) return false;
    return /\.(?:jsonl|ndjson)$/i.test(path) || second?.trimStart().startsWith('{') === true;
  },
  async read(file) {
    const rows: Row[] = [];
    let samples: SampleScores | undefined;
    for await (const { text, line } of linesOf(file)) {
      if (text.trim() === '') continue;
      const row = parseRow(text, { file: file.path, line });
      if (rows.length === 0) samples ??= isSample(row) ? new SampleScores(file.path) : undefined;
      if (samples) samples.add(row);
      else if (rows.push(numbersOf(row)) > MOST_ROWS) {
        throw new UserError(`${file.path} has more than a million rows: it is data, not a log of metrics`, {
          mend: 'predictions go under evaluate.predictions, which scores them',
        });
      }
    }
    return samples?.reading() ?? readNested(rows, file.path);
  },
};

function isObject(line: string): boolean {
  if (!line.trimStart().startsWith('{')) return false;
  try {
    return isMap(parseJson(line, ''));
  } catch {
    return false;
  }
}

/** @param at.line of the file, for the message */
function parseRow(text: string, at: { readonly file: string; readonly line: number }): JsonMap {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    value = withLine(() => parseJson(text, at.file), at);
  }
  if (isMap(value)) return value;
  throw new UserError('expected a JSON object', { location: at });
}

function withLine<T>(parse: () => T, at: { readonly file: string; readonly line: number }): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const column = error.location?.column;
    throw new UserError(error.message, {
      location: { ...at, ...(column === undefined ? {} : { column }) },
      cause: error,
    });
  }
}

/** What `readNested` looks at in rows: numbers, and the name of a metric. */
function numbersOf(row: JsonMap): Row {
  return Object.fromEntries(
    Object.entries(row).filter(
      ([name, cell]) => typeof cell === 'number' || (name === 'name' && typeof cell === 'string'),
    ),
  );
}
