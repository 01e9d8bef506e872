import { type Metric, metricKey } from '../metrics/metric.js';
import type { RunRecord } from './record.js';

/** How a run differs from the one it repeats; empty lists when it does not. */
export interface Reproduction {
  /** Every metric with the same value to the last digit, for every seed. */
  readonly identical: boolean;
  readonly metrics: readonly {
    readonly name: string;
    readonly split: string | null;
    readonly slice: Metric['slice'];
    readonly original: number | null;
    readonly again: number | null;
  }[];
  /** Names of artifacts whose content differs or that only one of the two has; logs, which tell times, are left out. */
  readonly artifacts: readonly string[];
  /** What may explain it: `python: 3.11.7 → 3.12.1`. */
  readonly environment: readonly {
    readonly what: string;
    readonly original: string;
    readonly again: string;
  }[];
}

export function compareReproduction(original: RunRecord, again: RunRecord): Reproduction {
  const metrics = differentMetrics(original.metrics, again.metrics);
  return {
    identical: metrics.length === 0 && original.status === again.status,
    metrics,
    artifacts: differentArtifacts(original, again),
    environment: differentEnvironment(original, again),
  };
}

function differentMetrics(original: readonly Metric[], again: readonly Metric[]): Reproduction['metrics'] {
  const before = new Map(original.map((metric) => [metricKey(metric), metric]));
  const after = new Map(again.map((metric) => [metricKey(metric), metric]));
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    const metric = is ?? was;
    const same = was && is && JSON.stringify(numbersOf(was)) === JSON.stringify(numbersOf(is));
    if (!metric || same) return [];
    const { name, split, slice } = metric;
    return [{ name, split, slice, original: was?.value ?? null, again: is?.value ?? null }];
  });
}

function numbersOf(metric: Metric): readonly unknown[] {
  return [metric.value, metric.seed_values];
}

function differentArtifacts(original: RunRecord, again: RunRecord): readonly string[] {
  const digests = (run: RunRecord) =>
    new Map(
      run.artifacts
        .filter(({ name }) => !/^log(?:\.|$)/.test(name))
        .map(({ name, digest }) => [name, digest]),
    );
  return differentKeys(digests(original), digests(again));
}

function differentEnvironment(original: RunRecord, again: RunRecord): Reproduction['environment'] {
  const facts = (run: RunRecord) =>
    new Map([
      ...machineFacts(run.environment),
      ...run.data.map(({ name, digest }) => [`dataset ${name}`, digest.slice(0, 12)] as const),
      [
        'commit',
        `${run.code.commit?.slice(0, 12) ?? 'none'}${run.code.dirty ? ' with uncommitted changes' : ''}`,
      ],
      ['command', run.command ?? 'none'],
    ]);
  const [before, after] = [facts(original), facts(again)];
  return differentKeys(before, after).map((what) => ({
    what,
    original: before.get(what) ?? 'none',
    again: after.get(what) ?? 'none',
  }));
}

function machineFacts(environment: RunRecord['environment']): readonly (readonly [string, string])[] {
  if (environment === null) return [];
  return [
    ['os', environment.os],
    ['cpu', `${environment.cpu.model}, ${environment.cpu.cores} cores`],
    ...Object.entries(environment.runtimes),
    ...Object.entries(environment.lockfiles).map(([file, digest]) => [file, digest.slice(0, 12)] as const),
  ];
}

function differentKeys(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}
