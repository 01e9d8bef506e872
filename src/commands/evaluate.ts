import { basename, join, relative, resolve, sep } from 'node:path';
import type { Artifact } from '../artifacts/artifact.js';
import type { Placed } from '../config/load.js';
import type { EvaluateConfig, ModelConfig } from '../config/model.js';
import { UserError } from '../errors.js';
import { readRecordOf } from '../history/read.js';
import { type RunRecord, runRecord } from '../runs/record.js';
import { MOST_CURVE_SEEDS } from '../runs/train.js';
import type { World } from '../world.js';
import { defineVerb } from './command-line/verb.js';
import { findRun } from './evaluation/comparison.js';
import { evaluationOf } from './evaluation/definition.js';
import { type Scores, type Scoring, scoreFile } from './evaluation/scoring.js';
import { evaluationText } from './evaluation/text.js';
import { chosenModels, openProject, type Project } from './project/project.js';
import { withTemporaryFolder } from './project/temporary.js';
import { overallValues } from './training/training.js';

export const evaluate = defineVerb(
  {
    name: 'evaluate',
    summary: 'score a run, a version or a predictions file again',
    description:
      'Scores predictions as `evaluate` in assay.yml says (task, columns, slices) and records the result as a run of its own, which trains nothing. By default that is the configured predictions file as it lies in the working tree; --run takes the predictions that a run kept, so that an old model is scored with the metrics and slices of today.\n\nEach metric comes with its standard error over the rows where there is a sound one. A metric that cannot be computed (one class only, no scores) is recorded without a value and with the reason; a file with defects (duplicate ids, missing labels, scores outside [0, 1], a cut-off line) is refused with all of them, and nothing is recorded. `evaluate: custom:` adds metrics that a command of your own computes. What each metric is and when it has no value: docs/metrics.md.',
    arguments: [
      { name: 'model', description: 'the model of assay.yml; all that have `evaluate` when left out' },
    ],
    options: {
      run: {
        kind: 'text',
        description:
          'score the predictions kept by this run: an id, a version such as income@v1.2.0, or a commit',
        placeholder: 'RUN',
      },
      predictions: { kind: 'text', description: 'score this file instead', placeholder: 'FILE' },
      all: { kind: 'flag', description: 'show every metric, not only the usual ones', input: false },
    },
    outputs: {
      run: 'id of the recorded evaluation; one per line when there are several',
      metrics:
        'JSON object of metric name to value (over all rows), null where there is none; by model when there are several',
    },
    examples: [
      { command: 'assay evaluate', explains: 'the predictions file of assay.yml, for every model' },
      { command: 'assay evaluate income --predictions holdout.csv', explains: 'another file' },
      {
        command: 'assay evaluate income --run income@v1.2.0',
        explains: 'a released version, with the slices of today',
      },
    ],
  },
  async (input, world) => {
    const project = await openProject(world, input.config);
    const { run, predictions, all } = input.options;
    if (run !== undefined && predictions !== undefined) {
      throw new UserError('--run and --predictions exclude each other', {
        mend: 'a run has its own predictions',
      });
    }
    const chosen = await modelsToScore(project, { name: input.arguments[0], run, predictions });
    const records: RunRecord[] = [];
    for (const model of chosen) {
      records.push(
        run === undefined
          ? await scoreGiven(model, { project, world, path: predictions })
          : await scoreRun(model, { project, world, parent: await findRun(project, model.name, run) }),
      );
    }
    await (await project.history()).append(records);
    const [only] = records;
    return {
      exit: 0,
      json: records.length === 1 ? only : records,
      text: records
        .map((record) => evaluationText(record, { all, task: taskOf(record, chosen) }))
        .join('\n\n'),
      outputs: {
        run: records.map((record) => record.id).join('\n'),
        metrics: JSON.stringify(
          records.length === 1 && only
            ? overallValues(only)
            : Object.fromEntries(records.map((record) => [record.model, overallValues(record)])),
        ),
      },
    };
  },
);

interface Scorable {
  readonly name: string;
  readonly model: Placed<ModelConfig>;
  readonly config: EvaluateConfig;
}

/** Models with an `evaluate` part; just one where a run or a file is given. */
async function modelsToScore(
  project: Project,
  given: {
    readonly name: string | undefined;
    readonly run: string | undefined;
    readonly predictions: string | undefined;
  },
): Promise<readonly Scorable[]> {
  const ofRun =
    given.name === undefined && given.run !== undefined ? await modelOf(project, given.run) : undefined;
  const chosen = chosenModels(project, given.name ?? ofRun);
  const scorable = chosen.flatMap(({ name, model }) =>
    model.evaluate ? [{ name, model, config: model.evaluate }] : [],
  );
  const [first] = chosen;
  if (scorable.length === 0) {
    throw new UserError(
      chosen.length === 1 ? `${first?.name} has no evaluate: part` : 'no model has an evaluate: part',
      {
        location: project.config.locate(chosen.length === 1 ? ['models', first?.name ?? ''] : ['models']),
        mend: 'say what to score: evaluate: { predictions: out/predictions.csv, task: binary }',
      },
    );
  }
  if (given.predictions !== undefined && scorable.length > 1) {
    throw new UserError('there are several models: which one made these predictions?', {
      mend: `assay evaluate ${first?.name} --predictions ${given.predictions}; models: ${scorable.map(({ name }) => name).join(', ')}`,
    });
  }
  return scorable;
}

/** Undefined when only one model is there; else from a version's name, or from the run with this id. */
async function modelOf(project: Project, run: string): Promise<string | undefined> {
  if (Object.keys(project.config.models).length < 2) return undefined;
  const ofVersion = /^([^@]+)@v/.exec(run)?.[1];
  if (ofVersion !== undefined) return ofVersion;
  return (await readRecordOf(await project.history(), run, { kind: 'run', schema: runRecord })).model;
}

interface Place {
  readonly project: Project;
  readonly world: World;
}

function scoringOf(
  { config, model }: Scorable,
  { project, world, seed }: Place & { readonly seed: number | null },
): Scoring {
  return { project, world, config, rules: model.metrics.rules, folder: model.folder, seed };
}

/** @param options.path as typed, relative to the working directory; the configured file when undefined */
async function scoreGiven(
  scorable: Scorable,
  options: Place & { readonly path: string | undefined },
): Promise<RunRecord> {
  const { project, world } = options;
  const { config, model, name } = scorable;
  const began = world.clock.monotonic();
  const path =
    options.path === undefined ? join(model.folder, config.predictions) : resolve(world.cwd, options.path);
  const file = displayName(path, model.folder);
  const { metrics, curves } = await scoreFile(path, file, scoringOf(scorable, { ...options, seed: null }));
  const artifact = await (await project.artifacts()).put('predictions', path);
  return {
    ...(await emptyRun(scorable, options)),
    model: name,
    seconds: world.clock.monotonic() - began,
    metrics: [...metrics],
    evaluation: await evaluationOf(config, { folder: model.folder, source: file }),
    ...(curves.length > 0 ? { curves: [...curves] } : {}),
    artifacts: [artifact],
  };
}

/** The metrics of each seed's predictions, merged as a training merges them; commit, code and data are the scored run's. */
async function scoreRun(
  scorable: Scorable,
  options: Place & { readonly parent: RunRecord },
): Promise<RunRecord> {
  const { parent, project, world } = options;
  const began = world.clock.monotonic();
  const kept = keptPredictions(parent);
  const store = await project.artifacts();
  const { mergeSeeds } = await import('../runs/seeds.js');
  const seeds = await withTemporaryFolder(async (folder) => {
    const scored = [];
    for (const { artifact, seed, complete } of kept) {
      // By its own name, which commands that compute metrics may go by.
      const path = join(folder, String(scored.length), basename(artifact?.path ?? ''));
      if (artifact) await store.fetch(artifact, path);
      const scores: Scores = artifact
        ? await scoreFile(path, artifact.path, scoringOf(scorable, { ...options, seed }))
        : { metrics: [], curves: [] };
      scored.push({ seed, complete, ...scores });
    }
    return scored;
  });
  const curves = seeds.slice(0, MOST_CURVE_SEEDS).flatMap((one) => one.curves);
  return {
    ...(await emptyRun(scorable, options)),
    commit: parent.commit,
    code: parent.code,
    params: parent.params,
    seed: parent.seed,
    seeds: parent.seeds,
    data: parent.data,
    seconds: world.clock.monotonic() - began,
    metrics: [...mergeSeeds(seeds)],
    evaluation: await evaluationOf(scorable.config, {
      folder: scorable.model.folder,
      source: kept.find(({ artifact }) => artifact)?.artifact?.path ?? '',
    }),
    ...(curves.length > 0 ? { curves } : {}),
    artifacts: kept.flatMap(({ artifact }) => (artifact ? [artifact] : [])),
    parent: parent.id,
  };
}

/** The predictions of each seed in the order of the seeds; the first one's artifact bears the plain name. */
function keptPredictions(run: RunRecord): readonly {
  readonly artifact: Artifact | undefined;
  readonly seed: number;
  readonly complete: boolean;
}[] {
  const named = new Map(run.artifacts.map((artifact) => [artifact.name, artifact]));
  const ofSeed = run.seeds.map(({ seed, status }, index) => ({
    artifact: named.get(`predictions.seed-${seed}`) ?? (index === 0 ? named.get('predictions') : undefined),
    seed,
    complete: status === 'succeeded',
  }));
  const kept =
    run.seeds.length > 0
      ? ofSeed
      : [{ artifact: named.get('predictions'), seed: run.seed ?? 0, complete: true }];
  if (kept.some(({ artifact }) => artifact)) return kept;
  throw new UserError(`run ${run.id} kept no predictions`, {
    mend: 'runs keep them when evaluate: predictions: in assay.yml names the file; train again, or give --predictions FILE',
  });
}

/** A run that trained nothing. */
async function emptyRun(scorable: Scorable, { project, world }: Place): Promise<RunRecord> {
  const { captureEnvironment } = await import('../runs/environment.js');
  const { localMachine } = await import('../platform/process/machine.js');
  const { folder } = scorable.model;
  const head = await (await project.repository())?.head();
  const origin = await project.origin();
  return {
    schema: 'assay/run@1',
    ...project.stamp(),
    ...origin,
    model: scorable.name,
    purpose: 'evaluate',
    status: 'succeeded',
    reason: null,
    seconds: 0,
    command: null,
    params: {},
    seed: null,
    seeds: [],
    data: [],
    environment: await captureEnvironment({
      command: 'node',
      folder,
      workspace: await project.workspace(folder),
      machine: localMachine({ env: world.env }),
    }),
    code: {
      commit: head?.commit ?? null,
      dirty: head?.dirty ?? false,
      branch: head?.branch ?? null,
      pull_request: world.runner.pullRequest?.number ?? null,
    },
    metrics: [],
    series: [],
    artifacts: [],
    log: { digest: null, bytes: 0, truncated: false, tail: [] },
    resources: { peak_memory_bytes: null, cpu_seconds: null },
    warnings: [],
    parent: null,
  };
}

/** Relative to assay.yml where it lies in that folder. */
function displayName(path: string, folder: string): string {
  const inside = relative(folder, path);
  return inside.startsWith('..') ? path : inside.split(sep).join('/');
}

function taskOf(record: RunRecord, models: readonly Scorable[]): EvaluateConfig['task'] {
  return models.find(({ name }) => name === record.model)?.config.task ?? 'binary';
}
