import { repeatedMetric } from '../repeats.js';
import {
  isList,
  isMap,
  type JsonMap,
  type JsonShape,
  mapAt,
  metricFrom,
  numberAt,
  shareOf,
} from './value.js';

/** `cross_validate(...)` of scikit-learn: `fit_time`, `score_time` and `test_<score>` with a value per fold. */
export const crossValidate: JsonShape = {
  name: 'scikit-learn cross_validate',
  recognises(value) {
    if (!isMap(value) || !isList(value.fit_time) || !isList(value.score_time)) return false;
    return Object.keys(value).some((name) => name.startsWith('test_'));
  },
  read(value, file) {
    const scores = Object.entries(mapAt(value)).filter(([, folds]) => isList(folds));
    return {
      metrics: scores.flatMap(([name, folds]) =>
        repeatedMetric(name, { values: isList(folds) ? folds : [], file: file.path, what: 'fold' }),
      ),
      series: [],
    };
  },
};

const AVERAGES = ['macro avg', 'weighted avg', 'micro avg', 'samples avg'];

/**
 * `classification_report(..., output_dict=True)` of scikit-learn. The support is how many rows stand behind the recall of a
 * class and the accuracy: their standard error is that of a share.
 */
export const classificationReport: JsonShape = {
  name: 'scikit-learn classification_report',
  recognises: (value) =>
    AVERAGES.some((name) => numberAt(mapAt(value, name), 'f1-score') !== undefined) &&
    numberAt(mapAt(value, 'weighted avg'), 'support') !== undefined,
  read(value, file) {
    const report = mapAt(value);
    const all = numberAt(mapAt(report, 'weighted avg'), 'support');
    const metrics = Object.entries(report).flatMap(([label, scores]) => {
      if (!isMap(scores)) {
        const { n, stderr } = errorOfShare(numberAt(report, label), label === 'accuracy' ? all : undefined);
        return metricFrom(scores, { name: label, file: file.path, ...n, ...stderr });
      }
      return scoresOf(scores, { label, file: file.path });
    });
    return { metrics, series: [] };
  },
};

function scoresOf(scores: JsonMap, of: { readonly label: string; readonly file: string }) {
  const support = AVERAGES.includes(of.label) ? undefined : numberAt(scores, 'support');
  return Object.entries(scores).flatMap(([name, score]) => {
    if (name === 'support') return [];
    const rows = name === 'recall' ? errorOfShare(numberAt(scores, name), support) : {};
    return metricFrom(score, { name: `${of.label}.${name}`, file: of.file, ...rows.n, ...rows.stderr });
  });
}

function errorOfShare(
  share: number | undefined,
  all: number | undefined,
): { readonly n?: { n: number }; readonly stderr?: { stderr: number } } {
  if (share === undefined || all === undefined) return {};
  const [metric] = shareOf({ of: share * all, all }, { name: '' });
  if (metric?.n === undefined || metric.stderr === undefined) return {};
  return { n: { n: metric.n }, stderr: { stderr: metric.stderr } };
}
