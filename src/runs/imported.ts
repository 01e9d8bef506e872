import { createHash } from 'node:crypto';
import type { MetricRule } from '../config/model.js';
import { newRecordId } from '../history/record.js';
import type { Params } from './params.js';
import type { Reading } from './readers/reader.js';
import type { RunRecord } from './record.js';
import { recordedMetric } from './seeds.js';
import { downsample } from './series.js';

/** A run that another tool made, with what that tool kept of it. What is undefined here, it did not. */
export interface ForeignRun {
  readonly tool: string;
  readonly id: string;
  readonly name: string | undefined;
  readonly group: string | undefined;
  readonly purpose: 'train' | 'evaluate';
  readonly status: RunRecord['status'];
  readonly reason: string | null;
  /** When it began, in milliseconds since 1970. */
  readonly time: number;
  readonly seconds: number | undefined;
  readonly actor: string | undefined;
  readonly commit: string | undefined;
  /** Whether the code had changes that were not committed. */
  readonly dirty: boolean | undefined;
  readonly reading: Reading;
  /** Where it was read from, relative to the working directory. */
  readonly source: string;
  /** Id of the record of the run that it was made inside of. */
  readonly parent?: string | undefined;
}

/** The earliest and latest times that a record's id can bear. */
const [EARLIEST, LATEST] = [Date.UTC(1970, 0, 1), Date.UTC(9999, 11, 31)];

/** Whether the time is one that a record can have. */
export function isRecordTime(time: number | undefined): time is number {
  return time !== undefined && Number.isFinite(time) && time >= EARLIEST && time < LATEST;
}

/** The id of a foreign run's record: of its time and its id there, so that importing it again finds it. */
export function importedId(run: Pick<ForeignRun, 'tool' | 'id' | 'time'>): string {
  const digest = createHash('sha256').update(`${run.tool}\0${run.id}`).digest();
  return newRecordId(new Date(Math.floor(run.time)), digest);
}

/** The record of a foreign run; nothing in it is from the time or place of the import. */
export function importedRun(
  run: ForeignRun,
  as: { readonly model: string; readonly rules: Readonly<Record<string, MetricRule>> },
): RunRecord {
  const { reading } = run;
  const commit =
    run.commit !== undefined && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(run.commit) ? run.commit : null;
  return {
    schema: 'assay/run@1',
    id: importedId(run),
    time: new Date(Math.floor(run.time)).toISOString(),
    commit,
    actor: run.actor ?? 'unknown',
    trigger: { event: 'import', url: null, attempt: 1 },
    model: as.model,
    purpose: run.purpose,
    status: run.status,
    reason: run.reason,
    seconds: run.seconds ?? null,
    command: null,
    params: { ...((reading.params ?? {}) as Params) },
    seed: seedIn(reading.params ?? {}),
    seeds: [],
    data: [],
    environment: null,
    code: { commit, dirty: run.dirty ?? null, branch: null, pull_request: null },
    metrics: reading.metrics.map((metric) => recordedMetric(metric, { source: run.source, rules: as.rules })),
    series: reading.series.map((one) => {
      const { name, steps, values } = downsample(one);
      return { name, seed: null, steps: [...steps], values: [...values] };
    }),
    artifacts: [],
    log: { digest: null, bytes: 0, truncated: false, tail: [] },
    resources: { peak_memory_bytes: null, cpu_seconds: null },
    warnings: [...(reading.notes ?? [])],
    parent: run.parent ?? null,
    imported: { tool: run.tool, id: run.id, name: run.name ?? null, group: run.group ?? null },
  };
}

function seedIn(params: Params): number | null {
  const seed = params.seed ?? params.random_seed ?? params.random_state;
  return typeof seed === 'number' && Number.isSafeInteger(seed) ? seed : null;
}
