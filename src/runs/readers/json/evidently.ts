import type { JsonValue } from '../json-text.js';
import type { ReadMetric } from '../reader.js';
import {
  isList,
  isMap,
  type JsonMap,
  type JsonShape,
  listAt,
  mapAt,
  metricFrom,
  snakeCase,
  textAt,
} from './value.js';

/** Parts of a value that sum up rows; anything else in a map may be a value of the data itself. */
const SUMMARIES = ['count', 'share', 'mean', 'std', 'value'];
/** Numbers that are settings, not results. */
const SETTINGS = new Set(['drift_share', 'drift_score', 'stattest_threshold']);
/** Settings of a metric that tell it from others of its type. */
const TELLING = ['column', 'classification_name', 'regression_name', 'method'];

/** Evidently 0.7 and later: `accuracy`, `value_drift.age`, `f1_by_label.0`. */
export const evidently: JsonShape = {
  name: 'Evidently',
  recognises: (value) =>
    isMap(value) &&
    isList(value.metrics) &&
    value.metrics.length > 0 &&
    value.metrics.every((metric) => /^evidently:/.test(textAt(mapAt(metric, 'config'), 'type') ?? '')),
  read(value, file) {
    const found = listAt(value, 'metrics').map((metric) => ({
      config: mapAt(metric, 'config'),
      value: isMap(metric) ? metric.value : undefined,
    }));
    const metrics = found.flatMap(({ config, value: result }) => {
      const others = found.map((other) => other.config).filter((other) => other.type === config.type);
      const name = nameOf(config, others);
      return valuesOf(result, { name, file: file.path, byLabel: /bylabel$/i.test(String(config.type)) });
    });
    return { metrics, series: [], notes: failedTests(listAt(value, 'tests')) };
  },
};

/** The type, the column where there is one, and what else tells it from the others of its type. */
function nameOf(config: JsonMap, others: readonly JsonMap[]): string {
  const type = snakeCase((textAt(config, 'type') ?? '').split(':').at(-1) ?? '');
  const telling = TELLING.filter(
    (key) =>
      textAt(config, key) !== undefined &&
      (key === 'column' || others.some((other) => other[key] !== config[key])),
  );
  return [type, ...telling.map((key) => textAt(config, key) ?? '')].join('.');
}

function valuesOf(
  value: JsonValue | undefined,
  of: { readonly name: string; readonly file: string; readonly byLabel: boolean },
): readonly ReadMetric[] {
  const { name, file } = of;
  if (!isMap(value)) return metricFrom(value, { name, file });
  const values = isMap(value.values) && of.byLabel ? value.values : value;
  return Object.entries(values).flatMap(([key, inner]) => {
    if (!of.byLabel && !SUMMARIES.includes(key)) return [];
    return valuesOf(inner, { name: `${name}.${key}`, file, byLabel: false });
  });
}

function failedTests(tests: readonly JsonValue[]): readonly string[] {
  const failed = tests.filter((test) => /^(?:fail|error)/i.test(textAt(test, 'status') ?? ''));
  return failed.length > 0 ? [`${failed.length} of ${tests.length} Evidently tests failed`] : [];
}

/** Evidently up to 0.6: `classification_quality.accuracy`, `data_drift_table.age.drift_score`; of the current data only. */
export const evidentlyReport: JsonShape = {
  name: 'Evidently',
  recognises: (value) =>
    isMap(value) &&
    textAt(value, 'version') !== undefined &&
    isList(value.metrics) &&
    value.metrics.length > 0 &&
    value.metrics.every(
      (metric) => isMap(metric) && typeof metric.metric === 'string' && isMap(metric.result),
    ),
  read(value, file) {
    const metrics = listAt(value, 'metrics').flatMap((metric) => {
      const name = snakeCase((textAt(metric, 'metric') ?? '').replace(/Metric$/, ''));
      return resultOf(mapAt(metric, 'result'), { name, file: file.path });
    });
    return { metrics, series: [] };
  },
};

function resultOf(
  result: JsonMap,
  of: { readonly name: string; readonly file: string },
): readonly ReadMetric[] {
  const current = mapAt(result, 'current');
  return [
    ...numbersOf(result, of),
    ...numbersOf(current, of),
    ...Object.entries(mapAt(current, 'metrics')).flatMap(([label, scores]) =>
      numbersOf(mapAt(scores), { ...of, name: `${of.name}.${label}` }),
    ),
    ...Object.entries(mapAt(result, 'drift_by_columns')).flatMap(([column, drift]) =>
      metricFrom(mapAt(drift).drift_score, { ...of, name: `${of.name}.${column}.drift_score` }),
    ),
    ...driftOfColumn(result, of),
  ];
}

function numbersOf(
  map: JsonMap,
  of: { readonly name: string; readonly file: string },
): readonly ReadMetric[] {
  return Object.entries(map).flatMap(([name, value]) =>
    SETTINGS.has(name) ? [] : metricFrom(value, { ...of, name: `${of.name}.${name}` }),
  );
}

/** ColumnDriftMetric has the column in the result. */
function driftOfColumn(
  result: JsonMap,
  of: { readonly name: string; readonly file: string },
): readonly ReadMetric[] {
  const column = textAt(result, 'column_name');
  return metricFrom(result.drift_score, {
    ...of,
    name: [of.name, ...(column === undefined ? [] : [column]), 'drift_score'].join('.'),
  });
}
