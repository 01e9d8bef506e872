import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DatasetConfig } from '../config/data.js';
import type { Placed } from '../config/load.js';
import { type DatasetRecord, datasetRecord } from '../data/ingest/record.js';
import { UserError } from '../errors.js';
import { readRecords } from '../history/read.js';
import type { World } from '../world.js';
import { defineVerb } from './command-line/verb.js';
import { chosenDatasets } from './data/datasets.js';
import { withDataset } from './data/opened.js';
import { sourceConfig } from './data/source.js';
import { engineLimits, stepRunner } from './data/steps.js';
import { openProject, type Project } from './project/project.js';

export const ingest = defineVerb(
  {
    name: 'ingest',
    summary: 'collect, clean, transform and store a dataset',
    description:
      "Fetches a dataset's source and runs its `steps` one after another: `sql` (a query over the table `input`), `run` (any command: it reads $ASSAY_INPUT and writes $ASSAY_OUTPUT) or `notebook` (by papermill). The result is a version of the dataset: a record with its rows, columns, SHA-256 and lineage, and a stored file.\n\nA step is skipped when its input, its code (the files named in its command and under `code`), its parameters and its further inputs are what they were in an earlier run, on whatever machine that was: its output comes from this machine or from the artifact store. When a step fails, those before it are kept, and the next run goes on with the one that failed.\n\n`validate`, `profile`, `drift` and `train` read the result, and run steps that are not up to date by themselves.",
    arguments: [
      {
        name: 'dataset',
        description: 'names of datasets in assay.yml; all of them when left out',
        repeats: true,
      },
    ],
    options: {
      force: { kind: 'flag', description: 'run every step, whatever did not change' },
    },
    outputs: {
      digest: 'SHA-256 of the result; one line per dataset',
      rows: 'rows of the result; one line per dataset',
    },
    examples: [
      { command: 'assay ingest', explains: 'every dataset' },
      { command: 'assay ingest adult --force', explains: 'every step of one dataset again' },
    ],
  },
  async (input, world) => {
    const project = await openProject(world, input.config);
    const records: DatasetRecord[] = [];
    let failure: unknown;
    for (const { name } of chosenDatasets(project, input.arguments)) {
      try {
        records.push((await ingestDataset({ project, world, name, force: input.options.force })).record);
      } catch (error) {
        if (!(error instanceof StepFailed)) throw error;
        records.push(error.record);
        failure ??= error.problem;
        if (world.cancel.aborted) break;
      }
    }
    const { ingestText } = await import('../report/ingest.js');
    return {
      exit: records.every(({ status }) => status === 'succeeded') ? 0 : 1,
      json: records,
      text: records.map(ingestText).join('\n\n'),
      outputs: {
        digest: records.map(({ digest }) => digest ?? '').join('\n'),
        rows: records.map(({ rows }) => String(rows ?? '')).join('\n'),
      },
      ...(failure !== undefined && { failure }),
    };
  },
);

/** A step failed; what was done until then is recorded. */
class StepFailed extends UserError {
  readonly record: DatasetRecord;
  /** What the user can mend; undefined when the command just failed, whose output says why. */
  readonly problem: unknown;
  constructor(record: DatasetRecord, problem: unknown) {
    super(`the dataset ${record.dataset} could not be made: ${record.reason}`, {
      mend: `its steps before are kept; run again: assay ingest ${record.dataset}`,
    });
    this.record = record;
    this.problem = problem;
  }
}

/**
 * Makes the dataset as it is now, records it (unless it is the same as the newest record and nothing was run), and says
 * what it is read from. Throws StepFailed, with what is recorded, when a step fails.
 */
export async function ingestDataset(of: {
  readonly project: Project;
  readonly world: World;
  readonly name: string;
  readonly force: boolean;
  readonly asking?: readonly string[];
}): Promise<{ readonly record: DatasetRecord; readonly output: Placed<DatasetConfig> }> {
  const { project, world, name } = of;
  const start = world.clock.monotonic();
  const declared = project.config.data[name];
  if (!declared) throw new Error(`there is no dataset ${name}`);
  const config = await sourceConfig(project, world, name, of.asking);
  const history = await project.history();
  const known = await readRecords(history, { kind: 'dataset', owner: name }, datasetRecord);
  const source = await findNamed(of, config);
  const { ingest: runSteps } = await import('../data/ingest/ingest.js');
  const { localStepFiles } = await import('../platform/files/step-files.js');
  const done = await runSteps({
    dataset: name,
    steps: config.steps,
    source,
    known,
    force: of.force,
    files: localStepFiles({ folder: declared.folder, place: join(project.store, 'data', name) }),
    run: async (step, data) => {
      try {
        // Paths of commands are relative to the assay.yml that declares them, wherever their data lies.
        const run = stepRunner({
          project,
          world,
          name,
          config: { ...config, folder: declared.folder },
          source: config,
        });
        return await run(step, data);
      } catch (problem) {
        world.cancel.throwIfAborted();
        if (!(problem instanceof UserError)) throw problem;
        return {
          status: 'failed',
          reason: problem.message,
          problem: placedStep(problem, { project, name, step: config.steps.indexOf(step) }),
        };
      }
    },
    store: await project.artifacts(),
    clock: world.clock,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    onStep: (step, { index, state }) => {
      const words = {
        running: 'running',
        ran: 'done',
        skipped: 'skipped: nothing it depends on has changed',
      };
      world.terminal.info(
        `${name}: step ${index + 1} of ${config.steps.length}, ${step.name}: ${words[state]}`,
      );
    },
  });
  const { output } = done;
  const result: Placed<DatasetConfig> = output
    ? config.steps.length === 0
      ? config
      : {
          ...config,
          folder: output.folder,
          source: output.source,
          format: output.format,
          delimiter: undefined,
          steps: [],
        }
    : config;
  const facts = output ? await describe(of, result) : undefined;
  const other = Object.hasOwn(project.config.data, declared.source) ? declared.source : null;
  const record: DatasetRecord = {
    schema: 'assay/dataset@1',
    ...project.stamp(),
    ...(await project.origin()),
    dataset: name,
    status: done.outcome.status,
    reason: done.outcome.reason,
    source: { source: declared.source, digest: source.digest, files: source.paths.length, dataset: other },
    steps: [...done.steps],
    format: output?.format ?? null,
    digest: facts?.digest ?? null,
    rows: facts?.rows ?? null,
    rejected: facts?.rejected ?? null,
    columns: [...(facts?.columns ?? [])],
    seconds: world.clock.monotonic() - start,
  };
  const [newest] = known;
  if (!isSame(newest, record)) await history.append([record]);
  if (!output) throw new StepFailed(record, done.outcome.problem);
  return { record: newest && isSame(newest, record) ? newest : record, output: result };
}

/** The same result of the same steps: one record is enough, however often it is asked for. */
function isSame(before: DatasetRecord | undefined, now: DatasetRecord): boolean {
  const essence = ({ status, digest, source, steps, columns }: DatasetRecord) =>
    JSON.stringify([status, digest, source, steps.map(({ key }) => key), columns]);
  const ran = now.steps.some(({ status }) => status !== 'skipped');
  return before !== undefined && before.status === 'succeeded' && !ran && essence(before) === essence(now);
}

async function findNamed(
  of: { readonly project: Project; readonly world: World; readonly name: string },
  config: Placed<DatasetConfig>,
) {
  const { project, world, name } = of;
  const { findSource } = await import('../platform/duckdb/dataset.js');
  const progress = world.terminal.progress(`collecting ${name}`);
  try {
    const found = await findSource(config, {
      env: world.env,
      cancel: world.cancel,
      notice: world.terminal.info,
      onProgress: progress.update,
      downloads: join(project.store, 'downloads'),
    });
    return { ...found, folder: config.folder, source: config.source };
  } catch (error) {
    if (!(error instanceof UserError) || error.location) throw error;
    const location = project.config.locate(['data', name, 'source']);
    throw new UserError(error.message, {
      location,
      ...(error.mend !== undefined && { mend: error.mend }),
      cause: error,
    });
  } finally {
    progress.end();
  }
}

/** Rows and columns of the result; a column without a declared or stored type has the one all its values have. */
async function describe(
  of: { readonly project: Project; readonly world: World; readonly name: string },
  config: Placed<DatasetConfig>,
): Promise<Pick<DatasetRecord, 'rejected' | 'columns'> & { readonly digest: string; readonly rows: number }> {
  const { project, world, name } = of;
  const { columnFacts } = await import('../data/checks/infer.js');
  const source = { name, config, location: project.config.locate(['data', name, 'source']) };
  const more = { downloads: join(project.store, 'downloads'), ...engineLimits(project) };
  return withDataset(
    source,
    world,
    async ({ engine, table }) => {
      const facts = await columnFacts(engine, table);
      const columns = table.columns.map(({ name: column, storage }) => ({
        name: column,
        type: storage.kind === 'native' ? storage.type.toLowerCase() : (facts.get(column)?.type ?? 'string'),
        missing: facts.get(column)?.hasMissing ?? false,
      }));
      return { digest: table.digest, rows: table.read, rejected: table.rejected, columns };
    },
    more,
  );
}

function placedStep(
  error: UserError,
  at: { readonly project: Project; readonly name: string; readonly step: number },
): UserError {
  if (error.location?.line !== undefined) return error;
  return new UserError(error.message, {
    location: at.project.config.locate(['data', at.name, 'steps', at.step]),
    ...(error.mend !== undefined && { mend: error.mend }),
    cause: error,
  });
}
