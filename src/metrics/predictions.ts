import type { EvaluateConfig } from '../config/model.js';
import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import { plural } from '../format.js';
import type { Predictions, PredictionsBase, ReadColumns, SliceColumn } from './columnar.js';
import { CodeColumn, IdColumn, labelMeaning, NumberColumn, TextColumn } from './columns.js';
import { Defects } from './defects.js';
import { LabelSetColumn, readMultilabel } from './label-sets.js';
import { MOST_CLASSES, readBinary, readMulticlass } from './labels.js';
import { readForecast, readRanking, readRegression } from './numbers.js';
import { readRows, type Sink } from './rows.js';

export type { Predictions } from './columnar.js';

/** More slices than this in one column are an identifier, not groups. */
const MOST_SLICE_VALUES = 200;
const MISSING_SLICE = '(missing)';

/**
 * Reads CSV, TSV or JSON Lines. Throws one UserError that lists every defect found: missing or misspelt columns, duplicate
 * ids, missing labels, scores that are no probabilities, ragged or cut-off lines.
 */
export function parsePredictions(
  text: string,
  options: { readonly file: string; readonly config: EvaluateConfig },
): Predictions {
  const reading = new Reading(options.file, options.config);
  readRows(text, { file: options.file, sinksFor: (columns) => reading.sinksFor(columns) });
  return reading.finish();
}

/** The columns of one file: where the sinks go, and which were taken. */
class Header {
  readonly #names: readonly string[];
  readonly #file: string;
  readonly #sinks: Sink[][];

  constructor(names: readonly string[], file: string) {
    this.#names = names;
    this.#file = file;
    this.#sinks = names.map(() => []);
  }

  /** Null when there is no such column; throws UserError when it is required. A column may be taken twice. */
  take<S extends Sink>(name: string, sink: () => S, required: boolean): S | null {
    const place = this.#sinks[this.#names.indexOf(name)];
    if (!place && required) throw this.missing(name);
    if (!place) return null;
    const made = sink();
    place.push(made);
    return made;
  }

  /** Names that fit a pattern such as `p[{label}]`, with the label in each. */
  labelled(pattern: string): readonly { readonly name: string; readonly label: string }[] {
    const [before = '', after = ''] = pattern.split('{label}');
    return this.#names.flatMap((name) => {
      const fits = name.startsWith(before) && name.endsWith(after);
      if (!fits || name.length <= before.length + after.length) return [];
      const label = labelMeaning(name.slice(before.length, name.length - after.length));
      return label === null ? [] : [{ name, label }];
    });
  }

  missing(name: string): UserError {
    const near = nearest(name, this.#names);
    const shown = this.#names.slice(0, 20).map((column) => JSON.stringify(column.slice(0, 60)));
    const more = this.#names.length > shown.length ? ` and ${this.#names.length - shown.length} more` : '';
    return new UserError(`there is no column ${JSON.stringify(name)}`, {
      location: { file: this.#file, line: 1 },
      mend: near
        ? `did you mean ${JSON.stringify(near.slice(0, 60))}? Name it under evaluate: columns: in assay.yml`
        : `columns there are: ${shown.join(', ')}${more}; name them under evaluate: columns: in assay.yml`,
    });
  }

  get sinks(): readonly (Sink | null)[] {
    return this.#sinks.map(together);
  }
}

/** Tasks whose labels and predictions are numbers. */
const NUMERIC: ReadonlySet<EvaluateConfig['task']> = new Set(['regression', 'ranking', 'forecast']);

class Reading {
  readonly #file: string;
  readonly #config: EvaluateConfig;
  #ids: IdColumn | null = null;
  #weight: NumberColumn | null = null;
  #label: ValueColumn | null = null;
  #prediction: ValueColumn | null = null;
  #score: NumberColumn | null = null;
  #group: CodeColumn | null = null;
  #time: TextColumn | null = null;
  readonly #classScores = new Map<string, NumberColumn>();
  readonly #labelBits = new Map<string, NumberColumn>();
  readonly #predictionBits = new Map<string, NumberColumn>();
  readonly #slices = new Map<string, CodeColumn>();

  constructor(file: string, config: EvaluateConfig) {
    this.#file = file;
    this.#config = config;
  }

  /** A column that assay.yml names must be there; one that only has its default name may be absent. */
  sinksFor(names: readonly string[]): readonly (Sink | null)[] {
    const { columns, task, slices } = this.#config;
    const header = new Header(names, this.#file);
    if (task === 'multilabel' && columns.label.includes('{label}')) {
      this.#takeLabelled(header, columns.label, { into: this.#labelBits, column: () => new NumberColumn() });
    } else this.#label = header.take(columns.label, () => this.#valueColumn(columns.label), true);
    this.#ids = header.take(columns.id, () => new IdColumn(), columns.id !== 'id');
    if (columns.weight) this.#weight = header.take(columns.weight, () => new NumberColumn(0), true);
    this.#takeScores(header);
    this.#takePrediction(header);
    this.#takeGroups(header);
    for (const name of new Set(slices.flat())) {
      const column = header.take(name, () => this.#sliceColumn(name), true);
      if (column) this.#slices.set(name, column);
    }
    return header.sinks;
  }

  #valueColumn(name: string): ValueColumn {
    if (this.#config.task === 'multilabel') return new LabelSetColumn();
    return NUMERIC.has(this.#config.task) ? new NumberColumn() : this.#classColumn(name);
  }

  #takePrediction(header: Header): void {
    const { prediction } = this.#config.columns;
    if (this.#config.task === 'multilabel' && prediction.includes('{label}')) {
      this.#takeLabelled(header, prediction, {
        into: this.#predictionBits,
        column: () => new NumberColumn(),
      });
      return;
    }
    const hasScores = this.#score !== null || this.#classScores.size > 0;
    const required = !hasScores || prediction !== 'y_pred';
    this.#prediction = header.take(prediction, () => this.#valueColumn(prediction), required);
  }

  #takeGroups(header: Header): void {
    const { columns, task } = this.#config;
    if (task === 'ranking') {
      const name = columns.query ?? 'query';
      this.#group = header.take(name, () => groupColumn(), true);
    }
    if (task === 'forecast' && columns.query) {
      this.#group = header.take(columns.query, () => groupColumn(), true);
    }
    if (task === 'forecast' && columns.time) {
      this.#time = header.take(columns.time, () => new TextColumn(), true);
    }
  }

  #takeScores(header: Header): void {
    const { columns, task } = this.#config;
    const { score } = columns;
    const isProbability = !NUMERIC.has(task);
    const column = () => (isProbability ? new NumberColumn(0, 1) : new NumberColumn());
    if (!score.includes('{label}')) {
      if (task === 'binary' || task === 'ranking') {
        this.#score = header.take(score, column, score !== 'y_score');
      }
      return;
    }
    this.#takeLabelled(header, score, { into: this.#classScores, column });
  }

  #takeLabelled(
    header: Header,
    pattern: string,
    to: { readonly into: Map<string, NumberColumn>; readonly column: () => NumberColumn },
  ): void {
    for (const { name, label } of header.labelled(pattern)) {
      const column = header.take(name, to.column, true);
      if (column) to.into.set(label, column);
    }
    if (to.into.size === 0) throw header.missing(pattern);
  }

  #classColumn(name: string): CodeColumn {
    return new CodeColumn({
      meaning: labelMeaning,
      limit: MOST_CLASSES,
      tooMany: () =>
        new UserError(`${name} has more than ${plural(MOST_CLASSES, 'class', 'classes')}`, {
          location: { file: this.#file },
          mend: 'numbers to predict are task: regression, and probabilities belong into columns: score',
        }),
    });
  }

  #sliceColumn(name: string): CodeColumn {
    return new CodeColumn({
      meaning: (text) => text.trim() || MISSING_SLICE,
      limit: MOST_SLICE_VALUES,
      tooMany: () =>
        new UserError(
          `the slice column ${JSON.stringify(name)} has more than ${MOST_SLICE_VALUES} different values`,
          { location: { file: this.#file }, mend: 'slice by a column of few groups, such as an age band' },
        ),
    });
  }

  finish(): Predictions {
    const rows = this.#rows();
    if (rows === 0) {
      throw new UserError('the predictions file has a header and no rows', {
        location: { file: this.#file },
        mend: 'did the training command write its predictions before it ended?',
      });
    }
    const defects = new Defects(this.#file);
    this.#checkIds(defects);
    const weights = this.#weights(defects);
    const base: PredictionsBase = {
      file: this.#file,
      rows,
      ids: this.#ids?.values ?? null,
      weights,
      slices: new Map(Array.from(this.#slices, ([name, column]) => [name, sortedCodes(column)])),
    };
    return readTask({
      config: this.#config,
      base,
      label: this.#label,
      prediction: this.#prediction,
      score: this.#score,
      classScores: this.#classScores,
      labelBits: this.#labelBits,
      predictionBits: this.#predictionBits,
      group: this.#group && sortedCodes(this.#group),
      time: this.#time?.values ?? null,
      defects,
    });
  }

  #rows(): number {
    const column = this.#label ?? [...this.#labelBits.values()][0];
    if (column instanceof NumberColumn) return column.values.length;
    if (column instanceof LabelSetColumn) return column.length;
    return column?.codes.length ?? 0;
  }

  #checkIds(defects: Defects): void {
    const ids = this.#ids;
    if (!ids) return;
    const name = this.#config.columns.id;
    defects.addLines(`no ${name}`, ids.missing, 'every row needs an id');
    if (ids.repeats === 0) return;
    const places = ids.repeated.map((repeat) => `line ${repeat.again} repeats line ${repeat.before}`);
    const more = ids.repeats > places.length ? ' …' : '';
    defects.add(
      `${plural(ids.repeats, 'duplicate')} of ${name}: ${places.join(', ')}${more}`,
      ids.repeated[0]?.again,
      'write each row once',
    );
  }

  #weights(defects: Defects): Float64Array | null {
    const column = this.#weight;
    if (!column) return null;
    const name = this.#config.columns.weight ?? 'weight';
    defects.addLines(`${name} is missing`, column.missing, 'every row needs a weight');
    defects.addLines(`${name} is not a number`, column.invalid, 'weights are numbers of at least 0');
    const { values } = column;
    defects.addLines(`${name} is negative`, column.outside, 'weights are numbers of at least 0');
    if (values.every((weight) => weight === 0)) {
      defects.add(`${name} is 0 in every row`, undefined, 'at least one row must count');
    }
    return values;
  }
}

function readTask(read: ReadColumns): Predictions {
  switch (read.config.task) {
    case 'binary':
      return readBinary(read);
    case 'multiclass':
      return readMulticlass(read);
    case 'multilabel':
      return readMultilabel(read);
    case 'regression':
      return readRegression(read);
    case 'ranking':
      return readRanking(read);
    case 'forecast':
      return readForecast(read);
  }
}

type ValueColumn = CodeColumn | NumberColumn | LabelSetColumn;

/** Queries and series: any number of them, by their text. */
function groupColumn(): CodeColumn {
  return new CodeColumn({
    meaning: (text) => text,
    limit: Number.POSITIVE_INFINITY,
    tooMany: () => new Error('there is no limit'),
  });
}

/** Values in sorted order, so that the order of the rows does not show in the order of the slices. */
function sortedCodes(column: CodeColumn): SliceColumn {
  const values = [...column.texts].sort((a, b) => (a < b ? -1 : 1));
  const place = new Map(values.map((text, code) => [text, code]));
  const newCode = Int32Array.from(column.texts, (text) => place.get(text) ?? -1);
  return { codes: column.codes.map((code) => newCode[code] ?? -1), values };
}

/** A column may serve twice, as label and as slice. */
function together(sinks: readonly Sink[]): Sink | null {
  const [only] = sinks;
  if (!only) return null;
  if (sinks.length === 1) return only;
  return {
    add: (text, line) => {
      for (const sink of sinks) sink.add(text, line);
    },
  };
}
