import type { Artifact } from '../../artifacts/artifact.js';
import type { ArtifactStore } from '../../artifacts/ports.js';
import type { DataStep, DatasetFormat } from '../../config/data.js';
import { UserError } from '../../errors.js';
import type { Clock } from '../../history/port.js';
import type { DigestedFile, RunStep, StepData, StepFiles, StepOutcome } from './ports.js';
import type { DatasetRecord, StepRecord } from './record.js';

/**
 * Runs the steps of a dataset, one after another, each on what the one before has written. A step whose key is known is
 * not run again: its output is taken from this machine or from the artifact store, whoever made it. What succeeded is
 * stored before the next step begins, so that a failure costs the failed step only.
 */

export interface IngestOptions {
  readonly dataset: string;
  readonly steps: readonly DataStep[];
  readonly source: StepData;
  /** Earlier versions of this dataset, newest first. */
  readonly known: readonly DatasetRecord[];
  /** Runs every step, whatever is known. */
  readonly force: boolean;
  readonly files: StepFiles;
  readonly run: RunStep;
  readonly store: ArtifactStore;
  readonly clock: Clock;
  /** SHA-256 of a text. */
  sha256(text: string): string;
  /** Told before and after each step. */
  onStep(step: DataStep, at: { readonly index: number; readonly state: 'running' | 'ran' | 'skipped' }): void;
}

export interface Ingested {
  readonly steps: readonly StepRecord[];
  /** What the last step wrote, or the source without steps; undefined when a step failed. */
  readonly output: StepData | undefined;
  readonly outcome: StepOutcome;
}

/** Meaning of keys: a change of how outputs are made changes all of them. */
const KEY_VERSION = 1;

export async function ingest(options: IngestOptions): Promise<Ingested> {
  const steps: StepRecord[] = [];
  let data = options.source;
  for (const [index, step] of options.steps.entries()) {
    const done = await oneStep(options, { index, step, input: data });
    steps.push(done.record);
    if (!done.output) return { steps, output: undefined, outcome: done.outcome };
    data = done.output;
  }
  return { steps, output: data, outcome: { status: 'succeeded', reason: null } };
}

interface StepAt {
  readonly index: number;
  readonly step: DataStep;
  readonly input: StepData;
}

interface StepDone {
  readonly record: StepRecord;
  readonly output: StepData | undefined;
  readonly outcome: StepOutcome;
}

async function oneStep(options: IngestOptions, at: StepAt): Promise<StepDone> {
  const { files, clock } = options;
  const { step, input, index } = at;
  const began = clock.monotonic();
  const code = await files.code(step);
  const inputs = await files.inputs(step);
  const format = formatOf(step, input);
  const key = options.sha256(keyText({ step, input, code, inputs, format }));
  const base = {
    name: step.name,
    kind: kindOf(step),
    key,
    does: step.sql ?? step.run ?? step.notebook ?? '',
    code: [...code],
    inputs: [...inputs],
    params: step.params,
    input: input.digest,
  };
  const path = await files.place(index, step, format);
  const taken = options.force ? undefined : await takeKnown(options, { key, path, format });
  if (taken) {
    options.onStep(step, { index, state: 'skipped' });
    const record: StepRecord = {
      ...base,
      status: 'skipped',
      reason: null,
      output: taken.output,
      from: taken.from,
      seconds: clock.monotonic() - began,
    };
    return { record, output: taken.data, outcome: { status: 'succeeded', reason: null } };
  }
  options.onStep(step, { index, state: 'running' });
  await files.remove(path);
  const outcome = await options.run(step, { input, output: path });
  const data = outcome.status === 'succeeded' ? await files.look(path, format) : undefined;
  const final = outcome.status === 'succeeded' && !data ? wroteNothing(step, path) : outcome;
  const failed = {
    ...base,
    output: null,
    from: null,
    reason: final.reason,
    seconds: clock.monotonic() - began,
  };
  if (!data) {
    const status = final.status === 'cancelled' ? 'cancelled' : 'failed';
    return { record: { ...failed, status }, output: undefined, outcome: final };
  }
  const stored = await options.store.put(`${options.dataset}/${step.name}`, path);
  options.onStep(step, { index, state: 'ran' });
  const record: StepRecord = {
    ...failed,
    status: 'ran',
    reason: null,
    output: { ...stored, format },
    seconds: clock.monotonic() - began,
  };
  return { record, output: data, outcome: { status: 'succeeded', reason: null } };
}

function wroteNothing(step: DataStep, path: string): StepOutcome {
  const reason = `the step "${step.name}" ended well and wrote nothing to $ASSAY_OUTPUT`;
  const problem = new UserError(reason, {
    mend: `it is the file (or folder) to write: ${path}; in Python: frame.to_parquet(os.environ['ASSAY_OUTPUT'])`,
  });
  return { status: 'failed', reason, problem };
}

interface Taken {
  readonly data: StepData;
  readonly output: Artifact & { readonly format: DatasetFormat };
  readonly from: string;
}

/** The output of an earlier run with the same key: it is here already, or in the store. */
async function takeKnown(
  { known, files, store }: IngestOptions,
  wanted: { readonly key: string; readonly path: string; readonly format: DatasetFormat },
): Promise<Taken | undefined> {
  for (const record of known) {
    const step = record.steps.find(({ key, output }) => key === wanted.key && output !== null);
    if (!step?.output) continue;
    const { output } = step;
    const from = step.from ?? record.id;
    const here = await files.look(wanted.path, wanted.format);
    if (here && here.digest === output.digest) return { data: here, output, from };
    if (!(await store.has(output.digest))) continue;
    await files.remove(wanted.path);
    await store.fetch(output, wanted.path);
    const data = await files.look(wanted.path, wanted.format);
    if (data) return { data, output, from };
  }
  return undefined;
}

function kindOf(step: DataStep): StepRecord['kind'] {
  if (step.sql !== undefined) return 'sql';
  return step.run !== undefined ? 'run' : 'notebook';
}

/** Queries write Parquet, which keeps types; commands write what they declare, else what they read. */
function formatOf(step: DataStep, input: StepData): DatasetFormat {
  return step.sql === undefined ? (step.format ?? input.format) : 'parquet';
}

function keyText(of: {
  readonly step: DataStep;
  readonly input: StepData;
  readonly code: readonly DigestedFile[];
  readonly inputs: readonly DigestedFile[];
  readonly format: DatasetFormat;
}): string {
  const { step, input, code, inputs, format } = of;
  const sorted = (map: Readonly<Record<string, unknown>>) =>
    Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    KEY_VERSION,
    kindOf(step),
    step.sql ?? step.run ?? step.notebook,
    format,
    sorted(step.params),
    sorted(step.env),
    code.map(({ file, digest }) => [file, digest]),
    inputs.map(({ file, digest }) => [file, digest]),
    [input.format, input.digest],
  ]);
}
