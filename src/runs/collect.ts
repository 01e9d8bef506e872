import { createHash } from 'node:crypto';
import type { MetricRule } from '../config/model.js';
import { UserError } from '../errors.js';
import { formatNumber, plural } from '../format.js';
import { type Metric, metricKey } from '../metrics/metric.js';
import type { Params } from './params.js';
import type { Workspace } from './ports.js';
import type { Reading, ReadSeries } from './readers/reader.js';
import { readMetricsFile, readMetricsFolder } from './readers/readers.js';
import { mergeRepetitions, type Repetition, repetitionsOf } from './readers/repeats.js';
import { recordedMetric } from './seeds.js';

/** Reading what one training wrote: only what it wrote, never what lay there before. */

/** Longer names are cut, with a digest that keeps them apart: no person reads more, and every sink has a limit. */
const LONGEST_NAME = 200;

/** When each file was last changed before the training; files that were not there are absent. */
export type Before = ReadonlyMap<string, number>;

/** @param paths literal paths and glob patterns; throws UserError for one that leads out of the folder */
export async function lookBefore(workspace: Workspace, paths: readonly string[]): Promise<Before> {
  const times = new Map<string, number>();
  const named = paths.map((path) => placeOf(path).path);
  const files = [...new Set([...paths, ...named, ...(await workspace.glob(paths))])];
  for (const file of files) {
    const time = await workspace.modified(file);
    if (time !== undefined) times.set(file, time);
  }
  return times;
}

/** Throws UserError when the file is missing, or is from before the training. */
export async function requireFresh(
  path: string,
  from: { readonly workspace: Workspace; readonly before: Before; readonly named: string },
): Promise<void> {
  const time = await from.workspace.modified(path);
  if (time === undefined) {
    throw new UserError(`${path} is missing: the command ended well but did not write it`, {
      mend: `${from.named} in assay.yml names it; paths are relative to assay.yml`,
    });
  }
  if (time === from.before.get(path)) {
    throw new UserError(`${path} was not written by this run: it is from before the command started`, {
      mend: 'the command must write it in every training, with every seed; remove the file if it is left over',
    });
  }
}

export interface Collected {
  readonly metrics: readonly Metric[];
  readonly series: readonly ReadSeries[];
  /** Parameters that tools recorded beside the metrics, by their names there. */
  readonly params: Params;
  readonly warnings: readonly string[];
  /** The first thing that was wrong; what was read besides is there all the same. */
  readonly problem: unknown;
}

/** `mlruns#4e8127410589` is the run with that id (or one that begins so) in the store `mlruns`. */
function placeOf(pattern: string): { readonly path: string; readonly run?: string } {
  const match = /^(.+)#([\w-]{4,64})$/.exec(pattern);
  return match?.[1] !== undefined && match[2] !== undefined
    ? { path: match[1], run: match[2] }
    : { path: pattern };
}

interface CollectOptions {
  readonly from: readonly string[];
  readonly rules: Readonly<Record<string, MetricRule>>;
  readonly workspace: Workspace;
  readonly before: Before;
}

/** Reads the metrics files of one training. Never throws: one bad file does not lose what the others hold. */
export async function collectMetrics(options: CollectOptions): Promise<Collected> {
  const found = new Map<string, Metric>();
  const series: ReadSeries[] = [];
  const params: Record<string, Params[string]> = {};
  const warnings: string[] = [];
  const problems: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      problems.push(error);
    }
  };
  for (const pattern of options.from) {
    await attempt(async () => {
      for (const { path, read } of await sourcesOf(pattern, { ...options, warnings })) {
        await attempt(async () => {
          const reading = await read();
          warnings.push(...(reading.notes ?? []));
          Object.assign(params, reading.params);
          series.push(...reading.series.map((one) => ({ ...one, name: shortName(one.name) })));
          for (const metric of reading.metrics) {
            const name = shortName(metric.name);
            if (name !== metric.name)
              warnings.push(`a metric's name in ${path} is too long and was cut: ${name}`);
            await attempt(async () =>
              add(found, recordedMetric({ ...metric, name }, { source: path, rules: options.rules })),
            );
          }
        });
      }
    });
  }
  return {
    metrics: [...found.values()],
    series,
    params,
    warnings: capped(warnings),
    problem: problems[0],
  };
}

interface Source {
  readonly path: string;
  readonly read: () => Promise<Reading>;
}

/** What a pattern stands for, ready to be read: a folder or store, files of their own, or files that repeat one another. */
async function sourcesOf(
  pattern: string,
  of: CollectOptions & { readonly warnings: string[] },
): Promise<readonly Source[]> {
  const { path, run } = placeOf(pattern);
  const named = run !== undefined && (await of.workspace.modified(pattern)) === undefined;
  if (named) return [{ path: pattern, read: () => readPlace(path, { ...of, run }) }];
  const paths = await freshFiles(pattern, of);
  const since = of.before.get(pattern);
  const repetitions = repetitionsOf(paths);
  if (!repetitions) return paths.map((one) => ({ path: one, read: () => readPlace(one, { ...of, since }) }));
  const read = async (): Promise<Reading> => {
    const readings: Repetition[] = [];
    for (const one of repetitions) {
      readings.push({ label: one.label, reading: await readPlace(one.path, { ...of, since }) });
    }
    return mergeRepetitions(readings);
  };
  return [{ path: pattern, read }];
}

async function readPlace(
  path: string,
  of: {
    readonly workspace: Workspace;
    readonly since?: number | undefined;
    readonly run?: string | undefined;
  },
): Promise<Reading> {
  const folder = await of.workspace.folder(path);
  if (folder) return readMetricsFolder(folder, of);
  const file = await of.workspace.file(path);
  if (!file) throw new UserError(`${path} is missing`);
  return readMetricsFile(file, of);
}

/** Files a pattern stands for that this training wrote. A literal path must be there; of a glob, old files are passed over. */
async function freshFiles(
  pattern: string,
  of: { readonly workspace: Workspace; readonly before: Before; readonly warnings: string[] },
): Promise<readonly string[]> {
  const { workspace, before } = of;
  const matches = (await workspace.modified(pattern)) === undefined ? await workspace.glob([pattern]) : [];
  if (matches.length === 0) {
    await requireFresh(pattern, { ...of, named: 'metrics.from' });
    return [pattern];
  }
  const fresh: string[] = [];
  for (const path of matches) {
    if ((await workspace.modified(path)) !== before.get(path)) fresh.push(path);
  }
  if (fresh.length === 0) {
    throw new UserError(`no file that matches ${pattern} was written by this run`, {
      mend: `${plural(matches.length, 'file')} matching it ${matches.length === 1 ? 'is' : 'are'} from before the command started`,
    });
  }
  if (fresh.length < matches.length) {
    of.warnings.push(
      `${plural(matches.length - fresh.length, 'file')} matching ${pattern} left aside: from before this run`,
    );
  }
  return fresh;
}

/** The same metric twice with the same value is one; with two values, nobody can say which one is right. */
function add(found: Map<string, Metric>, metric: Metric): void {
  const key = metricKey(metric);
  const other = found.get(key);
  if (other === undefined) found.set(key, metric);
  else if (!sameValue(other.value, metric.value)) {
    const [here, there] = [metric, other].map(({ value }) =>
      value === null ? 'no number' : formatNumber(value, 10),
    );
    throw new UserError(
      other.source === metric.source
        ? `${metric.source} has two values for ${metric.name}: ${there} and ${here}`
        : `${other.source} and ${metric.source} disagree about ${metric.name}: ${there} and ${here}`,
      { mend: 'write each metric once, or take one of the files out of metrics.from' },
    );
  }
}

/** But for rounding: a tool's summary and the rows it sums up differ in the last digits. */
function sameValue(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

function shortName(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, LONGEST_NAME - 10)}… ${digest}`;
}

const MOST_WARNINGS = 20;
function capped(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= MOST_WARNINGS) return warnings;
  return [...warnings.slice(0, MOST_WARNINGS), `and ${warnings.length - MOST_WARNINGS} more`];
}
