import type { Direction } from '../../../config/model.js';
import type { ReadMetric } from '../reader.js';
import { isMap, type JsonMap, type JsonShape, mapAt, metricFrom, numberAt, paramOf } from './value.js';

const SETTINGS = ['model', 'model_args', 'num_fewshot', 'limit', 'batch_size', 'gen_kwargs', 'random_seed'];
const STDERR = /^(.*)_stderr(,.*)?$/;

/**
 * Results of lm-evaluation-harness: `task/acc` with its standard error and the number of samples; `acc,none` of version
 * 0.4 is `acc`, another filter stays in the name (`exact_match,strict-match`). Groups are tasks like any other.
 */
export const lmEval: JsonShape = {
  name: 'lm-evaluation-harness',
  recognises: (value) =>
    isMap(value) &&
    isMap(value.results) &&
    isMap(value.versions) &&
    (isMap(value.configs) || isMap(value.config)) &&
    Object.values(value.results).every((task) => isMap(task)),
  read(value, file) {
    const tasks = { ...mapAt(value, 'results'), ...mapAt(value, 'groups') };
    const metrics = Object.entries(tasks).flatMap(([task, scores]) =>
      scoresOf(mapAt(scores), { task, document: mapAt(value), file: file.path }),
    );
    const config = mapAt(value, 'config');
    const params = SETTINGS.flatMap((name) => {
      const given = config[name];
      return given === undefined || given === null ? [] : [[name, paramOf(given)] as const];
    });
    return { metrics, series: [], params: Object.fromEntries(params) };
  },
};

function scoresOf(
  scores: JsonMap,
  of: { readonly task: string; readonly document: JsonMap; readonly file: string },
): readonly ReadMetric[] {
  const { task, document, file } = of;
  const n = numberAt(mapAt(document, 'n-samples', task), 'effective');
  return Object.entries(scores).flatMap(([key, score]) => {
    if (STDERR.test(key) || key === 'sample_len' || key === 'samples') return [];
    const [name = key, filter] = key.split(',');
    const stderr = numberAt(scores, filter === undefined ? `${key}_stderr` : `${name}_stderr,${filter}`);
    const known = stderr !== undefined && Number.isFinite(stderr) && stderr >= 0;
    return metricFrom(score, {
      name: `${task}/${filter === undefined || filter === 'none' ? name : key}`,
      file,
      ...directionIn(mapAt(document, 'higher_is_better', task), name),
      ...(known ? { stderr } : {}),
      ...(known && n !== undefined && Number.isInteger(n) && n >= 0 ? { n } : {}),
    });
  });
}

function directionIn(higherIsBetter: JsonMap, name: string): { readonly direction?: Direction } {
  const stated = Object.hasOwn(higherIsBetter, name) ? higherIsBetter[name] : undefined;
  if (typeof stated !== 'boolean') return {};
  return { direction: stated ? 'higher' : 'lower' };
}
