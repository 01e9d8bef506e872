import { Document, Scalar } from 'yaml';
import type { DataFile, Survey } from './survey.js';

/** Lines of a proposed assay.yml. What init cannot know is there as a comment that says so. */
export interface Proposal {
  readonly text: string;
  /** What the reader has to fill in; empty when the file works as it is. */
  readonly unknown: readonly string[];
}

/**
 * A commented assay.yml for what the survey found. It parses as it stands, also when nothing was found.
 * @param model name of the model, as assay.yml allows it
 */
export function proposeConfig(survey: Survey, model: string): Proposal {
  const data = survey.data.flatMap((file) => dataLines(file));
  const hasModel =
    survey.train !== undefined || survey.metrics.length > 0 || survey.predictions !== undefined;
  const lines = [
    '# What Assay knows about this repository; every key is explained in docs/config.md of Assay.',
    '# yaml-language-server: $schema=./node_modules/assay/schemas/config.json',
    'version: 1',
    '',
    ...(data.length > 0 ? ['data:', ...data, ''] : exampleData()),
    ...(hasModel ? ['models:', ...modelLines(survey, model)] : exampleModel(model)),
  ];
  return { text: `${lines.join('\n')}\n`, unknown: unknowns(survey) };
}

function unknowns(survey: Survey): readonly string[] {
  const lines: string[] = [];
  if (!survey.train) {
    lines.push(
      'the command that trains: nothing here is named like one (train.py, a stage "train" in dvc.yaml …)',
    );
  }
  if (survey.metrics.length === 0 && !survey.predictions) {
    lines.push('where the training writes its metrics: no metrics.json, results.csv or the like was found');
  }
  return lines;
}

function dataLines(file: DataFile): readonly string[] {
  const [column] = file.columns;
  return [
    `  ${key(file.name)}:`,
    `    source: ${scalar(file.path)}`,
    ...(column === undefined
      ? []
      : [
          '    # columns:                       # checked by `assay validate`, before any training',
          `    #   ${scalar(column)}: { required: true }`,
        ]),
  ];
}

function exampleData(): readonly string[] {
  return [
    '# data:                               # files that are checked before training',
    '#   my_data: { source: data/train.csv }',
    '',
  ];
}

function exampleModel(model: string): readonly string[] {
  return [
    '# init saw neither a training nor metrics. Below is the smallest working example.',
    'models: {}                            # remove this line and the # of those below, and fill them in',
    '# models:',
    `#   ${key(model)}:`,
    '#     train: { run: python train.py }           # your command, in any language',
    '#     metrics: { from: [metrics.json] }         # a file it writes, such as {"accuracy": 0.93}',
  ];
}

function modelLines(survey: Survey, model: string): readonly string[] {
  return [
    `  ${key(model)}:`,
    ...(survey.data.length > 0 ? [`    data: [${survey.data.map(({ name }) => key(name)).join(', ')}]`] : []),
    ...trainLines(survey),
    ...metricsLines(survey),
    ...evaluateLines(survey),
    ...gateLines(survey),
  ];
}

function trainLines(survey: Survey): readonly string[] {
  const { train, params } = survey;
  const reference = params === undefined ? [] : [`      params: { file: ${scalar(params)} }`];
  if (!train) {
    return [
      '    # train: { run: python train.py }  # init could not see how this trains: your command, in any language',
    ];
  }
  return [
    '    train:',
    `      run: ${scalar(train.command)}`,
    ...survey.otherTrainings.slice(0, 3).map((other) => `      # or: ${other.replaceAll(/\s+/g, ' ')}`),
    ...reference,
    '      # seeds: [1, 2, 3]               # several trainings tell noise from change; each gets $ASSAY_SEED',
    '      # timeout: 2h',
    '      # outputs: { model: out/model.joblib }   # kept as artifacts, released with a version',
  ];
}

function metricsLines({ metrics, predictions }: Survey): readonly string[] {
  if (metrics.length === 0) {
    return predictions
      ? []
      : [
          '    # metrics: { from: [metrics.json] }   # a file the training writes, such as {"accuracy": 0.93}',
        ];
  }
  return ['    metrics:', `      from: [${metrics.map(({ path }) => scalar(path)).join(', ')}]`];
}

function evaluateLines({ predictions }: Survey): readonly string[] {
  if (!predictions) return [];
  const find = (pattern: RegExp, fallback: string) =>
    scalar(predictions.columns.find((column) => pattern.test(column)) ?? fallback);
  const columns = [
    `id: ${find(/^(id|row_?id|index)$/i, 'id')}`,
    `label: ${find(/^(y_true|label|target|actual|truth)$/i, 'y_true')}`,
    `prediction: ${find(/^(y_pred|pred|prediction|predicted)$/i, 'y_pred')}`,
    `score: ${find(/^(y_score|score|proba)$/i, 'y_score')}`,
  ];
  return [
    '    # evaluate:                        # Assay computes the metrics, with their uncertainty; say which task it is',
    `    #   predictions: ${scalar(predictions.path)}`,
    '    #   task: binary                   # binary, multiclass or regression',
    `    #   columns: { ${columns.join(', ')} }`,
  ];
}

function gateLines({ metrics }: Survey): readonly string[] {
  const judged = metrics.find((file) => file.judged !== undefined)?.judged;
  const rule = judged === undefined ? 'accuracy' : scalar(judged);
  const mark = judged === undefined ? '# ' : '';
  return [
    `    ${mark}gate:                              # a version is promoted only when every rule holds`,
    `    ${mark}  - metric: ${rule}`,
    `    ${mark}    require: not-worse             # than the baseline: the merge base with the target branch`,
  ];
}

/** Text as YAML of one line; in quotes where YAML (or a list in brackets) would read it as something else. */
function scalar(text: string): string {
  const quotes = /[\n\r\t[\]{},#:&*!|>'"%@`]|^\s|\s$|^-/.test(text) ? Scalar.QUOTE_DOUBLE : Scalar.PLAIN;
  const value = new Scalar(text);
  value.type = quotes;
  return new Document(value).toString({ lineWidth: 0 }).trimEnd();
}

function key(name: string): string {
  return scalar(name);
}
