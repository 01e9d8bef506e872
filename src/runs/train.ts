import type { ArtifactStore } from '../artifacts/ports.js';
import type { Placed } from '../config/load.js';
import type { ModelConfig } from '../config/model.js';
import type { Clock } from '../history/port.js';
import type { Origin } from '../history/record.js';
import type { Curve } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { flatParams, type Params } from './params.js';
import type { Processes, RunFolder, Workspace } from './ports.js';
import type { Environment, RunRecord } from './record.js';
import { messageOf, type SeedTraining, trainSeed } from './seed-training.js';
import { mergeSeeds } from './seeds.js';
import { recordedSeries } from './series.js';

export interface TrainOptions {
  readonly model: Placed<ModelConfig> & { readonly name: string };
  readonly train: {
    readonly command: string;
    readonly timeoutSeconds: number | undefined;
    readonly outputs: Readonly<Record<string, string>>;
    readonly env: Readonly<Record<string, string>>;
  };
  readonly params: Params;
  /** At least one, all different; trained one after another in this order. */
  readonly seeds: readonly number[];
  /** Validated datasets; `path` is absolute. */
  readonly data: readonly (RunRecord['data'][number] & { readonly path: string })[];
  readonly purpose: 'train' | 'reproduce';
  readonly parent: string | null;
  /** When the run began. */
  readonly stamp: { readonly id: string; readonly time: string };
  readonly origin: Origin;
  readonly code: RunRecord['code'];
  readonly environment: Environment;
  readonly warnings: readonly string[];
  /** Metrics and curves of a predictions file of the workspace; throws UserError when it cannot be scored. */
  readonly scorePredictions?: (
    path: string,
    seed: number,
  ) => Promise<{ readonly metrics: readonly Metric[]; readonly curves: readonly Curve[] }>;
  readonly onLine?: (line: string) => void;
  readonly cancel: AbortSignal;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly workspace: Workspace;
  readonly artifacts: ArtifactStore;
  readonly runFolder: RunFolder;
}

export interface Training {
  readonly record: RunRecord;
  /** An error to show after the record is kept: a wrong file, a store that failed. Undefined when the command just failed. */
  readonly problem: unknown;
}

/**
 * Trains with each seed in turn and makes the record of the run. A seed that fails or is cancelled stops the rest; what was
 * measured until then is in the record. Nothing is thrown for what the command does.
 */
export async function trainModel(options: TrainOptions): Promise<Training> {
  const began = options.clock.monotonic();
  const trainings: SeedTraining[] = [];
  let problem: unknown;
  for (const seed of options.seeds) {
    if (options.cancel.aborted) break;
    try {
      trainings.push(await trainSeed(options, seed));
    } catch (error) {
      problem = error;
      break;
    }
    if (trainings.at(-1)?.entry.status !== 'succeeded') break;
  }
  problem ??= trainings.at(-1)?.problem;
  const seconds = options.clock.monotonic() - began;
  return { record: recordOf(options, { trainings, problem, seconds }), problem };
}

/** The record of a run that was refused before its command ran, such as for its data. */
export function refusedRun(options: Omit<TrainOptions, Ports>, reason: string): RunRecord {
  const none = { trainings: [], problem: undefined, seconds: 0 };
  return { ...recordOf(options, none), status: 'failed', reason };
}

type Ports = 'clock' | 'processes' | 'workspace' | 'artifacts' | 'runFolder';

function recordOf(
  options: Omit<TrainOptions, Ports>,
  of: { readonly trainings: readonly SeedTraining[]; readonly problem: unknown; readonly seconds: number },
): RunRecord {
  const { trainings } = of;
  const entries = trainings.map(({ entry }) => entry);
  const curves = recordedSeries(trainings.map(({ entry, series }) => ({ seed: entry.seed, series })));
  const last = trainings.at(-1);
  return {
    schema: 'assay/run@1',
    ...options.stamp,
    ...options.origin,
    model: options.model.name,
    purpose: options.purpose,
    ...statusOf(options, of),
    seconds: of.seconds,
    command: options.train.command,
    params: { ...options.params },
    ...toolParams(trainings, options.params),
    seed: options.seeds.length === 1 ? (options.seeds[0] ?? null) : null,
    seeds: entries,
    data: options.data.map(({ name, digest, rows }) => ({ name, digest, rows })),
    environment: options.environment,
    code: options.code,
    metrics: [
      ...mergeSeeds(
        trainings.map(({ entry, metrics }) => ({
          seed: entry.seed,
          complete: entry.status === 'succeeded',
          metrics,
        })),
      ),
    ],
    series: [...curves.series],
    ...keptCurves(trainings),
    artifacts: trainings.flatMap(({ artifacts }) => artifacts),
    log: {
      digest: last?.log.digest ?? null,
      bytes: trainings.reduce((sum, { log }) => sum + log.bytes, 0),
      truncated: trainings.some(({ log }) => log.truncated),
      tail: [...(last?.log.tail ?? [])],
    },
    resources: {
      peak_memory_bytes: highest(entries.map((entry) => entry.peak_memory_bytes)),
      cpu_seconds: total(entries.map((entry) => entry.cpu_seconds)),
    },
    warnings: [
      ...new Set([
        ...options.warnings,
        ...trainings.flatMap(({ warnings }) => warnings),
        ...(curves.leftOut > 0 ? [`${curves.leftOut} series left out: a run keeps 50,000 points`] : []),
      ]),
    ],
    parent: options.parent,
  };
}

/** Seeds whose curves are kept: more lines than this in one picture say no more. */
export const MOST_CURVE_SEEDS = 5;

function keptCurves(trainings: readonly SeedTraining[]): Pick<RunRecord, 'curves'> {
  const curves = trainings.slice(0, MOST_CURVE_SEEDS).flatMap((training) => training.curves);
  return curves.length > 0 ? { curves } : {};
}

/** What all seeds agree on: a tool records the seed too, and that is no parameter of the run. */
function toolParams(trainings: readonly SeedTraining[], params: Params): Pick<RunRecord, 'tool_params'> {
  const [first, ...others] = trainings;
  const known = flatParams(params);
  const agreed = Object.entries(first?.params ?? {}).filter(
    ([name, value]) =>
      !Object.hasOwn(params, name) &&
      !known.has(name) &&
      others.every((other) => JSON.stringify(other.params[name]) === JSON.stringify(value)),
  );
  return agreed.length > 0 ? { tool_params: Object.fromEntries(agreed) } : {};
}

function statusOf(
  options: Pick<TrainOptions, 'seeds' | 'cancel'>,
  of: { readonly trainings: readonly SeedTraining[]; readonly problem: unknown },
): Pick<RunRecord, 'status' | 'reason'> {
  const last = of.trainings.at(-1)?.entry;
  const about = options.seeds.length > 1 && last ? `seed ${last.seed}: ` : '';
  if (last?.status === 'failed') return { status: 'failed', reason: `${about}${last.reason}` };
  if (last?.status === 'cancelled' || options.cancel.aborted) {
    const by = options.cancel.reason === undefined ? 'cancelled' : messageOf(options.cancel.reason);
    return { status: 'cancelled', reason: last?.status === 'cancelled' ? `${about}${by}` : by };
  }
  if (of.problem !== undefined) return { status: 'failed', reason: messageOf(of.problem) };
  return { status: 'succeeded', reason: null };
}

function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? Math.max(...known) : null;
}

function total(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
}
