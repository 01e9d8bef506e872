import type { SourceFolder } from '../ports.js';
import { mlflowFolder } from './mlflow/mlflow.js';
import type { FolderEntry, FolderReader, Reading, ReadOptions } from './reader.js';
import { eventFolder } from './tensorboard/tensorboard.js';
import { wandbFolder } from './wandb/wandb.js';

/** Folders in which a tool leaves several files that belong together. */

/** A folder with a file that is read by itself, together with what lies beside it. */
function folderOf(options: {
  readonly name: string;
  readonly file: string;
  /** Another name that must be there too. */
  readonly beside?: string;
  readonly more?: (folder: SourceFolder) => Promise<Partial<Reading>>;
}): FolderReader {
  const { name, file } = options;
  return {
    name,
    recognises: (_, names) =>
      [file, ...(options.beside === undefined ? [] : [options.beside])].every((wanted) => has(names, wanted)),
    async read(folder, readOptions) {
      const reading = await readFile(folder, { inner: file, options: readOptions });
      const more = await options.more?.(folder);
      return more ? { ...reading, ...more } : reading;
    },
  };
}

function has(names: readonly FolderEntry[], name: string): boolean {
  return names.some((entry) => entry.name === name);
}

async function readFile(
  folder: SourceFolder,
  of: { readonly inner: string; readonly options: ReadOptions },
): Promise<Reading> {
  const source = await folder.file(of.inner);
  if (!source) return { metrics: [], series: [] };
  const { readMetricsFile } = await import('./readers.js');
  return readMetricsFile(source, of.options);
}

/** DVCLive: metrics.json has the last values, plots/metrics/ a table with the steps of each. */
const dvclive: FolderReader = {
  name: 'DVCLive',
  recognises: async (folder, names) =>
    has(names, 'metrics.json') &&
    has(names, 'plots') &&
    (await folder.list('plots')).some(({ name }) => name === 'metrics'),
  async read(folder, options) {
    const { metrics } = await readFile(folder, { inner: 'metrics.json', options });
    const tables = await filesBelow(folder, 'plots/metrics');
    const series = [];
    for (const inner of tables.filter((path) => path.endsWith('.tsv'))) {
      const name = inner.slice('plots/metrics/'.length, -'.tsv'.length).replaceAll('/', '.');
      const reading = await readFile(folder, { inner, options });
      series.push(...reading.series.map((one) => ({ ...one, name })));
    }
    return {
      metrics: metrics.filter(({ name }) => name !== 'step'),
      series,
      ...(await paramsIn(folder, 'params.yaml')),
    };
  },
};

const DEEPEST_FOLDER = 6;
async function filesBelow(folder: SourceFolder, inner: string, depth = 0): Promise<readonly string[]> {
  const entries = await folder.list(inner);
  const found = entries.map(async (entry) => {
    const path = `${inner}/${entry.name}`;
    if (!entry.folder) return [path];
    return depth < DEEPEST_FOLDER ? filesBelow(folder, path, depth + 1) : [];
  });
  return (await Promise.all(found)).flat();
}

async function paramsIn(folder: SourceFolder, inner: string): Promise<Partial<Reading>> {
  const file = await folder.file(inner);
  if (!file) return {};
  const { readParamsYaml } = await import('./params-yaml.js');
  return readParamsYaml(file);
}

/** Output folder of the Trainer of transformers: its own state, else that of the newest checkpoint; all_results.json beside it. */
const trainer: FolderReader = {
  name: 'Trainer of transformers',
  recognises: (_, names) =>
    has(names, 'trainer_state.json') ||
    names.some(({ name, folder }) => folder && /^checkpoint-\d+$/.test(name)),
  async read(folder, options) {
    const names = await folder.list('');
    const [newest] = names
      .filter(({ name }) => /^checkpoint-\d+$/.test(name))
      .sort((a, b) => Number(b.name.slice(11)) - Number(a.name.slice(11)));
    const inner = has(names, 'trainer_state.json')
      ? 'trainer_state.json'
      : `${newest?.name}/trainer_state.json`;
    const state = await readFile(folder, { inner, options });
    const results = has(names, 'all_results.json')
      ? await readFile(folder, { inner: 'all_results.json', options })
      : { metrics: [] };
    const known = new Set(results.metrics.map(({ name }) => name));
    return {
      ...state,
      metrics: [...results.metrics, ...state.metrics.filter(({ name }) => !known.has(name))],
    };
  },
};

/** `lightning_logs/`: the newest version. */
const lightningLogs: FolderReader = {
  name: 'PyTorch Lightning logs',
  recognises: (_, names) => names.some(({ name, folder }) => folder && /^version_\d+$/.test(name)),
  async read(folder, options) {
    const versions = (await folder.list(''))
      .filter((entry) => entry.folder && /^version_\d+$/.test(entry.name))
      .sort((a, b) => Number(b.name.slice(8)) - Number(a.name.slice(8)));
    for (const { name } of versions) {
      const version = await folder.folder(name);
      if (!version || (await version.list('')).length === 0) continue;
      const { readMetricsFolder } = await import('./readers.js');
      return readMetricsFolder(version, options);
    }
    return { metrics: [], series: [] };
  },
};

/** In the order in which they are asked. */
export const FOLDER_READERS: readonly FolderReader[] = [
  mlflowFolder,
  wandbFolder,
  dvclive,
  trainer,
  lightningLogs,
  folderOf({ name: 'PyTorch Lightning', file: 'metrics.csv', beside: 'hparams.yaml' }),
  folderOf({ name: 'Ultralytics', file: 'results.csv', beside: 'args.yaml' }),
  folderOf({ name: 'DVC', file: 'dvc.yaml' }),
  eventFolder,
];
