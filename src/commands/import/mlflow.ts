import { UserError } from '../../errors.js';
import type { StoredRecord } from '../../history/archive.js';
import { type ForeignRun, importedId, isRecordTime } from '../../runs/imported.js';
import { RUN_TAG } from '../../runs/mlflow-export.js';
import { databaseStore, isMlflowDatabase } from '../../runs/readers/mlflow/database.js';
import { fileStore, isFileStore } from '../../runs/readers/mlflow/file-store.js';
import { type Fold, foldsOf, readingOf, registeredAs, withFolds } from '../../runs/readers/mlflow/reading.js';
import {
  COMMIT_TAG,
  type MlflowHead,
  type MlflowRun,
  type MlflowStore,
} from '../../runs/readers/mlflow/run.js';
import { type ForeignRecords, foreignSource, sourceName } from './foreign.js';
import { openPlace } from './place.js';
import type { ImportRequest } from './source.js';

/** Runs that are read at a time: their points are in memory together. */
const BATCH = 200;
/** All runs of a file store or a database that have ended. */
export const mlflowSource = foreignSource(async function* (request, records) {
  const { store, close } = await openStore(request);
  try {
    yield* runsOf(store, { records, label: sourceName(request) });
  } finally {
    close();
  }
});

async function openStore(
  request: ImportRequest,
): Promise<{ readonly store: MlflowStore; readonly close: () => void }> {
  const place = await openPlace(request);
  if (place.kind === 'folder') {
    if (await isFileStore(place.folder)) return { store: fileStore(place.folder), close: () => undefined };
    throw new UserError(`${request.label} is no store of MLflow`, {
      mend: 'name the folder that holds the experiments (mlruns) or the database (mlflow.db)',
    });
  }
  const database = await place.file.database();
  if (isMlflowDatabase(database)) {
    return { store: databaseStore(database, sourceName(request)), close: () => database.close() };
  }
  database.close();
  throw new UserError(`${request.label} is an SQLite database, but not of MLflow`);
}

async function* runsOf(
  store: MlflowStore,
  of: { readonly records: ForeignRecords; readonly label: string },
): AsyncGenerator<StoredRecord> {
  const heads = (await store.heads()).filter((head) => isWanted(head, of.records));
  const ids = new Map(heads.map((head) => [head.id, idOf(head)]));
  const parents = await store.parents();
  const versions = await store.versions();
  const folds = await foldsByRun(heads, { store, parents });
  const partOfAnother = new Set([...folds.values()].flatMap((inside) => inside.map(({ run }) => run.id)));
  const wanted = heads.filter(({ id }) => !partOfAnother.has(id));
  for (let from = 0; from < wanted.length; from += BATCH) {
    for (const run of await store.runs(wanted.slice(from, from + BATCH))) {
      if (run.tags.has(RUN_TAG)) {
        of.records.leave('exported by Assay (assay export jsonl brings such runs back as they were)');
        continue;
      }
      const own = readingOf(run, of.label);
      const inside = folds.get(run.id);
      const reading = inside ? withFolds(own, inside, of.label) : own;
      const registered = versions.filter((version) => version.run === run.id).map(registeredAs);
      yield of.records.of({
        ...foreignOf(run),
        reading: { ...reading, notes: [...(reading.notes ?? []), ...registered] },
        parent: ids.get(parents.get(run.id) ?? ''),
      });
    }
  }
}

/** Folds become values of the run that they were made in, not runs of their own. */
async function foldsByRun(
  heads: readonly MlflowHead[],
  of: { readonly store: MlflowStore; readonly parents: ReadonlyMap<string, string> },
): Promise<ReadonlyMap<string, readonly Fold[]>> {
  const found = new Map<string, readonly Fold[]>();
  const outer = new Set(of.parents.values());
  for (const head of heads.filter(({ id }) => outer.has(id))) {
    const inside = await foldsOf(head, of.store);
    if (inside) found.set(head.id, inside);
  }
  return found;
}

function isWanted(head: MlflowHead, records: ForeignRecords): boolean {
  if (head.deleted) return false;
  if (head.status === 'RUNNING' || head.status === 'SCHEDULED') records.leave('not ended yet');
  else if (!isRecordTime(head.started)) records.leave('without a start time');
  else return true;
  return false;
}

function idOf(head: MlflowHead): string {
  return importedId({ tool: 'mlflow', id: head.id, time: head.started ?? 0 });
}

function foreignOf(run: MlflowRun): Omit<ForeignRun, 'reading' | 'parent' | 'source'> {
  const status = run.status === 'FINISHED' ? 'succeeded' : run.status === 'KILLED' ? 'cancelled' : 'failed';
  const seconds =
    run.started !== undefined && run.ended !== undefined && run.ended >= run.started
      ? (run.ended - run.started) / 1000
      : undefined;
  return {
    tool: 'mlflow',
    id: run.id,
    name: run.name ?? run.tags.get('mlflow.runName'),
    group: run.experiment,
    purpose: 'train',
    status,
    reason: status === 'succeeded' ? null : `${run.status} in MLflow`,
    time: run.started ?? 0,
    seconds,
    actor: run.user ?? run.tags.get('mlflow.user'),
    commit: run.tags.get(COMMIT_TAG),
    dirty: undefined,
  };
}
