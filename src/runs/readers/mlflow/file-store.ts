import { UserError } from '../../../errors.js';
import type { SourceFolder } from '../../ports.js';
import { parseNumber } from '../number.js';
import { flatYaml } from './flat-yaml.js';
import type {
  MlflowHead,
  MlflowModelVersion,
  MlflowPoint,
  MlflowRun,
  MlflowStatus,
  MlflowStore,
} from './run.js';
import { PARENT_TAG } from './run.js';

/** The file store of MLflow 1 to 3: `<root>/<experiment>/<run>/{meta.yaml, metrics/, params/, tags/}`, `<root>/models/`. */

const LARGEST_META = 100_000;
const LARGEST_VALUE = 20_000_000;
/** Names of metrics may hold slashes, and then are folders. */
const DEEPEST_NAME = 8;
const STATUS: readonly (MlflowStatus | undefined)[] = [
  undefined,
  'RUNNING',
  'SCHEDULED',
  'FINISHED',
  'FAILED',
  'KILLED',
];

interface Placed extends MlflowHead {
  /** Folder of the run, relative to the store's. */
  readonly inner: string;
}

/** @param folder the store, one of its experiments, or one run */
export function fileStore(folder: SourceFolder): MlflowStore {
  let placed: Promise<readonly Placed[]> | undefined;
  const all = (): Promise<readonly Placed[]> => {
    placed ??= readHeads(folder);
    return placed;
  };
  let parents: Promise<ReadonlyMap<string, string>> | undefined;
  return {
    path: folder.path,
    heads: all,
    runs: async (heads) => {
      const wanted = new Map((await all()).map((one) => [one.id, one]));
      return readRuns(
        folder,
        heads.flatMap(({ id }) => wanted.get(id) ?? []),
      );
    },
    parents: () => {
      parents ??= all().then((runs) => readParents(folder, runs));
      return parents;
    },
    versions: () => readVersions(folder),
    modified: async (id) => {
      const run = (await all()).find((one) => one.id === id);
      return run ? folder.modified(within(run.inner, 'meta.yaml')) : undefined;
    },
  };
}

async function readParents(
  folder: SourceFolder,
  runs: readonly Placed[],
): Promise<ReadonlyMap<string, string>> {
  const tags = await folder.texts(
    runs.map(({ inner }) => within(inner, `tags/${PARENT_TAG}`)),
    LARGEST_META,
  );
  return new Map(runs.flatMap(({ id }, index) => (tags[index] ? [[id, tags[index].trim()] as const] : [])));
}

/** True when the folder is a store, an experiment or a run. */
export async function isFileStore(folder: SourceFolder): Promise<boolean> {
  const [own] = await folder.texts(['meta.yaml'], LARGEST_META);
  if (own !== undefined && /^(?:run_id|run_uuid|experiment_id):/m.test(own)) return true;
  const inner = (await folder.list(''))
    .filter((entry) => entry.folder && entry.name !== 'models')
    .slice(0, 50);
  const metas = await folder.texts(
    inner.map(({ name }) => `${name}/meta.yaml`),
    LARGEST_META,
  );
  return metas.some((meta) => meta !== undefined && /^experiment_id:/m.test(meta));
}

async function readHeads(folder: SourceFolder): Promise<readonly Placed[]> {
  const [own] = await folder.texts(['meta.yaml'], LARGEST_META);
  if (own !== undefined && /^run_(?:id|uuid):/m.test(own))
    return headsIn(folder, { inner: [''], experiment: undefined });
  if (own !== undefined) return experimentHeads(folder, '');
  const found: Placed[] = [];
  for (const entry of await folder.list('')) {
    if (entry.folder && entry.name !== 'models' && !entry.name.startsWith('.')) {
      found.push(...(await experimentHeads(folder, entry.name)));
    }
  }
  return found;
}

async function experimentHeads(folder: SourceFolder, experiment: string): Promise<readonly Placed[]> {
  const [meta] = await folder.texts([within(experiment, 'meta.yaml')], LARGEST_META);
  if (meta === undefined) return [];
  const about = await flatYaml(meta, within(folder.path, within(experiment, 'meta.yaml')));
  const runs = (await folder.list(experiment))
    .filter((entry) => entry.folder)
    .map(({ name }) => within(experiment, name));
  return headsIn(folder, { inner: runs, experiment: about.get('name') ?? about.get('experiment_id') });
}

/** Folders that hold no run (`tags`, `models`, `traces`) have no meta.yaml with a run in it. */
async function headsIn(
  folder: SourceFolder,
  of: { readonly inner: readonly string[]; readonly experiment: string | undefined },
): Promise<readonly Placed[]> {
  const metas = await folder.texts(
    of.inner.map((inner) => within(inner, 'meta.yaml')),
    LARGEST_META,
  );
  const heads: Placed[] = [];
  for (const [index, meta] of metas.entries()) {
    const inner = of.inner[index] ?? '';
    if (meta === undefined || !/^run_(?:id|uuid):/m.test(meta)) continue;
    const about = await flatYaml(meta, within(folder.path, within(inner, 'meta.yaml')));
    const number = (name: string): number | undefined => parseNumber(about.get(name) ?? '');
    heads.push({
      inner,
      id: about.get('run_id') ?? about.get('run_uuid') ?? '',
      experiment: of.experiment ?? about.get('experiment_id') ?? '',
      name: about.get('run_name') || undefined,
      status: STATUS[number('status') ?? 0] ?? statusText(about.get('status')),
      started: number('start_time'),
      ended: number('end_time'),
      user: about.get('user_id') || undefined,
      deleted: about.get('lifecycle_stage') === 'deleted',
    });
  }
  return heads;
}

function statusText(text: string | undefined): MlflowStatus {
  return STATUS.find((status) => status === text) ?? 'RUNNING';
}

/** Params, tags and metrics of all runs in three sweeps: thousands of small files are read faster together. */
async function readRuns(folder: SourceFolder, heads: readonly Placed[]): Promise<readonly MlflowRun[]> {
  const params = await valuesIn(folder, { heads, kind: 'params' });
  const tags = await valuesIn(folder, { heads, kind: 'tags' });
  const metrics = await valuesIn(folder, { heads, kind: 'metrics' });
  return heads.map((head, index) => ({
    ...head,
    params: params[index] ?? new Map(),
    tags: tags[index] ?? new Map(),
    metrics: new Map(
      [...(metrics[index] ?? [])].map(([name, text]) => [
        name,
        pointsOf(text, within(folder.path, within(head.inner, `metrics/${name}`))),
      ]),
    ),
  }));
}

async function valuesIn(
  folder: SourceFolder,
  of: { readonly heads: readonly Placed[]; readonly kind: string },
): Promise<readonly ReadonlyMap<string, string>[]> {
  const paths: string[] = [];
  const places: { readonly run: number; readonly name: string }[] = [];
  for (const [run, { inner }] of of.heads.entries()) {
    const base = within(inner, of.kind);
    for (const name of await namesBelow(folder, { base, inner: '', depth: 0 })) {
      paths.push(`${base}/${name}`);
      places.push({ run, name });
    }
  }
  const found = of.heads.map(() => new Map<string, string>());
  const texts = await folder.texts(paths, LARGEST_VALUE);
  for (const [index, { run, name }] of places.entries()) {
    const text = texts[index];
    if (text !== undefined) found[run]?.set(name, text);
  }
  return found;
}

async function namesBelow(
  folder: SourceFolder,
  of: { readonly base: string; readonly inner: string; readonly depth: number },
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await folder.list(within(of.base, of.inner))) {
    const name = within(of.inner, entry.name);
    if (!entry.folder) names.push(name);
    else if (of.depth < DEEPEST_NAME)
      names.push(...(await namesBelow(folder, { ...of, inner: name, depth: of.depth + 1 })));
  }
  return names;
}

/** Lines of `time value step`; MLflow 3 may add the dataset, MLflow before 1.0 has no step. */
function pointsOf(text: string, file: string): readonly MlflowPoint[] {
  const points: MlflowPoint[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [time = '', written = '', step = '0'] = line.trim().split(' ');
    const value = parseNumber(written);
    if (value === undefined) {
      throw new UserError('expected: time value step', { location: { file, line: index + 1 } });
    }
    points.push({ time: parseNumber(time) ?? 0, value, step: parseNumber(step) ?? 0 });
  }
  return points;
}

/** `models/<name>/version-<n>/meta.yaml`, aliases as files in `aliases/`. */
async function readVersions(folder: SourceFolder): Promise<readonly MlflowModelVersion[]> {
  const found: MlflowModelVersion[] = [];
  for (const { name: model } of await folder.list('models')) {
    const entries = await folder.list(`models/${model}`);
    const versions = entries.filter((entry) => entry.folder && entry.name.startsWith('version-'));
    const aliases = (await folder.list(`models/${model}/aliases`)).map(({ name }) => name);
    const targets = await folder.texts(
      aliases.map((alias) => `models/${model}/aliases/${alias}`),
      LARGEST_META,
    );
    const metas = await folder.texts(
      versions.map(({ name }) => `models/${model}/${name}/meta.yaml`),
      LARGEST_META,
    );
    for (const [index, { name }] of versions.entries()) {
      const about = await flatYaml(metas[index] ?? '', `${folder.path}/models/${model}/${name}/meta.yaml`);
      const version = name.slice('version-'.length);
      found.push({
        model,
        version,
        run: about.get('run_id') || undefined,
        stage: knownStage(about.get('current_stage')),
        aliases: aliases.filter((_, at) => targets[at]?.trim() === version),
      });
    }
  }
  return found;
}

export function knownStage(stage: string | undefined): string | undefined {
  return stage === undefined || stage === '' || stage === 'None' ? undefined : stage;
}

function within(folder: string, inner: string): string {
  if (inner === '') return folder;
  return folder === '' ? inner : `${folder}/${inner}`;
}
