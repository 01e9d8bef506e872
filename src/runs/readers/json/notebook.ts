import type { JsonValue } from '../json-text.js';
import { readColumns, readNested, tooMany } from '../nested.js';
import { parseNumber } from '../number.js';
import { MOST_METRICS, type Reading } from '../reader.js';
import { isList, isMap, type JsonShape, listAt, mapAt, numberAt, textAt } from './value.js';

/** What a notebook displays for Assay: `display({'application/vnd.assay.metrics+json': {...}}, raw=True)`. */
export const METRICS_MIME = 'application/vnd.assay.metrics+json';
const LINE = /^\s*([A-Za-z_][\w./@:% -]{0,98}?)\s*=\s*(\S+)\s*$/;

/**
 * Outputs of a Jupyter notebook (nbformat 4). What cells display as `application/vnd.assay.metrics+json` are its metrics; when
 * there is none, the lines `name=value` that cells print, each on a line of its own. Code is never looked at.
 */
export const notebook: JsonShape = {
  name: 'Jupyter',
  recognises: (value) => isMap(value) && numberAt(value, 'nbformat') !== undefined && isList(value.cells),
  read(value, file) {
    const outputs = listAt(value, 'cells').flatMap((cell) => listAt(cell, 'outputs'));
    const displayed = outputs.flatMap((output) => {
      const data = mapAt(output, 'data');
      return Object.hasOwn(data, METRICS_MIME) ? [data[METRICS_MIME] ?? null] : [];
    });
    const failed = outputs.find((output) => textAt(output, 'output_type') === 'error');
    const notes = failed
      ? [`a cell of ${file.path} ended with ${textAt(failed, 'ename') ?? 'an error'}`]
      : [];
    const reading =
      displayed.length > 0
        ? together(displayed.map((metrics) => readNested(metrics, file.path)))
        : printed(outputs, file.path);
    return { ...reading, notes };
  },
};

/** The last display of a name holds, as the last run of a cell does. */
function together(readings: readonly Reading[]): Reading {
  const metrics = new Map(
    readings.flatMap((reading) => reading.metrics.map((one) => [one.name, one] as const)),
  );
  const series = new Map(
    readings.flatMap((reading) => reading.series.map((one) => [one.name, one] as const)),
  );
  return { metrics: [...metrics.values()], series: [...series.values()] };
}

function printed(outputs: readonly JsonValue[], file: string): Reading {
  const columns = new Map<string, { steps: number[]; values: number[] }>();
  for (const line of outputs.flatMap((output) => textOf(output).split('\n'))) {
    const [, name = '', written = ''] = LINE.exec(line) ?? [];
    const value = name === '' ? undefined : parseNumber(written);
    if (value === undefined) continue;
    const column = columns.get(name) ?? { steps: [], values: [] };
    columns.set(name, column);
    column.steps.push(column.values.length);
    column.values.push(value);
    if (columns.size > MOST_METRICS) throw tooMany(file);
  }
  return readColumns(columns, { path: '', file });
}

function textOf(output: JsonValue): string {
  const source =
    textAt(output, 'output_type') === 'stream' && textAt(output, 'name') !== 'stderr'
      ? mapAt(output).text
      : mapAt(output, 'data')['text/plain'];
  if (isList(source)) return source.filter((line) => typeof line === 'string').join('');
  return typeof source === 'string' ? source : '';
}
