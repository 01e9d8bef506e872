import { createHash } from 'node:crypto';
import type { MetricRule } from '../config/model.js';
import { UserError } from '../errors.js';
import { formatNumber, plural } from '../format.js';
import { type Metric, metricKey } from '../metrics/metric.js';
import type { Workspace } from './ports.js';
import type { ReadSeries } from './readers/reader.js';
import { readMetricsFile } from './readers/readers.js';
import { recordedMetric } from './seeds.js';

/** Reading what one training wrote: only what it wrote, never what lay there before. */

/** Longer names are cut, with a digest that keeps them apart: no person reads more, and every sink has a limit. */
const LONGEST_NAME = 200;

/** When each file was last changed before the training; files that were not there are absent. */
export type Before = ReadonlyMap<string, number>;

/** @param paths literal paths and glob patterns; throws UserError for one that leads out of the folder */
export async function lookBefore(workspace: Workspace, paths: readonly string[]): Promise<Before> {
  const times = new Map<string, number>();
  const files = [...new Set([...paths, ...(await workspace.glob(paths))])];
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
  readonly warnings: readonly string[];
  /** The first thing that was wrong; what was read besides is there all the same. */
  readonly problem: unknown;
}

/** Reads the metrics files of one training. Never throws: one bad file does not lose what the others hold. */
export async function collectMetrics(options: {
  readonly from: readonly string[];
  readonly rules: Readonly<Record<string, MetricRule>>;
  readonly workspace: Workspace;
  readonly before: Before;
}): Promise<Collected> {
  const found = new Map<string, Metric>();
  const series: ReadSeries[] = [];
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
      for (const path of await freshFiles(pattern, { ...options, warnings })) {
        await attempt(async () => {
          const file = await options.workspace.file(path);
          if (!file) throw new UserError(`${path} is missing`);
          const reading = await readMetricsFile(file);
          series.push(...reading.series.map((one) => ({ ...one, name: shortName(one.name) })));
          for (const read of reading.metrics) {
            const name = shortName(read.name);
            if (name !== read.name)
              warnings.push(`a metric's name in ${path} is too long and was cut: ${name}`);
            await attempt(async () =>
              add(found, recordedMetric({ ...read, name }, { source: path, rules: options.rules })),
            );
          }
        });
      }
    });
  }
  return { metrics: [...found.values()], series, warnings: capped(warnings), problem: problems[0] };
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
  else if (other.value !== metric.value) {
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
