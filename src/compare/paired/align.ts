import { plural } from '../../format.js';
import { labelOf } from '../../metrics/columnar.js';
import type { Predictions } from '../../metrics/predictions.js';
import { takeRows } from '../../metrics/subset.js';

/** The same rows of several predictions files, in the same order. */

export interface Aligned {
  /** All of the same length; row i of each is the same row. */
  readonly files: readonly Predictions[];
  /** Null when every file had these rows and no other; else what was left out, in words. */
  readonly left: string | null;
}

/**
 * Matches the rows of all files by id, or by position where a file has none, and keeps those that all have with the same label.
 * @param files at least one; the first gives the order
 * @param baseline which file is the first of the baseline, for the words
 * @returns why nothing can be compared, when no row is left
 */
export function alignRows(files: readonly Predictions[], baseline: number): Aligned | string {
  const [reference] = files;
  if (!reference) return 'there are no predictions';
  const unequal = files.find((file) => (!file.ids || !reference.ids) && file.rows !== reference.rows);
  if (unequal) {
    return `scored on other rows: ${reference.rows} here and ${unequal.rows} in the baseline, and without ids they cannot be matched`;
  }
  const places = files.map((file) => placesIn(file, reference));
  const shared: number[] = [];
  let relabelled = 0;
  for (let row = 0; row < reference.rows; row++) {
    if (!places.every((place) => (place[row] as number) >= 0)) continue;
    const label = labelOf(reference, row);
    const isSame = files.every((file, f) => labelOf(file, places[f]?.[row] as number) === label);
    if (isSame) shared.push(row);
    else relabelled++;
  }
  const whole = files.every((file) => file.rows === shared.length);
  const words = leftOut({
    reference,
    other: files[baseline] ?? reference,
    shared: shared.length,
    relabelled,
  });
  if (shared.length === 0) return `scored on other rows: ${words}`;
  return {
    files: files.map((file, f) => inOrder(file, places[f] as Int32Array, shared)),
    left: whole ? null : words,
  };
}

function leftOut(of: {
  readonly reference: Predictions;
  readonly other: Predictions;
  readonly shared: number;
  readonly relabelled: number;
}): string {
  const rows = `${plural(of.shared, 'row')} in common, of ${of.reference.rows} here and ${of.other.rows} in the baseline`;
  return of.relabelled > 0 ? `${rows}; the labels of ${plural(of.relabelled, 'row')} differ` : rows;
}

/** For each row of the reference the row of the file that it is; −1 where there is none. */
function placesIn(file: Predictions, reference: Predictions): Int32Array {
  if (file === reference || !file.ids || !reference.ids) {
    return Int32Array.from({ length: reference.rows }, (_, row) => row);
  }
  const { ids } = file;
  // Most files list their rows in the same order: then no table of ids is needed.
  if (ids.length === reference.rows && reference.ids.every((id, row) => id === ids[row])) {
    return Int32Array.from({ length: reference.rows }, (_, row) => row);
  }
  const known = new Map(ids.map((id, row) => [id, row]));
  return Int32Array.from(reference.ids, (id) => known.get(id) ?? -1);
}

function inOrder(file: Predictions, places: Int32Array, shared: readonly number[]): Predictions {
  const rows = Int32Array.from(shared, (row) => places[row] as number);
  const isAll = rows.length === file.rows && rows.every((row, i) => row === i);
  return isAll ? file : takeRows(file, rows);
}
