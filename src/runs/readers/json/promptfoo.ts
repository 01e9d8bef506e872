import type { ReadMetric } from '../reader.js';
import {
  isMap,
  type JsonMap,
  type JsonShape,
  listAt,
  mapAt,
  metricFrom,
  numberAt,
  shareOf,
  textAt,
} from './value.js';

/**
 * Output of promptfoo (`-o results.json`): per prompt and provider the share of tests that passed, the mean score, cost,
 * latency and tokens, and the named scores. Prompts, variables and answers are never read.
 */
export const promptfoo: JsonShape = {
  name: 'promptfoo',
  recognises(value) {
    const results = mapAt(value, 'results');
    return (
      isMap(value) && isMap(results.stats) && (listAt(results, 'prompts').length > 0 || isMap(results.table))
    );
  },
  read(value, file) {
    const results = mapAt(value, 'results');
    const listed = listAt(results, 'prompts');
    const prompts = listed.length > 0 ? listed : listAt(mapAt(results, 'table', 'head'), 'prompts');
    const names = namesOf(prompts.map((prompt) => textAt(prompt, 'provider') ?? 'prompt'));
    return {
      metrics: prompts.flatMap((prompt, index) =>
        scoresOf(mapAt(prompt, 'metrics'), { prefix: names[index] ?? '', file: file.path }),
      ),
      series: [],
    };
  },
};

/** No prefix for the only prompt; the provider where it tells them apart, else with a number. */
function namesOf(providers: readonly string[]): readonly string[] {
  if (providers.length === 1) return [''];
  return providers.map((provider, index) => {
    const alike = providers.filter((other) => other === provider).length;
    if (alike === 1) return `${provider}/`;
    return `${provider}#${providers.slice(0, index + 1).filter((other) => other === provider).length}/`;
  });
}

function scoresOf(
  metrics: JsonMap,
  { prefix, file }: { readonly prefix: string; readonly file: string },
): readonly ReadMetric[] {
  const passed = numberAt(metrics, 'testPassCount') ?? 0;
  const all = passed + (numberAt(metrics, 'testFailCount') ?? 0) + (numberAt(metrics, 'testErrorCount') ?? 0);
  const perTest = (name: string): number | undefined => {
    const sum = numberAt(metrics, name);
    return sum === undefined || all === 0 ? undefined : sum / all;
  };
  const counts = mapAt(metrics, 'namedScoresCount');
  return [
    ...shareOf({ of: passed, all }, { name: `${prefix}pass_rate`, direction: 'higher' }),
    ...metricFrom(perTest('score'), { name: `${prefix}score`, file, direction: 'higher' }),
    ...metricFrom(metrics.testErrorCount, { name: `${prefix}errors`, file, direction: 'lower' }),
    ...metricFrom(perTest('totalLatencyMs'), { name: `${prefix}latency_ms`, file, direction: 'lower' }),
    ...metricFrom(metrics.cost, { name: `${prefix}cost`, file, direction: 'lower' }),
    ...metricFrom(mapAt(metrics, 'tokenUsage').total, { name: `${prefix}tokens`, file, direction: 'lower' }),
    ...Object.entries(mapAt(metrics, 'namedScores')).flatMap(([name, sum]) => {
      const count = numberAt(counts, name);
      const mean = typeof sum === 'number' && count !== undefined && count > 0 ? sum / count : undefined;
      return metricFrom(mean ?? sum, { name: `${prefix}${name}`, file, direction: 'higher' });
    }),
  ];
}
