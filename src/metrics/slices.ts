import { UserError } from '../errors.js';
import type { PredictionsBase } from './columnar.js';
import type { Slice } from './metric.js';

/** Groups of rows that are scored separately. */

export interface SlicedRows {
  /** Null for all rows. */
  readonly slice: Slice | null;
  /** Ascending. */
  readonly rows: Int32Array;
}

/** More groups than this are not looked at by anyone, and each costs a full set of metrics. */
const MOST_SLICES = 1000;

/** All rows first; then, for each entry of `slices`, the values (or combinations of values) that occur, sorted. */
export function slicesOf(
  predictions: Pick<PredictionsBase, 'rows' | 'slices' | 'file'>,
  slices: readonly (string | readonly string[])[],
): readonly SlicedRows[] {
  const all: SlicedRows = { slice: null, rows: new Int32Array(predictions.rows).map((_, i) => i) };
  const sliced = slices.flatMap((entry) =>
    groups(predictions, typeof entry === 'string' ? [entry] : [...new Set(entry)]),
  );
  if (sliced.length > MOST_SLICES) {
    throw new UserError(`the slices are ${sliced.length} groups, and at most ${MOST_SLICES} are scored`, {
      location: { file: predictions.file },
      mend: 'slice by columns of few groups, or leave out an intersection',
    });
  }
  return [all, ...sliced];
}

function groups(
  predictions: Pick<PredictionsBase, 'rows' | 'slices'>,
  names: readonly string[],
): readonly SlicedRows[] {
  const columns = names.flatMap((name) => {
    const column = predictions.slices.get(name);
    return column ? [{ name, ...column }] : [];
  });
  // One number per combination: sorted values give sorted codes, so the order of the numbers is the order of the slices.
  const codeOf = (row: number) =>
    columns.reduce((code, column) => code * column.values.length + (column.codes[row] as number), 0);
  const sizes = new Map<number, number>();
  const codes = new Float64Array(predictions.rows);
  for (let row = 0; row < predictions.rows; row++) {
    const code = codeOf(row);
    codes[row] = code;
    sizes.set(code, (sizes.get(code) ?? 0) + 1);
  }
  const filled = new Map<number, { rows: Int32Array; length: number }>();
  for (const code of [...sizes.keys()].sort((a, b) => a - b)) {
    filled.set(code, { rows: new Int32Array(sizes.get(code) ?? 0), length: 0 });
  }
  for (let row = 0; row < predictions.rows; row++) {
    const group = filled.get(codes[row] as number);
    if (group) group.rows[group.length++] = row;
  }
  return [...filled].map(([, { rows }]) => ({ slice: sliceAt(columns, rows[0] as number), rows }));
}

function sliceAt(
  columns: readonly {
    readonly name: string;
    readonly codes: Int32Array;
    readonly values: readonly string[];
  }[],
  row: number,
): Slice {
  return Object.fromEntries(
    columns.map(({ name, codes, values }) => [name, values[codes[row] as number] ?? '']),
  );
}
