import { createHash } from 'node:crypto';
import type { Metric } from '../metrics/metric.js';
import { flatParams } from './params.js';
import type { RunRecord, Series } from './record.js';

/**
 * A run as files of MLflow's file store, as MLflow 1 to 3 write and read it. Pure: paths and contents, in the order in which they
 * are to be written; the same record gives the same files.
 */

export interface StoreFile {
  /** Relative to the run's folder. */
  readonly path: string;
  readonly text: string;
}

/** By which an import knows that the run came from here. */
export const RUN_TAG = 'assay.run';

/** MLflow's limits: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.html#mlflow.log_param */
const LONGEST_NAME = 250;
const LONGEST_PARAM = 6000;
const LONGEST_TAG = 8000;
const STATUS: Readonly<Record<RunRecord['status'], number>> = { succeeded: 3, failed: 4, cancelled: 5 };

/** The id of the run there: its own, when it came from MLflow. */
export function mlflowRunId(run: RunRecord): string {
  const { imported } = run;
  if (imported?.tool === 'mlflow' && /^[0-9a-f]{32}$/.test(imported.id)) return imported.id;
  return createHash('sha256').update(run.id).digest('hex').slice(0, 32);
}

/** 18 digits, as MLflow makes them. */
export function mlflowExperimentId(model: string): string {
  const digits = BigInt(`0x${createHash('sha256').update(model).digest('hex').slice(0, 16)}`) % 10n ** 18n;
  return String(digits).padStart(18, '1');
}

/** @param of.created when the experiment's first run began, in milliseconds */
export function experimentMeta(of: {
  readonly id: string;
  readonly model: string;
  readonly location: string;
  readonly created: number;
}): string {
  return yamlOf({
    artifact_location: of.location,
    creation_time: of.created,
    experiment_id: of.id,
    last_update_time: of.created,
    lifecycle_stage: 'active',
    name: of.model,
  });
}

/** @param of.location of the experiment: a file URI */
export function mlflowFiles(
  run: RunRecord,
  of: { readonly experiment: string; readonly location: string },
): readonly StoreFile[] {
  const id = mlflowRunId(run);
  const started = Date.parse(run.time);
  const ended = run.seconds === null ? null : started + Math.round(run.seconds * 1000);
  const meta = yamlOf({
    artifact_uri: `${of.location}/${id}/artifacts`,
    end_time: ended,
    entry_point_name: '',
    experiment_id: of.experiment,
    lifecycle_stage: 'active',
    run_id: id,
    // MLflow 1 and 2 know it by this name.
    run_uuid: id,
    run_name: run.imported?.name ?? run.id,
    source_name: '',
    source_type: 4,
    source_version: '',
    start_time: started,
    status: STATUS[run.status],
    user_id: run.actor,
  });
  return [
    ...metricFiles(run, started),
    ...paramFiles(run),
    ...tagFiles(run),
    // Last: a folder without it is no run, so one that was written halfway is not seen.
    { path: 'meta.yaml', text: `${meta}tags: []\n` },
  ];
}

/** A metric's points: those of its series when it ends in the metric's value, else the value alone. */
function metricFiles(run: RunRecord, time: number): readonly StoreFile[] {
  const names = new Names();
  const files: StoreFile[] = [];
  const series = new Map(run.series.map((one) => [seriesName(one, run), one]));
  const used = new Set<string>();
  for (const metric of run.metrics) {
    const name = metricName(metric, run.metrics);
    const own = series.get(name);
    const fits = own !== undefined && own.values.at(-1) === metric.value;
    if (fits) used.add(name);
    const text = fits ? points(own, time) : `${time} ${numberText(metric.value)} 0\n`;
    files.push({ path: `metrics/${names.of(name)}`, text });
    if (metric.stderr !== null) {
      files.push({
        path: `metrics/${names.of(`${name}_stderr`)}`,
        text: `${time} ${numberText(metric.stderr)} 0\n`,
      });
    }
  }
  for (const [name, one] of series) {
    if (!used.has(name) && one.values.length > 0) {
      files.push({ path: `metrics/${names.of(name)}`, text: points(one, time) });
    }
  }
  return files;
}

/** With the split only where a name comes with several, and the slice where there is one. */
function metricName(metric: Metric, all: readonly Metric[]): string {
  const splits = new Set(all.filter(({ name }) => name === metric.name).map(({ split }) => split));
  const name = splits.size > 1 && metric.split !== null ? `${metric.split}/${metric.name}` : metric.name;
  if (metric.slice === null) return name;
  return `${name}.${Object.entries(metric.slice)
    .map(([column, value]) => `${column}_${value}`)
    .join('.')}`;
}

function seriesName(series: Series, run: RunRecord): string {
  return run.seeds.length > 1 && series.seed !== null ? `${series.name}.seed_${series.seed}` : series.name;
}

function points(series: Series, time: number): string {
  return series.values
    .map((value, index) => `${time} ${numberText(value)} ${Math.round(series.steps[index] ?? index)}\n`)
    .join('');
}

/** As Python writes a float; a value that is none is NaN there. */
function numberText(value: number | null): string {
  return value === null ? 'nan' : String(value);
}

function paramFiles(run: RunRecord): readonly StoreFile[] {
  const names = new Names();
  return [...flatParams({ ...run.tool_params, ...run.params })].map(([name, value]) => ({
    path: `params/${names.of(name)}`,
    text: (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, LONGEST_PARAM),
  }));
}

function tagFiles(run: RunRecord): readonly StoreFile[] {
  const tags: Record<string, string | null> = {
    'mlflow.runName': run.imported?.name ?? run.id,
    'mlflow.user': run.actor,
    'mlflow.source.type': 'LOCAL',
    'mlflow.source.git.commit': run.code.commit,
    'mlflow.source.git.branch': run.code.branch,
    'mlflow.note.content': run.reason,
    [RUN_TAG]: run.id,
    'assay.model': run.model,
    'assay.purpose': run.purpose,
    'assay.command': run.command,
  };
  for (const { name, digest } of run.data) tags[`assay.data.${name}`] = digest;
  for (const metric of run.metrics.filter(({ slice }) => slice === null)) {
    if (metric.seed_values) tags[`assay.seed_values.${metric.name}`] = JSON.stringify(metric.seed_values);
    if (metric.reason) tags[`assay.undefined.${metric.name}`] = metric.reason;
  }
  const names = new Names();
  return Object.entries(tags).flatMap(([name, value]) =>
    value === null ? [] : [{ path: `tags/${names.of(name)}`, text: value.slice(0, LONGEST_TAG) }],
  );
}

/**
 * Names that MLflow allows (letters, digits, `_ - . / ` and space), each once. A name is a path there, so one may not be the
 * folder of another, nor lead out.
 */
class Names {
  readonly #taken = new Set<string>();
  readonly #folders = new Set<string>();

  of(name: string): string {
    const parts = name
      .replace(/[^\p{L}\p{N}_\-. /]/gu, '_')
      .split('/')
      .map((part) => part.trim())
      .filter((part) => part !== '' && !/^\.+$/.test(part));
    const plain = parts.join('/').slice(0, LONGEST_NAME - 10) || '_';
    for (let number = 1; ; number++) {
      const candidate = number === 1 ? plain : `${plain}_${number}`;
      const free = this.#fits(candidate) ? candidate : candidate.replaceAll('/', '_');
      if (!this.#fits(free)) continue;
      this.#take(free);
      return free;
    }
  }

  #fits(name: string): boolean {
    if (this.#taken.has(name) || this.#folders.has(name)) return false;
    return foldersOf(name).every((folder) => !this.#taken.has(folder));
  }

  #take(name: string): void {
    this.#taken.add(name);
    for (const folder of foldersOf(name)) this.#folders.add(folder);
  }
}

/** `a/b/c` lies in `a` and `a/b`. */
function foldersOf(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** A flat map; texts quoted, so that nothing in them means anything. */
function yamlOf(map: Readonly<Record<string, string | number | null>>): string {
  return Object.entries(map)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? JSON.stringify(value) : value}\n`)
    .join('');
}
