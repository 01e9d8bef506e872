import { UserError } from '../../../errors.js';
import type { SourceFolder } from '../../ports.js';
import { readParamsYaml } from '../params-yaml.js';
import {
  type BinaryReader,
  type FolderReader,
  LARGEST_LOG,
  type Reading,
  type ReadMetric,
  type ReadSeries,
} from '../reader.js';
import { mergeRepetitions, repetitionsOf } from '../repeats.js';
import { EventLog } from './events.js';
import { beginsAsRecord } from './records.js';

const EVENTS = /\.tfevents\./;
const DEEPEST = 5;
const MOST_FILES = 10_000;

/** One event file. */
export const eventFile: BinaryReader = {
  name: 'TensorBoard',
  largest: LARGEST_LOG,
  recognises: (head, path) => beginsAsRecord(head) || (EVENTS.test(path) && head.length > 0),
  async read(file) {
    const log = new EventLog();
    await log.add(file);
    return log.reading(file.path);
  },
};

/**
 * A folder of event files. Its folders are what TensorBoard calls runs: `train` and `validation` are splits of one training
 * (Keras), `seed_1`, `seed_2` its repetitions; any other name goes before the names of its metrics.
 */
export const eventFolder: FolderReader = {
  name: 'TensorBoard',
  recognises: async (folder) => (await eventFiles(folder, { inner: '', depth: 0, most: 1 })).length > 0,
  async read(folder, options) {
    const all = await eventFiles(folder, { inner: '', depth: 0, most: MOST_FILES });
    const fresh = await freshOf(folder, { files: all, since: options.since });
    if (fresh.length === 0) {
      throw new UserError(`no event file in ${folder.path} was written by this run`, {
        mend: 'the writer must be closed or flushed before the command ends',
      });
    }
    const byFolder = new Map<string, string[]>();
    for (const path of fresh) {
      const name = nameOf(path);
      byFolder.set(name, [...(byFolder.get(name) ?? []), path]);
    }
    const runs: { name: string; reading: Reading }[] = [];
    for (const [name, paths] of byFolder) {
      const log = new EventLog();
      for (const path of paths) {
        const file = await folder.file(path);
        if (file) await log.add(file);
      }
      runs.push({ name, reading: log.reading(folder.path) });
    }
    return withParams(together(runs), folder);
  },
};

/** add_hparams of PyTorch writes into a folder named by the time; that is part of the run around it. */
function nameOf(path: string): string {
  const folders = path.split('/').slice(0, -1);
  return folders.filter((folder) => !/^\d{9,}(?:\.\d+)*$/.test(folder)).join('/');
}

async function eventFiles(
  folder: SourceFolder,
  of: { readonly inner: string; readonly depth: number; readonly most: number },
): Promise<readonly string[]> {
  const found: string[] = [];
  const folders: string[] = [];
  for (const entry of await folder.list(of.inner)) {
    const path = of.inner === '' ? entry.name : `${of.inner}/${entry.name}`;
    if (entry.folder) folders.push(path);
    else if (EVENTS.test(entry.name)) found.push(path);
  }
  for (const inner of of.depth < DEEPEST ? folders : []) {
    if (found.length >= of.most) break;
    found.push(...(await eventFiles(folder, { inner, depth: of.depth + 1, most: of.most - found.length })));
  }
  return found.slice(0, of.most);
}

async function freshOf(
  folder: SourceFolder,
  of: { readonly files: readonly string[]; readonly since: number | undefined },
): Promise<readonly string[]> {
  if (of.since === undefined) return of.files;
  const fresh: string[] = [];
  for (const path of of.files) {
    if (((await folder.modified(path)) ?? 0) > of.since) fresh.push(path);
  }
  return fresh;
}

const SPLITS = new Set(['train', 'training', 'validation', 'valid', 'val', 'eval', 'evaluation', 'test']);

function together(runs: readonly { readonly name: string; readonly reading: Reading }[]): Reading {
  const [first] = runs;
  if (first && runs.length === 1) return first.reading;
  const own = runs.filter(({ name }) => name !== '');
  const repetitions = own.length === runs.length ? repetitionsOf(own.map(({ name }) => name)) : undefined;
  if (repetitions) {
    const byName = new Map(runs.map(({ name, reading }) => [name, reading]));
    return mergeRepetitions(
      repetitions.map(({ path, label }) => ({
        label,
        reading: byName.get(path) ?? { metrics: [], series: [] },
      })),
    );
  }
  const splits = own.every(({ name }) => SPLITS.has(name.split('/').at(-1) ?? ''));
  return {
    metrics: runs.flatMap(({ name, reading }) =>
      reading.metrics.map((metric): ReadMetric => {
        if (name === '') return metric;
        return splits ? { ...metric, split: name } : { ...metric, name: `${name}/${metric.name}` };
      }),
    ),
    series: runs.flatMap(({ name, reading }) =>
      reading.series.map((one): ReadSeries => (name === '' ? one : { ...one, name: `${name}/${one.name}` })),
    ),
    params: Object.assign({}, ...runs.map(({ reading }) => reading.params ?? {})),
    notes: runs.flatMap(({ reading }) => reading.notes ?? []),
  };
}

/** TensorBoardLogger of PyTorch Lightning leaves hparams.yaml beside the events. */
async function withParams(reading: Reading, folder: SourceFolder): Promise<Reading> {
  const file = await folder.file('hparams.yaml');
  if (!file) return reading;
  const { params, notes } = await readParamsYaml(file);
  return {
    ...reading,
    params: { ...reading.params, ...params },
    notes: [...(reading.notes ?? []), ...notes],
  };
}
