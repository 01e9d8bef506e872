import { join } from 'node:path';
import type { Placed } from '../../config/load.js';
import type { ModelConfig } from '../../config/model.js';
import type { ValidationRecord } from '../../data/record.js';
import { UserError } from '../../errors.js';
import { plural } from '../../format.js';
import type { Params } from '../../runs/params.js';
import type { RunRecord } from '../../runs/record.js';
import { refusedRun, type Training, type TrainOptions, trainModel } from '../../runs/train.js';
import type { World } from '../../world.js';
import { datasetPath } from '../data/source.js';
import type { Project } from '../project/project.js';

/** One training with everything it needs of the world, for `train` and `reproduce`. */

/** More output than this is kept in the log but no longer shown as it comes: a flood must not fill the log of a CI job. */
const SHOWN_CHARACTERS = 20_000_000;

export interface TrainRequest {
  readonly project: Project;
  readonly world: World;
  readonly name: string;
  readonly model: Placed<ModelConfig>;
  readonly command: string;
  readonly params: Params;
  readonly seeds: readonly number[];
  readonly purpose: 'train' | 'reproduce';
  readonly parent: string | null;
  /** Of the model's datasets. */
  readonly validations: readonly ValidationRecord[];
}

/** The command of a model. Throws UserError when it has none. */
export function commandOf(project: Project, name: string): string {
  const command = project.config.models[name]?.train?.run;
  if (command !== undefined) return command;
  throw new UserError(`the model "${name}" has no training command`, {
    location: project.config.locate(['models', name]),
    mend: 'add one: train: { run: python train.py }',
  });
}

/** Throws UserError for a seed that is there twice: the two would be one training, kept under one name. */
export function checkSeeds(seeds: readonly number[]): void {
  const twice = seeds.find((seed, index) => seeds.indexOf(seed) !== index);
  if (twice !== undefined) {
    throw new UserError(`the seed ${twice} is there twice`, { mend: 'give each seed once' });
  }
}

/** Trains and appends the record to the history, whatever came of it. */
export async function trainAndRecord(request: TrainRequest): Promise<Training> {
  const { project, world, model, name } = request;
  const workspace = await project.workspace(model.folder);
  const setting = await settingOf(request, workspace);
  const refused = request.validations.filter((validation) => !validation.valid);
  const history = await project.history();
  if (refused.length > 0) {
    const record = refusedRun(setting, `data: ${refused.map(whyNotValid).join('; ')}`);
    await history.append([record]);
    return { record, problem: undefined };
  }
  const { localRunFolder } = await import('../../platform/files/run-folder.js');
  const folder = join(project.store, 'running', setting.stamp.id);
  const runFolder = localRunFolder({ folder });
  const evaluation = await evaluationNow(request);
  const training = await trainModel({
    ...setting,
    ...scoring(request),
    onLine: shownUpTo(SHOWN_CHARACTERS, world),
    clock: world.clock,
    processes: await project.processes(),
    workspace,
    artifacts: await project.artifacts(),
    runFolder,
  });
  const record = { ...training.record, ...evaluation };
  await history.append([record]);
  if (training.problem === undefined || training.problem instanceof UserError) await runFolder.remove();
  else world.terminal.warn(`what ${name} wrote is kept in ${folder}, because not all of it could be stored`);
  for (const warning of record.warnings) world.terminal.warn(`${name}: ${warning}`);
  return { ...training, record };
}

/** Before the command runs, which may change the code that defines the metrics. */
async function evaluationNow({ model }: TrainRequest): Promise<Pick<RunRecord, 'evaluation'>> {
  const config = model.evaluate;
  if (!config) return {};
  const { evaluationOf } = await import('../evaluation/definition.js');
  return { evaluation: await evaluationOf(config, { folder: model.folder, source: config.predictions }) };
}

type Setting = Omit<
  TrainOptions,
  'clock' | 'processes' | 'workspace' | 'artifacts' | 'runFolder' | 'onLine' | 'scorePredictions'
>;

/** What is known before the command runs; the state of the code most of all, which a training may change. */
async function settingOf(
  request: TrainRequest,
  workspace: Awaited<ReturnType<Project['workspace']>>,
): Promise<Setting> {
  const { project, world, model, name, validations } = request;
  const { captureEnvironment } = await import('../../runs/environment.js');
  const { localMachine } = await import('../../platform/process/machine.js');
  const head = await (await project.repository())?.head();
  const train = model.train;
  return {
    model: { ...model, name },
    train: {
      command: request.command,
      timeoutSeconds: train?.timeout,
      outputs: train?.outputs ?? {},
      env: train?.env ?? {},
    },
    params: request.params,
    seeds: request.seeds,
    data: await Promise.all(validations.map((validation) => dataOf(project, world, validation))),
    purpose: request.purpose,
    parent: request.parent,
    stamp: project.stamp(),
    origin: await project.origin(),
    code: {
      commit: head?.commit ?? null,
      dirty: head?.dirty ?? false,
      branch: head?.branch ?? null,
      pull_request: world.runner.pullRequest?.number ?? null,
    },
    environment: await captureEnvironment({
      command: request.command,
      folder: model.folder,
      workspace,
      machine: localMachine({ env: world.env }),
    }),
    warnings: [],
    cancel: world.cancel,
  };
}

async function dataOf(
  project: Project,
  world: World,
  validation: ValidationRecord,
): Promise<Setting['data'][number]> {
  const { dataset: name, digest, rows } = validation;
  return { name, digest, rows, path: await datasetPath(project, world, name) };
}

function scoring(request: TrainRequest): Pick<TrainOptions, 'scorePredictions'> {
  const { model, project, world } = request;
  const config = model.evaluate;
  if (!config) return {};
  return {
    scorePredictions: async (path, seed) => {
      const { scoreFile } = await import('../evaluation/scoring.js');
      const { folder, metrics } = model;
      const scoring = { project, world, config, rules: metrics.rules, folder, seed };
      return scoreFile(join(folder, path), path, scoring);
    },
  };
}

/** `adult is not valid (2 of 9 checks failed; age: between 17 and 90: rows 2, 7)`: never values. */
function whyNotValid(validation: ValidationRecord): string {
  const failed = validation.checks.filter((check) => !check.passed && check.severity === 'error');
  const first = failed.slice(0, 3).map((check) => {
    const where = check.rows.length > 0 ? `, ${check.rows_are} ${check.rows.join(', ')}` : '';
    return `${check.check} (${plural(check.failing, 'failure')}${where})`;
  });
  const more = failed.length > first.length ? [`and ${failed.length - first.length} more`] : [];
  const rejected = validation.rejected > 0 ? [`${plural(validation.rejected, 'line')} unreadable`] : [];
  return `${validation.dataset} is not valid: ${[...first, ...more, ...rejected].join('; ')}`;
}

function shownUpTo(most: number, world: World): (line: string) => void {
  let shown = 0;
  return (line) => {
    if (shown > most) return;
    shown += line.length + 1;
    if (shown > most)
      world.terminal.info('… further output is not shown here; its end is in the log of the run');
    else world.terminal.passthrough(line);
  };
}

/** Value of each metric over all rows. */
export function overallValues(record: RunRecord): Readonly<Record<string, number | null>> {
  const overall = record.metrics.filter((metric) => metric.slice === null);
  return Object.fromEntries(overall.map((metric) => [metric.name, metric.value]));
}
