import { UserError } from '../../errors.js';
import { readColumns, tooMany } from './nested.js';
import { parseNumber } from './number.js';
import { LARGEST_FILE, MOST_METRICS, type Reader } from './reader.js';

const ASSIGNMENT = /^\s*([^=\s#](?:[^=]*[^=\s])?)\s*=(.*)$/;
const LONG_VALUE = /^\s*[^=<\s][^=<]*<<(\S+)\s*$/;

/**
 * Lines `name=value`, as a step writes them to GITHUB_OUTPUT; also its form for several lines (`name<<END`), which holds
 * no metric. Comments start with `#`. A name that comes again is the next step of a series; its last value is the metric.
 */
export const assignments: Reader = {
  name: 'name=value lines',
  recognises(head) {
    const lines = head.split(/\r?\n/);
    // The last line may be cut off, unless it is the only one.
    const whole = (lines.length > 1 ? lines.slice(0, -1) : lines).filter(isMeant);
    const long = whole.findIndex((line) => LONG_VALUE.test(line));
    const checked = long === -1 ? whole : whole.slice(0, long);
    return whole.length > 0 && checked.every((line) => ASSIGNMENT.test(line));
  },
  async read(file) {
    const columns = new Map<string, { steps: number[]; values: number[] }>();
    let end: string | undefined;
    for (const [index, line] of (await file.text(LARGEST_FILE)).split(/\r?\n/).entries()) {
      if (end !== undefined) {
        if (line === end) end = undefined;
        continue;
      }
      if (!isMeant(line)) continue;
      const long = LONG_VALUE.exec(line);
      if (long) {
        end = long[1];
        continue;
      }
      const match = ASSIGNMENT.exec(line);
      if (!match) {
        throw new UserError('expected name=value', {
          location: { file: file.path, line: index + 1, column: 1 },
        });
      }
      const value = parseNumber(match[2] ?? '');
      if (value !== undefined) append(columns, { name: match[1] ?? '', value });
      if (columns.size > MOST_METRICS) throw tooMany(file.path);
    }
    return readColumns(columns, { path: '', file: file.path });
  },
};

function isMeant(line: string): boolean {
  return line.trim() !== '' && !line.trimStart().startsWith('#');
}

function append(
  columns: Map<string, { steps: number[]; values: number[] }>,
  found: { readonly name: string; readonly value: number },
): void {
  const column = columns.get(found.name) ?? { steps: [], values: [] };
  columns.set(found.name, column);
  column.steps.push(column.values.length);
  column.values.push(found.value);
}
