import { UserError } from '../../../errors.js';
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
  numberAt,
  textAt,
} from './value.js';

/**
 * Validation results of Great Expectations, of one suite or of a checkpoint, 0.x and 1.x: how many expectations held, and per
 * expectation about values which share of them was unexpected. Observed values and lists of them are rows: never read.
 */
export const greatExpectations: JsonShape = {
  name: 'Great Expectations',
  recognises(value) {
    if (!isMap(value)) return false;
    if (isSuite(value)) return true;
    return typeof value.success === 'boolean' && validationsIn(value).length > 0;
  },
  read(value, file) {
    if (isMap(value) && isSuite(value)) {
      throw new UserError(`${file.path} is a suite of Great Expectations, not the result of a validation`, {
        mend: 'name the result in metrics.from; a suite goes under data.NAME.checks: - expectations: PATH',
      });
    }
    const validations = validationsIn(mapAt(value));
    const results = validations.flatMap((validation) => resultsOf(validation));
    const held = results.filter((result) => isMap(result) && result.success === true).length;
    return {
      metrics: [
        ...(results.length === 0
          ? []
          : [
              {
                name: 'expectations.success_rate',
                value: held / results.length,
                direction: 'higher' as const,
              },
            ]),
        { name: 'expectations.evaluated', value: results.length, direction: 'none' },
        { name: 'expectations.failed', value: results.length - held, direction: 'lower' },
        ...unexpectedOf(results, file.path),
      ],
      series: [],
      notes: failures(results),
    };
  },
};

function isSuite(value: JsonMap): boolean {
  const [first] = listAt(value, 'expectations');
  return (
    first !== undefined &&
    value.results === undefined &&
    value.success === undefined &&
    /^expect_/.test(typeOf(first))
  );
}

/** The validations of a checkpoint (whose forms differ by version), or the one that the file is. */
function validationsIn(value: JsonMap): readonly JsonValue[] {
  if (resultsOf(value).length > 0 || (isMap(value.statistics) && isList(value.results))) return [value];
  const listed = listAt(value, 'validation_results');
  if (listed.length > 0) return listed;
  const runs = isList(value.run_results) ? value.run_results : Object.values(mapAt(value, 'run_results'));
  return runs.map((run) => (isMap(run) && isMap(run.validation_result) ? run.validation_result : run));
}

function resultsOf(validation: JsonValue): readonly JsonValue[] {
  const results = [...listAt(validation, 'results'), ...listAt(validation, 'expectations')];
  return results.filter((result) => isMap(result) && typeof result.success === 'boolean');
}

function typeOf(result: JsonValue): string {
  const config = mapAt(result, 'expectation_config');
  return (
    textAt(config, 'type') ??
    textAt(config, 'expectation_type') ??
    textAt(result, 'expectation_type') ??
    textAt(result, 'type') ??
    'expectation'
  );
}

function unexpectedOf(results: readonly JsonValue[], file: string): readonly ReadMetric[] {
  const taken = new Map<string, number>();
  return results.flatMap((result) => {
    const share = numberAt(mapAt(result, 'result'), 'unexpected_percent');
    if (share === undefined) return [];
    const column =
      textAt(mapAt(result, 'expectation_config', 'kwargs'), 'column') ??
      textAt(mapAt(result, 'kwargs'), 'column');
    const base = [typeOf(result), ...(column === undefined ? [] : [column])].join('.');
    const times = (taken.get(base) ?? 0) + 1;
    taken.set(base, times);
    const name = `${base}${times > 1 ? `#${times}` : ''}.unexpected_percent`;
    return metricFrom(share, { name, file, direction: 'lower' });
  });
}

function failures(results: readonly JsonValue[]): readonly string[] {
  const failed = results.filter((result) => isMap(result) && result.success !== true);
  if (failed.length === 0) return [];
  const kinds = [...new Set(failed.map(typeOf))].slice(0, 5);
  return [`${failed.length} of ${results.length} expectations failed: ${kinds.join(', ')}`];
}
