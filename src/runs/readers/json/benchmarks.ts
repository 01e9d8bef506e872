import type { Direction } from '../../../config/model.js';
import type { JsonValue } from '../json-text.js';
import type { ReadMetric } from '../reader.js';
import { isList, isMap, type JsonShape, listAt, mapAt, metricFrom, numberAt, textAt } from './value.js';

/** pytest-benchmark: per benchmark mean (with its standard error over the rounds), median and minimum, in seconds. */
export const pytestBenchmark: JsonShape = {
  name: 'pytest-benchmark',
  recognises: (value) => isMap(value) && isMap(value.machine_info) && isList(value.benchmarks),
  read(value, file) {
    const metrics = listAt(value, 'benchmarks').flatMap((benchmark) => {
      const stats = mapAt(benchmark, 'stats');
      const name = textAt(benchmark, 'fullname') ?? textAt(benchmark, 'name') ?? 'benchmark';
      const [rounds, deviation] = [numberAt(stats, 'rounds'), numberAt(stats, 'stddev')];
      const repeated = rounds !== undefined && Number.isInteger(rounds) && rounds > 1;
      const error =
        repeated && deviation !== undefined && deviation >= 0 && Number.isFinite(deviation)
          ? { n: rounds, stderr: deviation / Math.sqrt(rounds) }
          : {};
      const of = { file: file.path, direction: 'lower' } as const;
      return [
        ...metricFrom(stats.mean, { name: `${name}.mean`, ...of, ...error }),
        ...metricFrom(stats.median, { name: `${name}.median`, ...of }),
        ...metricFrom(stats.min, { name: `${name}.min`, ...of }),
      ];
    });
    return { metrics, series: [] };
  },
};

/** Whether a larger value is better, by the tool that github-action-benchmark was told (its own table). */
const BIGGER_IS_BETTER: Readonly<Record<string, boolean>> = {
  cargo: false,
  go: false,
  benchmarkjs: true,
  benchmarkluau: false,
  pytest: true,
  googlecpp: false,
  catch2: false,
  julia: false,
  benchmarkdotnet: false,
  customBiggerIsBetter: true,
  customSmallerIsBetter: false,
};

export function directionOfTool(tool: string): Direction | undefined {
  if (!Object.hasOwn(BIGGER_IS_BETTER, tool)) return undefined;
  return BIGGER_IS_BETTER[tool] ? 'higher' : 'lower';
}

/** Only where a unit leaves no doubt: a time, or something per time. */
export function directionOfUnit(unit: string): Direction | undefined {
  if (
    /^(?:(?:ns|us|µs|μs|ms|s|sec|secs|seconds?|minutes?|milliseconds?)(?:\/(?:iter|op|run|call))?)$/i.test(
      unit,
    )
  ) {
    return 'lower';
  }
  if (/\/(?:s|sec|second)$/i.test(unit)) return 'higher';
  return undefined;
}

/** The custom JSON of github-action-benchmark: rows of name, unit and value. The file's name may say which side is better. */
export const customBenchmark: JsonShape = {
  name: 'github-action-benchmark',
  recognises: (value) => isList(value) && value.length > 0 && value.every(isBench),
  read(value, file) {
    const stated = /bigger/i.test(file.path) ? 'higher' : /smaller/i.test(file.path) ? 'lower' : undefined;
    return {
      metrics: (isList(value) ? value : []).flatMap((bench) =>
        benchMetric(bench, { stated, file: file.path }),
      ),
      series: [],
    };
  },
};

export function isBench(value: JsonValue): boolean {
  return (
    textAt(value, 'name') !== undefined &&
    textAt(value, 'unit') !== undefined &&
    numberAt(value, 'value') !== undefined
  );
}

/** @param of.stated which side is better, when the tool or the file says; else the unit may */
export function benchMetric(
  bench: JsonValue,
  of: { readonly stated: Direction | undefined; readonly file: string; readonly prefix?: string },
): readonly ReadMetric[] {
  const direction = of.stated ?? directionOfUnit(textAt(bench, 'unit') ?? '');
  return metricFrom(isMap(bench) ? bench.value : undefined, {
    name: `${of.prefix ?? ''}${textAt(bench, 'name') ?? ''}`,
    file: of.file,
    ...(direction ? { direction } : {}),
  });
}
