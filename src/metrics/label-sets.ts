import { UserError } from '../errors.js';
import type { MultilabelPredictions, ReadColumns } from './columnar.js';
import { Lines, labelMeaning, type NumberColumn } from './columns.js';
import { MOST_CLASSES, probabilities, sortedClasses } from './labels.js';
import type { Sink } from './rows.js';

/** Rows with any number of labels: a list in one column, or one column of 0 and 1 per label. */

/**
 * A column of label lists: JSON (`["a", "b"]`), as Python and DuckDB print lists (`['a', 'b']`, `[a, b]`), or texts joined by
 * `|` or `;`. Empty is a row without labels. One code per different list.
 */
export class LabelSetColumn implements Sink {
  #codes = new Int32Array(1024);
  #length = 0;
  readonly #codeOf = new Map<string, number>();
  readonly #sets: (readonly string[])[] = [];
  readonly unreadable = new Lines();

  add(text: string, line: number): void {
    let code = this.#codeOf.get(text);
    if (code === undefined) {
      const set = labelsIn(text);
      if (!set) this.unreadable.add(line);
      code = this.#sets.push(set ?? []) - 1;
      this.#codeOf.set(text, code);
    }
    if (this.#length === this.#codes.length) {
      const larger = new Int32Array(this.#length * 2);
      larger.set(this.#codes);
      this.#codes = larger;
    }
    this.#codes[this.#length++] = code;
  }

  get length(): number {
    return this.#length;
  }

  get classes(): readonly string[] {
    return [...new Set(this.#sets.flat())];
  }

  /** 1 where a row has the label. */
  bits(name: string): Uint8Array {
    const has = this.#sets.map((set) => (set.includes(name) ? 1 : 0));
    return Uint8Array.from(this.#codes.subarray(0, this.#length), (code) => has[code] ?? 0);
  }
}

/** Undefined when it is no list. */
function labelsIn(given: string): readonly string[] | undefined {
  const text = given.trim();
  if (text === '' || text === '[]') return [];
  const parts = text.startsWith('[') ? listed(text) : text.split(text.includes('|') ? '|' : ';');
  return parts?.flatMap((part) => labelMeaning(part) ?? []);
}

function listed(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    return value.every((one) => typeof one !== 'object') ? value.map(String) : undefined;
  } catch {
    if (!text.endsWith(']')) return undefined;
    // Quoted parts may hold a comma; without quotes a comma ends a part.
    const parts = text.slice(1, -1).match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
    return parts
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => (/^(['"]).*\1$/.test(part) ? part.slice(1, -1) : part));
  }
}

export function readMultilabel(read: ReadColumns): MultilabelPredictions {
  const { base, config, defects } = read;
  const label = labelColumns(read, read.label, { bits: read.labelBits, name: config.columns.label });
  const isPredicted = read.prediction !== null || read.predictionBits.size > 0;
  const prediction = isPredicted
    ? labelColumns(read, read.prediction, { bits: read.predictionBits, name: config.columns.prediction })
    : null;
  const scored = [...read.classScores.keys()];
  const classes = sortedClasses([...new Set([...label.classes, ...(prediction?.classes ?? []), ...scored])]);
  if (classes.length === 0) {
    defects.add('no row has a label', undefined, 'at least one label is needed');
  }
  if (classes.length > MOST_CLASSES) {
    throw new UserError(`there are ${classes.length} labels, and at most ${MOST_CLASSES} are scored`, {
      location: { file: base.file },
      mend: 'score the labels that matter',
    });
  }
  const withoutScore = classes.filter((name) => !read.classScores.has(name));
  if (scored.length > 0 && withoutScore.length > 0) {
    const columns = withoutScore
      .slice(0, 3)
      .map((name) => JSON.stringify(config.columns.score.replace('{label}', () => name)));
    defects.add(
      `a label has no score column: ${columns.join(', ')}`,
      1,
      'write one score column for each label',
    );
  }
  const columns = classes.flatMap((name) => {
    const column = read.classScores.get(name);
    const title = config.columns.score.replace('{label}', () => name);
    return column ? [probabilities(read, column, title)] : [];
  });
  defects.throwIfAny();
  const scores = columns.length > 0 ? columns : null;
  const predicted = prediction
    ? classes.map((name) => prediction.bits(name))
    : (scores ?? []).map((column) => Uint8Array.from(column, (score) => (score >= config.threshold ? 1 : 0)));
  return {
    ...base,
    task: 'multilabel',
    classes,
    labels: classes.map((name) => label.bits(name)),
    predicted,
    scores,
  };
}

interface LabelColumns {
  readonly classes: readonly string[];
  readonly bits: (name: string) => Uint8Array;
}

function labelColumns(
  read: ReadColumns,
  list: Sink | null,
  of: { readonly bits: ReadonlyMap<string, NumberColumn>; readonly name: string },
): LabelColumns {
  if (list instanceof LabelSetColumn) {
    read.defects.addLines(
      `${of.name} is not a list of labels`,
      list.unreadable,
      'write ["a", "b"], a|b, or one column of 0 and 1 per label (label: \'true[{label}]\')',
    );
    return { classes: list.classes, bits: (name) => list.bits(name) };
  }
  for (const [label, column] of of.bits) {
    const name = of.name.replace('{label}', () => label);
    read.defects.addLines(`${name} is missing`, column.missing, 'write 0 or 1');
    read.defects.addLines(`${name} is not a number`, column.invalid, 'write 0 or 1');
    const other = column.values.findIndex((value) => value !== 0 && value !== 1 && !Number.isNaN(value));
    if (other >= 0) {
      read.defects.add(`${name} is neither 0 nor 1 in row ${other + 1}`, undefined, 'write 0 or 1');
    }
  }
  return {
    classes: [...of.bits.keys()],
    bits: (name) => {
      const column = of.bits.get(name);
      return column ? Uint8Array.from(column.values) : new Uint8Array(read.base.rows);
    },
  };
}
