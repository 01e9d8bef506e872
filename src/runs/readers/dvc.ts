import { UserError } from '../../errors.js';
import type { SourceFile } from '../ports.js';
import { isList, isMap, type JsonMap, listAt, mapAt, paramOf, textAt } from './json/value.js';
import type { JsonValue } from './json-text.js';
import { readParamsYaml } from './params-yaml.js';
import type { Reading, ReadMetric, ReadOptions } from './reader.js';

/** Files of DVC: `dvc.yaml` names metrics files and params; `dvc.lock` holds the params of the last `dvc repro`. */

export function isDvc(value: JsonValue, path: string): value is JsonMap {
  if (!isMap(value)) return false;
  if (/(^|\/)dvc\.lock$/.test(path)) return isMap(value.stages);
  return /(^|\/)dvc\.yaml$/.test(path) && (isMap(value.stages) || isList(value.metrics));
}

/** The metrics of all files that the pipeline names, and the params that it was run with. */
export async function readDvc(
  value: JsonMap,
  of: { readonly file: SourceFile; readonly options: ReadOptions },
): Promise<Reading> {
  const { file } = of;
  const isLock = /(^|\/)dvc\.lock$/.test(file.path);
  const pipeline = isLock ? await besideAs(file, 'dvc.yaml') : value;
  const lock = isLock ? value : await besideAs(file, 'dvc.lock');
  const { files, notes } = metricsFiles(pipeline);
  if (files.length === 0) {
    throw new UserError(`${file.path} names no metrics file`, {
      mend: 'add one to a stage: metrics: [metrics.json]',
      location: { file: file.path },
    });
  }
  const readings = [];
  for (const path of files) {
    const source = await file.beside(path);
    if (!source) throw new UserError(`${file.path} names the metrics file ${path}, which is missing`);
    const { readMetricsFile } = await import('./readers.js');
    readings.push({ path, reading: await readMetricsFile(source, of.options) });
  }
  const params = await paramsOf({ lock, file });
  return {
    metrics: withoutDisagreement(readings),
    series: readings.flatMap(({ reading }) => reading.series),
    params: params.params,
    notes: [...notes, ...params.notes, ...readings.flatMap(({ reading }) => reading.notes ?? [])],
  };
}

async function besideAs(file: SourceFile, name: string): Promise<JsonMap> {
  const source = await file.beside(name);
  if (!source) return {};
  const { parseYaml } = await import('./yaml.js');
  return mapAt(await parseYaml(source));
}

/** `metrics:` of the file and of its stages; each entry is a path, or a map from a path to its settings. */
export function metricsFiles(pipeline: JsonMap): {
  readonly files: readonly string[];
  readonly notes: readonly string[];
} {
  const stages = Object.values(mapAt(pipeline, 'stages')).map((stage) => mapAt(stage));
  const named = [
    ...pathsIn(listAt(pipeline, 'metrics'), ''),
    ...stages.flatMap((stage) => pathsIn(listAt(stage, 'metrics'), textAt(stage, 'wdir') ?? '')),
  ];
  const templated = named.filter((path) => path.includes('${'));
  return {
    files: [...new Set(named.filter((path) => !path.includes('${')))],
    notes: templated.map((path) => `the metrics file ${path} of dvc.yaml left aside: its name is a template`),
  };
}

function pathsIn(entries: readonly JsonValue[], folder: string): readonly string[] {
  const paths = entries.flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.keys(mapAt(entry))));
  return paths.map((path) => (folder === '' || folder === '.' ? path : `${folder}/${path}`));
}

/** Of the lock, which tells what the stages were run with; else of params.yaml. */
async function paramsOf(from: { readonly lock: JsonMap; readonly file: SourceFile }) {
  const stages = Object.values(mapAt(from.lock, 'stages'));
  const locked = stages.flatMap((stage) =>
    Object.values(mapAt(stage, 'params')).flatMap((one) => Object.entries(mapAt(one))),
  );
  if (locked.length > 0) {
    return { params: Object.fromEntries(locked.map(([name, value]) => [name, paramOf(value)])), notes: [] };
  }
  const file = await from.file.beside('params.yaml');
  return file ? readParamsYaml(file) : { params: {}, notes: [] };
}

/** The same metric in two files with two values: nobody can say which one is right. */
function withoutDisagreement(
  readings: readonly { readonly path: string; readonly reading: Reading }[],
): readonly ReadMetric[] {
  const found = new Map<string, { readonly metric: ReadMetric; readonly path: string }>();
  for (const { path, reading } of readings) {
    for (const metric of reading.metrics) {
      const other = found.get(metric.name);
      if (other && other.metric.value !== metric.value) {
        throw new UserError(`${other.path} and ${path} disagree about ${metric.name}`, {
          mend: 'write each metric once, or name the files one by one in metrics.from',
        });
      }
      if (!other) found.set(metric.name, { metric, path });
    }
  }
  return [...found.values()].map(({ metric }) => metric);
}
