import { UserError } from '../errors.js';
import type { BinaryPredictions, MulticlassPredictions, ReadColumns } from './columnar.js';
import { CodeColumn, labelMeaning, type NumberColumn } from './columns.js';

/** Class labels of a predictions file: which classes there are, which one is positive, what was predicted. */

/** More classes than this are numbers to predict, or identifiers. */
export const MOST_CLASSES = 2000;

/** How far the scores of a row may be from 1 in sum: rounding in the file, not another scale. */
const SUM_TOLERANCE = 0.02;

export function readBinary(read: ReadColumns): BinaryPredictions {
  const { config, defects, base } = read;
  const label = classColumn(read.label);
  const prediction = read.prediction ? classColumn(read.prediction) : null;
  checkMissing(read, label, prediction);
  const scores = binaryScores(read, label, prediction);
  const classes = binaryClasses(read, label, prediction);
  defects.throwIfAny();
  const positive = classes[1];
  const asBits = (column: CodeColumn): Uint8Array => {
    const isPositive = column.texts.map((text) => (asBinary(text) === positive ? 1 : 0));
    const { codes } = column;
    const bits = new Uint8Array(codes.length);
    for (let row = 0; row < bits.length; row++) bits[row] = isPositive[codes[row] as number] ?? 0;
    return bits;
  };
  const predicted = prediction
    ? asBits(prediction)
    : Uint8Array.from(scores ?? [], (score) => (score >= config.threshold ? 1 : 0));
  return { ...base, task: 'binary', classes, labels: asBits(label), predicted, scores };
}

function binaryScores(
  read: ReadColumns,
  label: CodeColumn,
  prediction: CodeColumn | null,
): Float64Array | null {
  const { columns } = read.config;
  if (read.score) return probabilities(read, read.score, columns.score);
  if (read.classScores.size === 0) return null;
  const positive = positiveClass(read, classTexts(label, prediction));
  const column = [...read.classScores].find(([name]) => asBinary(name) === positive)?.[1];
  if (column)
    return probabilities(
      read,
      column,
      columns.score.replace('{label}', () => positive),
    );
  throw new UserError(`there is no score column for the positive class ${JSON.stringify(positive)}`, {
    location: { file: read.base.file, line: 1 },
    mend: `the columns ${JSON.stringify(columns.score)} are there for ${[...read.classScores.keys()].slice(0, 5).join(', ')}`,
  });
}

function binaryClasses(
  read: ReadColumns,
  label: CodeColumn,
  prediction: CodeColumn | null,
): readonly [string, string] {
  const texts = classTexts(label, prediction);
  if (texts.length > 2) {
    const inLabels = new Set(label.texts.map(asBinary)).size;
    if (inLabels === 2 && prediction) {
      read.defects.add(
        `${read.config.columns.prediction} has a class that ${read.config.columns.label} does not have`,
        undefined,
        'predictions are labels; probabilities belong into columns: score',
      );
    } else {
      read.defects.add(
        `there are ${texts.length} classes, and task: binary has two`,
        undefined,
        'several classes are task: multiclass; numbers to predict are task: regression',
      );
    }
    return ['0', '1'];
  }
  const positive = positiveClass(read, texts);
  return [texts.find((text) => text !== positive) ?? (positive === '1' ? '0' : `not ${positive}`), positive];
}

/** The configured one; else 1 or true. Throws UserError when the labels do not tell. */
function positiveClass(read: ReadColumns, texts: readonly string[]): string {
  const { positive } = read.config;
  if (positive === undefined) {
    if (texts.every((text) => text === '0' || text === '1')) return '1';
    if (texts.length === 2 && texts.includes('1')) return '1';
    throw new UserError(`which label is the positive one: ${texts.slice(0, 2).map(quoted).join(' or ')}?`, {
      location: { file: read.base.file },
      mend: `say so in assay.yml: evaluate: { positive: ${quoted(texts.at(-1) ?? '')} }`,
    });
  }
  const wanted = asBinary(labelMeaning(String(positive)) ?? String(positive));
  if (texts.includes(wanted) || texts.length < 2) return wanted;
  throw new UserError(
    `no row has the positive label ${quoted(wanted)}; the labels are ${texts.slice(0, 2).map(quoted).join(' and ')}`,
    {
      location: { file: read.base.file },
      mend: 'mend evaluate: positive: in assay.yml',
    },
  );
}

export function readMulticlass(read: ReadColumns): MulticlassPredictions {
  const { defects, base, config } = read;
  const label = classColumn(read.label);
  const prediction = read.prediction ? classColumn(read.prediction) : null;
  checkMissing(read, label, prediction);
  const named = [...read.classScores.keys()];
  const classes = sortedClasses([...new Set([...label.texts, ...(prediction?.texts ?? []), ...named])]);
  if (classes.length < 2) {
    defects.add('there is only one class among labels and predictions', undefined, 'at least two are needed');
  }
  const withoutScore = classes.filter((name) => !read.classScores.has(name));
  if (named.length > 0 && withoutScore.length > 0) {
    const columns = withoutScore
      .slice(0, 3)
      .map((name) => config.columns.score.replace('{label}', () => name));
    defects.add(
      `a class among labels and predictions has no score column: ${columns.map(quoted).join(', ')}`,
      1,
      'write one score column for each class',
    );
  }
  const columns = classes.flatMap((name) => {
    const column = read.classScores.get(name);
    return column
      ? [
          probabilities(
            read,
            column,
            config.columns.score.replace('{label}', () => name),
          ),
        ]
      : [];
  });
  const scores = columns.length > 0 ? columns : null;
  if (scores) checkSums(read, scores);
  defects.throwIfAny();
  const position = new Map(classes.map((name, index) => [name, index]));
  const asIndex = (column: CodeColumn): Int32Array => {
    const indices = column.texts.map((text) => position.get(text) ?? -1);
    return column.codes.map((code) => indices[code] ?? -1);
  };
  const predicted = prediction ? asIndex(prediction) : likeliest(scores ?? [], base.rows);
  return { ...base, task: 'multiclass', classes, labels: asIndex(label), predicted, scores };
}

/** The class of the highest score in each row; the first of several equal ones. */
function likeliest(scores: readonly Float64Array[], rows: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let k = 1; k < scores.length; k++) {
      if ((scores[k]?.[row] ?? 0) > (scores[best]?.[row] ?? 0)) best = k;
    }
    return best;
  });
}

function checkMissing(read: ReadColumns, label: CodeColumn, prediction: CodeColumn | null): void {
  const { columns } = read.config;
  read.defects.addLines(`${columns.label} is missing`, label.missing, 'score only rows whose label is known');
  if (prediction) {
    read.defects.addLines(`${columns.prediction} is missing`, prediction.missing, 'predict every row');
  }
}

export function probabilities(read: ReadColumns, column: NumberColumn, name: string): Float64Array {
  const { defects } = read;
  const { values } = column;
  defects.addLines(`${name} is missing or NaN`, column.missing, 'every row needs a score');
  defects.addLines(`${name} is not a number`, column.invalid, 'scores are numbers from 0 to 1');
  defects.addLines(
    `${name} is outside [0, 1]`,
    column.outside,
    'write probabilities (predict_proba), not margins or percentages',
  );
  return values;
}

function checkSums(read: ReadColumns, scores: readonly Float64Array[]): void {
  for (let row = 0; row < read.base.rows; row++) {
    let sum = 0;
    for (const column of scores) sum += column[row] as number;
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      const what = `the scores of row ${row + 1} do not sum to 1`;
      read.defects.add(what, undefined, 'write the probabilities of all classes');
      return;
    }
  }
}

function classColumn(column: unknown): CodeColumn {
  if (column instanceof CodeColumn) return column;
  throw new Error('the column was not read as classes');
}

/** In a task of two classes `true` is 1 and `false` is 0, whichever way each column writes them. */
function asBinary(text: string): string {
  if (text === 'true') return '1';
  return text === 'false' ? '0' : text;
}

function classTexts(label: CodeColumn, prediction: CodeColumn | null): readonly string[] {
  return sortedClasses([...new Set([...label.texts, ...(prediction?.texts ?? [])].map(asBinary))]);
}

export function sortedClasses(texts: readonly string[]): readonly string[] {
  const numeric = texts.every((text) => Number.isFinite(Number(text)));
  return [...texts].sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
