import { join } from 'node:path';
import type { Artifact } from '../artifacts/artifact.js';
import { UserError } from '../errors.js';
import type { Curve } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { type Before, type Collected, collectMetrics, lookBefore, requireFresh } from './collect.js';
import { type CommandOutcome, outcomeOf } from './outcome.js';
import { type Params, paramVariables, variableName } from './params.js';
import type { ProcessResult, SeedFolder } from './ports.js';
import type { ReadSeries } from './readers/reader.js';
import type { RunRecord } from './record.js';
import type { TrainOptions } from './train.js';

/** What the training with one seed came to. */
export interface SeedTraining {
  readonly entry: RunRecord['seeds'][number];
  readonly metrics: readonly Metric[];
  readonly series: readonly ReadSeries[];
  readonly curves: readonly Curve[];
  /** That the command's own tools recorded. */
  readonly params: Params;
  readonly artifacts: readonly Artifact[];
  readonly warnings: readonly string[];
  readonly log: ProcessResult['log'] & { readonly digest: string | null };
  readonly problem: unknown;
}

/** More files in ASSAY_OUT than this are kept as one folder, not one by one. */
const MOST_OUT_FILES = 500;

/**
 * Runs the command with one seed and takes in what it wrote. What goes wrong on the way is in the result, beside all that
 * was measured until then; throws only when not even the command could be prepared.
 */
export async function trainSeed(options: TrainOptions, seed: number): Promise<SeedTraining> {
  const { model, workspace } = options;
  const { outputs } = options.train;
  const predictions = model.evaluate?.predictions;
  const written = [...model.metrics.from, ...Object.values(outputs), ...(predictions ? [predictions] : [])];
  const before = await lookBefore(workspace, written);
  const folder = await options.runFolder.prepare(seed, `${JSON.stringify(options.params, null, 2)}\n`);
  const result = await options.processes.run(
    {
      command: options.train.command,
      cwd: model.folder,
      env: variables(options, { seed, folder }),
      ...(options.train.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.train.timeoutSeconds }),
      ...(options.onLine ? { onLine: options.onLine } : {}),
      logFile: folder.log,
      leftovers: 'stop',
    },
    options.cancel,
  );
  const outcome = outcomeOf(result, options.train);
  const collected = await collectMetrics({ ...model.metrics, workspace, before });
  const taken = await takeIn(options, { seed, folder, outcome, before });
  return summed({ seed, result, outcome, collected, taken });
}

/** What a training command is told: see "What a training command gets" in the documentation of assay.yml. */
function variables(
  options: TrainOptions,
  of: { readonly seed: number; readonly folder: SeedFolder },
): Record<string, string> {
  return {
    ...options.train.env,
    ...paramVariables(options.params),
    ...Object.fromEntries(options.data.map(({ name, path }) => [variableName('ASSAY_DATA_', name), path])),
    ASSAY_RUN: options.stamp.id,
    ASSAY_MODEL: options.model.name,
    ASSAY_SEED: String(of.seed),
    ASSAY_PARAMS: of.folder.params,
    ASSAY_OUT: of.folder.out,
  };
}

interface Scores {
  readonly metrics: readonly Metric[];
  readonly curves: readonly Curve[];
}

interface Taken {
  readonly scores: Scores;
  readonly artifacts: readonly Artifact[];
  readonly logDigest: string | null;
  readonly warnings: readonly string[];
  readonly problem: unknown;
}

/**
 * Scores the predictions and stores files. Of a training that failed only its log and ASSAY_OUT are kept, of one that was
 * cancelled only its log: time is short then.
 */
async function takeIn(
  options: TrainOptions,
  of: {
    readonly seed: number;
    readonly folder: SeedFolder;
    readonly outcome: CommandOutcome;
    readonly before: Before;
  },
): Promise<Taken> {
  const { seed, folder, outcome, before } = of;
  const { model, workspace, artifacts: store } = options;
  const problems: unknown[] = [];
  const warnings: string[] = [];
  const artifacts: Artifact[] = [];
  let scores: Scores = { metrics: [], curves: [] };
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      problems.push(error);
    }
  };
  const keep = async (name: string, path: string): Promise<Artifact> => {
    const stored = await store.put(artifactName(name, { seed, seeds: options.seeds }), path);
    artifacts.push(stored);
    return stored;
  };
  if (outcome.status === 'succeeded') {
    for (const [name, path] of Object.entries(options.train.outputs)) {
      await attempt(async () => {
        await requireFresh(path, { workspace, before, named: `train.outputs.${name}` });
        await keep(name, join(model.folder, path));
      });
    }
    const predictions = model.evaluate?.predictions;
    if (predictions !== undefined) {
      await attempt(async () => {
        await requireFresh(predictions, { workspace, before, named: 'evaluate.predictions' });
        await keep('predictions', join(model.folder, predictions));
        scores = (await options.scorePredictions?.(predictions, seed)) ?? scores;
      });
    }
  }
  if (outcome.status !== 'cancelled') {
    await attempt(async () => {
      const files = await folder.outFiles();
      if (files.length > MOST_OUT_FILES) {
        warnings.push(
          `ASSAY_OUT holds ${files.length} files; they are kept as one folder, the artifact "out"`,
        );
        await keep('out', folder.out);
      } else for (const file of files) await keep(`out/${file}`, join(folder.out, file));
    });
  }
  let logDigest: string | null = null;
  await attempt(async () => {
    logDigest = (await keep('log', folder.log)).digest;
  });
  return { scores, artifacts, logDigest, warnings, problem: problems[0] };
}

/** The first seed's artifacts bear the plain names; those of another seed say which: `model.seed-2`. */
export function artifactName(
  name: string,
  of: { readonly seed: number; readonly seeds: readonly number[] },
): string {
  return of.seed === of.seeds[0] ? name : `${name}.seed-${of.seed}`;
}

function summed(parts: {
  readonly seed: number;
  readonly result: ProcessResult;
  readonly outcome: CommandOutcome;
  readonly collected: Collected;
  readonly taken: Taken;
}): SeedTraining {
  const { seed, result, outcome, collected, taken } = parts;
  const succeeded = outcome.status === 'succeeded';
  // Files that a failed command did not come to write are no news.
  const problem = succeeded ? (collected.problem ?? taken.problem) : (outcome.problem ?? taken.problem);
  const failed = succeeded && problem !== undefined;
  return {
    entry: {
      seed,
      status: failed ? 'failed' : outcome.status,
      reason: failed ? messageOf(problem) : outcome.reason,
      exit_code: result.exitCode,
      seconds: result.seconds,
      peak_memory_bytes: result.peakMemoryBytes,
      cpu_seconds: result.cpuSeconds,
    },
    metrics: [...collected.metrics, ...taken.scores.metrics],
    series: collected.series,
    curves: taken.scores.curves,
    params: collected.params,
    artifacts: taken.artifacts,
    warnings: [...collected.warnings, ...taken.warnings],
    log: { ...result.log, digest: taken.logDigest },
    problem,
  };
}

/** With the place in the file, when the error has one: `out/metrics.json:3:7: not valid JSON …`. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const at = error instanceof UserError ? error.location : undefined;
  const place = at && [at.file, at.line, at.column].filter((part) => part !== undefined).join(':');
  return place === undefined ? message : `${place}: ${message}`;
}
