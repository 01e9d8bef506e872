import { isScalar, parseDocument } from 'yaml';
import { type ParamValue, paramValue } from '../config/model.js';
import type { ValidationRecord } from '../data/record.js';
import { UserError } from '../errors.js';
import { overrideParams } from '../runs/params.js';
import type { RunRecord } from '../runs/record.js';
import type { Training } from '../runs/train.js';
import type { World } from '../world.js';
import { defineVerb } from './command-line/verb.js';
import { chosenModels, openProject, type Project } from './project/project.js';
import { trainingText } from './training/text.js';
import {
  checkSeeds,
  commandOf,
  overallValues,
  type TrainRequest,
  trainAndRecord,
} from './training/training.js';
import { validateDatasets } from './validate.js';

export const train = defineVerb(
  {
    name: 'train',
    summary: "run the team's own training command and record a run",
    description:
      "Validates the model's datasets, runs its command once for each seed, reads the metrics it wrote, scores its predictions, keeps its outputs and records all of it as a run. The command is run by /bin/sh in the folder of assay.yml, in any language, and needs no import: it finds ASSAY_PARAMS (a JSON file), ASSAY_PARAM_<NAME> for each parameter, ASSAY_SEED, ASSAY_DATA_<NAME> (the path of each dataset), ASSAY_OUT (a folder whose files are kept) and ASSAY_RUN in its environment.\n\nOnly what the command wrote itself counts: a metrics, predictions or output file from before it started is never taken for a result. A run that fails or is cancelled is recorded as such, with what was measured until then and the end of its log. When the data is not valid, nothing is trained, and that is recorded too.\n\nExit code 0: every model was trained; 1: a training failed; 2: something in the configuration is wrong, such as a command that is not found or a metrics file that cannot be read.",
    arguments: [{ name: 'model', description: 'models to train; all of them when left out', repeats: true }],
    options: {
      seed: {
        kind: 'list',
        description: 'train with this seed instead of those in assay.yml',
        placeholder: 'N',
      },
      param: {
        kind: 'list',
        description: 'set a parameter, its value as YAML',
        placeholder: 'NAME=VALUE',
      },
    },
    outputs: {
      run: 'id of the run; one per line when there are several models',
      status: 'succeeded, failed or cancelled; succeeded only when every model is',
      metrics:
        'JSON object of metric name to value (over all rows), null where there is none; by model when there are several',
    },
    examples: [
      { command: 'assay train', explains: 'every model, with its seeds and parameters' },
      {
        command: 'assay train income --seed 1 --seed 2 --seed 3',
        explains: 'one model with three seeds, so that a comparison knows its noise',
      },
      {
        command: 'assay train income --param learning_rate=0.05 --param tree.depth=8',
        explains: 'with other parameters; a dot leads into a map',
      },
    ],
  },
  async (input, world) => {
    const project = await openProject(world, input.config);
    const requests = requestsFor(project, { ...input.options, world, models: input.arguments });
    const validations = await validationsFor(requests);
    const trainings: Training[] = [];
    for (const request of requests) {
      if (world.cancel.aborted && trainings.length > 0) break;
      const own = request.model.data.flatMap((name) => validations.get(name) ?? []);
      trainings.push(await trainAndRecord({ ...request, validations: own }));
    }
    return outcome(trainings, { project, world });
  },
);

function outcome(
  trainings: readonly Training[],
  { project, world }: { readonly project: Project; readonly world: World },
) {
  const records = trainings.map(({ record }) => record);
  const [only] = records;
  const single = records.length === 1 && only ? only : undefined;
  const failed = records.find(({ status }) => status !== 'succeeded');
  const problems = trainings.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const failure = world.cancel.aborted
    ? world.cancel.reason
    : problems.length > 1
      ? new AggregateError(problems, 'several models could not be trained')
      : problems[0];
  return {
    exit: failed ? (1 as const) : (0 as const),
    json: single ?? records,
    text: records
      .flatMap((record) => {
        const model = project.config.models[record.model];
        return model ? [trainingText(record, model)] : [];
      })
      .join('\n\n'),
    outputs: {
      run: records.map(({ id }) => id).join('\n'),
      status: failed?.status ?? 'succeeded',
      metrics: JSON.stringify(single ? overallValues(single) : byModel(records)),
    },
    ...(failure === undefined ? {} : { failure }),
  };
}

function byModel(records: readonly RunRecord[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(records.map((record) => [record.model, overallValues(record)]));
}

/** Everything that can be wrong with the words and the config is found here, before anything runs. */
function requestsFor(
  project: Project,
  given: {
    readonly world: World;
    readonly models: readonly string[];
    readonly seed: readonly string[];
    readonly param: readonly string[];
  },
): readonly Omit<TrainRequest, 'validations'>[] {
  const names = given.models.length > 0 ? [...new Set(given.models)] : [undefined];
  const chosen = names.flatMap((name) => chosenModels(project, name));
  const trainable = given.models.length > 0 ? chosen : chosen.filter(({ model }) => model.train);
  const models = trainable.length > 0 ? trainable : chosen;
  const seeds = given.seed.map(seedOf);
  const overrides = new Map(given.param.map(paramOf));
  return models.map(({ name, model }) => {
    const request = {
      project,
      world: given.world,
      name,
      model,
      command: commandOf(project, name),
      params: overrideParams(model.train?.params ?? {}, overrides),
      seeds: seeds.length > 0 ? seeds : (model.train?.seeds ?? []),
      purpose: 'train' as const,
      parent: null,
    };
    checkSeeds(request.seeds);
    return request;
  });
}

function seedOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UserError(`--seed needs a whole number from 0, not ${JSON.stringify(text)}`);
}

/** `depth=8` is a number, `loss=log` a text, `layers=[64, 32]` a list, as they would be in assay.yml. */
function paramOf(text: string): readonly [string, ParamValue] {
  const at = text.indexOf('=');
  const name = text.slice(0, at).trim();
  if (at === -1 || name === '') {
    throw new UserError(`--param needs NAME=VALUE, not ${JSON.stringify(text)}`, {
      mend: '--param learning_rate=0.05',
    });
  }
  const written = text.slice(at + 1);
  const document = parseDocument(written);
  const bare = isScalar(document.contents) || document.contents === null;
  const parsed = paramValue.safeParse(
    document.errors.length > 0 ? written : document.toJS({ maxAliasCount: 0 }),
  );
  if (parsed.success && (bare || document.errors.length === 0)) return [name, parsed.data];
  throw new UserError(`the value of --param ${name} is not a YAML value: ${JSON.stringify(written)}`);
}

/** Each dataset is validated once, also when several models use it. */
async function validationsFor(
  requests: readonly Omit<TrainRequest, 'validations'>[],
): Promise<ReadonlyMap<string, ValidationRecord>> {
  const [first] = requests;
  const names = [...new Set(requests.flatMap(({ model }) => model.data))];
  if (!first || names.length === 0) return new Map();
  const records = await validateDatasets({ project: first.project, world: first.world, names });
  return new Map(records.map((record) => [record.dataset, record]));
}
