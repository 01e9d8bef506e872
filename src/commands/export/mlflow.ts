import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../errors.js';
import { experimentMeta, mlflowExperimentId, mlflowFiles, mlflowRunId } from '../../runs/mlflow-export.js';
import { flatYaml } from '../../runs/readers/mlflow/flat-yaml.js';
import { type RunRecord, runRecord } from '../../runs/record.js';
import { chosenRecords } from './records.js';
import type { ExportTarget } from './target.js';

/**
 * A file store of MLflow: an experiment per model, a run for each. Into a store that is there runs are added, those that are
 * there already are left. A run appears with its last file, so that an export that stopped halfway is gone on with.
 */
export const mlflowTarget: ExportTarget = {
  async write(request) {
    const { path, label } = request;
    if (path === undefined || label === undefined) {
      throw new UserError('export mlflow needs PATH: the folder of the store', {
        mend: 'assay export mlflow mlruns',
      });
    }
    const experiments = await readExperiments(path, label);
    let records = 0;
    for await (const { record } of chosenRecords(request)) {
      const run = runRecord.safeParse(record);
      if (!run.success) continue;
      const experiment = await experimentOf(run.data, { path, experiments });
      if (await writeRun(run.data, experiment)) records += 1;
    }
    if (experiments.size === 0) throw new UserError('there is no run to export');
    return { records, place: label };
  },
};

interface Experiment {
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
}

/** By name. Throws UserError for a folder that is something else. */
async function readExperiments(path: string, label: string): Promise<Map<string, Experiment>> {
  const found = new Map<string, Experiment>();
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  if ((await stat(path).catch(() => undefined))?.isFile())
    throw new UserError(`${label} is a file, not a folder`);
  for (const entry of entries.filter((one) => one.isDirectory())) {
    const folder = join(path, entry.name);
    const meta = await readFile(join(folder, 'meta.yaml'), 'utf8').catch(() => undefined);
    if (meta === undefined) continue;
    const about = await flatYaml(meta, join(label, entry.name, 'meta.yaml'));
    const [id, name] = [about.get('experiment_id'), about.get('name')];
    if (id !== undefined && name !== undefined) found.set(name, { id, folder });
  }
  if (found.size === 0 && entries.length > 0) {
    throw new UserError(`${label} is there, and is no store of MLflow`, {
      mend: 'name a new folder, or an empty one',
    });
  }
  return found;
}

async function experimentOf(
  run: RunRecord,
  of: { readonly path: string; readonly experiments: Map<string, Experiment> },
): Promise<Experiment> {
  const known = of.experiments.get(run.model);
  if (known) return known;
  const id = mlflowExperimentId(run.model);
  const folder = join(of.path, id);
  await mkdir(folder, { recursive: true });
  const meta = { id, model: run.model, location: pathToFileURL(folder).href, created: Date.parse(run.time) };
  await writeFile(join(folder, 'meta.yaml'), experimentMeta(meta));
  const experiment = { id, folder };
  of.experiments.set(run.model, experiment);
  return experiment;
}

/** False when the run is there already. */
async function writeRun(run: RunRecord, experiment: Experiment): Promise<boolean> {
  const folder = join(experiment.folder, mlflowRunId(run));
  if (await stat(join(folder, 'meta.yaml')).catch(() => undefined)) return false;
  await rm(folder, { recursive: true, force: true });
  for (const inner of ['metrics', 'params', 'tags', 'artifacts']) {
    await mkdir(join(folder, inner), { recursive: true });
  }
  const location = pathToFileURL(experiment.folder).href;
  for (const { path, text } of mlflowFiles(run, { experiment: experiment.id, location })) {
    const place = join(folder, path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, text);
  }
  return true;
}
