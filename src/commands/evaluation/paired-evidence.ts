import { join } from 'node:path';
import type { PairedEvidence } from '../../compare/compare.js';
import type { EvaluateConfig, ModelConfig } from '../../config/model.js';
import { UserError } from '../../errors.js';
import type { Metric } from '../../metrics/metric.js';
import type { Predictions } from '../../metrics/predictions.js';
import type { RunRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';
import { withTemporaryFolder } from '../project/temporary.js';
import { readPredictions } from './predictions-file.js';

/** Predictions of baselines by the run's id, so that comparing many runs with one reads its files once. */
export type KeptPredictions = Map<string, readonly Predictions[]>;

/** Fetches the predictions that both runs kept and pairs them row by row; without them, says what is lost. */
export async function pairedEvidence(request: {
  readonly project: Project;
  readonly world: World;
  readonly candidate: RunRecord;
  /** Undefined when there is no baseline. */
  readonly baseline: RunRecord | undefined;
  readonly model: ModelConfig;
  readonly kept?: KeptPredictions | undefined;
  /** Metrics and slices that the team watches: worth the time that resampling takes. */
  readonly isWatched: (metric: Pick<Metric, 'name' | 'slice'>) => boolean;
}): Promise<PairedEvidence> {
  const { candidate, baseline, model } = request;
  if (!baseline) return { kind: 'unpaired', why: null };
  if (!model.evaluate || !hasPredictions(candidate) || !hasPredictions(baseline)) {
    return otherData(candidate, baseline) ?? { kind: 'unpaired', why: null };
  }
  const config = model.evaluate;
  try {
    const theirs = request.kept?.get(baseline.id) ?? (await predictionsOf(baseline, { ...request, config }));
    request.kept?.set(baseline.id, theirs);
    const ours = await predictionsOf(candidate, { ...request, config });
    const { pairRows } = await import('../../compare/paired/pair.js');
    const isResampled = (metric: Pick<Metric, 'name' | 'slice'>) =>
      metric.slice === null || request.isWatched(metric);
    return pairRows(ours, theirs, config, isResampled, isRedefined(candidate, baseline));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const why = `the predictions cannot be compared row by row: ${error.message}`;
    return otherData(candidate, baseline) ?? { kind: 'unpaired', why };
  }
}

/** Whether both runs say how their scores were defined, and not alike. */
function isRedefined(candidate: RunRecord, baseline: RunRecord): boolean {
  const [ours, theirs] = [candidate.evaluation?.scores, baseline.evaluation?.scores];
  return ours !== undefined && theirs !== undefined && ours !== theirs;
}

const PREDICTIONS = /^predictions(\.|$)/;

function hasPredictions(run: RunRecord): boolean {
  return run.artifacts.some((artifact) => PREDICTIONS.test(artifact.name));
}

async function predictionsOf(
  run: RunRecord,
  from: { readonly project: Project; readonly world: World; readonly config: EvaluateConfig },
): Promise<readonly Predictions[]> {
  const store = await from.project.artifacts();
  return withTemporaryFolder(async (folder) => {
    const read: Predictions[] = [];
    for (const artifact of run.artifacts.filter(({ name }) => PREDICTIONS.test(name))) {
      const path = join(folder, String(read.length));
      await store.fetch(artifact, path);
      read.push(await readPredictions(path, { ...from, file: artifact.path }));
    }
    return read;
  });
}

/** Metrics of different data stand side by side, but neither is better. */
function otherData(candidate: RunRecord, baseline: RunRecord): PairedEvidence | undefined {
  const before = new Map(baseline.data.map((data) => [data.name, data.digest]));
  const changed = candidate.data.find(
    (data) => before.has(data.name) && before.get(data.name) !== data.digest,
  );
  return (
    changed && {
      kind: 'incomparable',
      why: `dataset ${changed.name} is not the one the baseline had; keep predictions (evaluate:) to compare the rows that both have`,
    }
  );
}
