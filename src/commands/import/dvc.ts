import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { type Commit, type CommitFiles, commitFiles } from '../../platform/git/commit-files.js';
import type { SourceFile } from '../../runs/ports.js';
import { metricsFiles } from '../../runs/readers/dvc.js';
import { isMap, listAt, mapAt, textAt } from '../../runs/readers/json/value.js';
import type { Reading } from '../../runs/readers/reader.js';
import { readMetricsFile } from '../../runs/readers/readers.js';
import { parseYaml } from '../../runs/readers/yaml.js';
import { type ForeignRecords, foreignSource } from './foreign.js';
import type { ImportRequest } from './source.js';

/** A metrics file larger than this is none. */
const LARGEST_CACHED = 50_000_000;

/**
 * The history of a DVC pipeline: a run for each commit in which its metrics, or the params that it was run with, are others
 * than before. Metrics that git does not keep are taken from DVC's cache where they are there.
 */
export const dvcSource = foreignSource(async function* (request, records) {
  const folder = await pipelineFolder(request);
  const files = await commitFiles({ folder, label: request.label, env: request.world.env });
  const paths = await trackedPaths(files, request.label);
  let before = '';
  for (const commit of await files.changing(paths)) {
    request.world.cancel.throwIfAborted();
    const reading = await readingAt(commit, { files, folder, records });
    if (!reading) continue;
    const content = JSON.stringify([reading.metrics, reading.params]);
    if (content === before) continue;
    before = content;
    yield records.of({
      tool: 'dvc',
      id: commit.id,
      name: undefined,
      group: undefined,
      purpose: 'train',
      status: 'succeeded',
      reason: null,
      time: commit.time,
      seconds: undefined,
      actor: commit.author,
      commit: commit.id,
      dirty: false,
      reading,
    });
  }
});

async function pipelineFolder(request: ImportRequest): Promise<string> {
  const found = await stat(request.path).catch(() => undefined);
  if (found?.isDirectory()) return request.path;
  throw new UserError(`${request.label} is no folder`, {
    mend: 'name the folder of dvc.yaml in a git repository: assay import dvc .',
  });
}

/** What a commit must have changed to be looked at: the pipeline, its lock, its params, and the metrics files that it names now. */
async function trackedPaths(files: CommitFiles, label: string): Promise<readonly string[]> {
  const pipeline = await files.file('HEAD', 'dvc.yaml');
  if (!pipeline) {
    throw new UserError(`${label} has no dvc.yaml in its newest commit`, {
      mend: 'name the folder that holds it: assay import dvc path/to/pipeline',
    });
  }
  const { files: metrics } = metricsFiles(mapAt(await parseYaml(pipeline)));
  return ['dvc.yaml', 'dvc.lock', 'params.yaml', ...metrics];
}

/** Undefined, with the reason kept, for a commit whose metrics cannot be read: one bad commit does not hide the others. */
async function readingAt(
  commit: Commit,
  of: { readonly files: CommitFiles; readonly folder: string; readonly records: ForeignRecords },
): Promise<Reading | undefined> {
  const lock = await of.files.file(commit.id, 'dvc.lock');
  try {
    const outputs = lock ? await cachedOutputs(lock) : new Map<string, string>();
    const elsewhere = (path: string) => fromCache(of.folder, outputs.get(path));
    const pipeline = await of.files.file(commit.id, 'dvc.yaml', elsewhere);
    return pipeline && (await readMetricsFile(pipeline));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    of.records.leave(error.message);
    return undefined;
  }
}

/** Path and MD5 of every output in the lock. */
async function cachedOutputs(lock: SourceFile): Promise<ReadonlyMap<string, string>> {
  const stages = Object.values(mapAt(await parseYaml(lock), 'stages'));
  return new Map(
    stages.flatMap((stage) =>
      listAt(stage, 'outs').flatMap((out) => {
        const [path, md5] = [textAt(out, 'path'), textAt(out, 'md5')];
        return isMap(out) && path !== undefined && md5 !== undefined ? [[path, md5] as const] : [];
      }),
    ),
  );
}

/** Of DVC 3, else of DVC 2. */
async function fromCache(folder: string, md5: string | undefined): Promise<Buffer | undefined> {
  if (md5 === undefined || !/^[0-9a-f]{32}$/.test(md5)) return undefined;
  for (const cache of ['.dvc/cache/files/md5', '.dvc/cache']) {
    const place = join(folder, cache, md5.slice(0, 2), md5.slice(2));
    const found = await stat(place).catch(() => undefined);
    if (found?.isFile() && found.size <= LARGEST_CACHED) return readFile(place);
  }
  return undefined;
}
