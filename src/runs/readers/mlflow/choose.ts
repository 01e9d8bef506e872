import { UserError } from '../../../errors.js';
import { plural } from '../../../format.js';
import type { ReadOptions } from '../reader.js';
import type { MlflowHead, MlflowStore } from './run.js';

/** Which run of a store is meant. */
export interface Chosen {
  /** More than one when they repeat one another is for the caller to see; newest first. */
  readonly runs: readonly MlflowHead[];
  readonly notes: readonly string[];
}

/**
 * By id, or else the runs that were written since, those at the top of their nesting that finished. Throws UserError when
 * there is none, with what there is instead.
 */
export async function chooseRuns(store: MlflowStore, options: ReadOptions): Promise<Chosen> {
  const heads = (await store.heads()).filter(({ deleted }) => !deleted).sort(newestFirst);
  if (heads.length === 0) throw new UserError(`${store.path} is a store of MLflow without a run`);
  if (options.run !== undefined) return { runs: [byId(heads, { store, id: options.run })], notes: [] };
  const fresh: MlflowHead[] = [];
  for (const head of heads) if (await isFresh(head, store, options.since)) fresh.push(head);
  if (fresh.length === 0) {
    throw new UserError(
      `${store.path} has ${plural(heads.length, 'run')}, and none of them was written by this run`,
      {
        mend: `name one by its id: ${store.path}#${heads[0]?.id}`,
      },
    );
  }
  const tops = await topsOf(fresh, store);
  const finished = tops.filter(({ status }) => status === 'FINISHED');
  if (finished.length > 0) return { runs: finished, notes: [] };
  const [newest] = tops;
  if (newest && (newest.status === 'RUNNING' || newest.status === 'SCHEDULED')) {
    return {
      runs: [newest],
      notes: [`the MLflow run ${newest.id} has not ended: mlflow.end_run() was not called`],
    };
  }
  throw new UserError(
    `the MLflow run ${newest?.id} of ${store.path} is ${newest?.status}: its metrics are not those of a whole training`,
    {
      mend: `to read it all the same, name it: ${store.path}#${newest?.id}`,
    },
  );
}

function newestFirst(a: MlflowHead, b: MlflowHead): number {
  return (b.started ?? 0) - (a.started ?? 0) || (a.id < b.id ? -1 : 1);
}

function byId(
  heads: readonly MlflowHead[],
  of: { readonly store: MlflowStore; readonly id: string },
): MlflowHead {
  const found = heads.filter(({ id }) => id.startsWith(of.id));
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new UserError(
    only
      ? `${of.store.path} has ${found.length} runs whose id begins with ${of.id}`
      : `there is no run ${of.id} in ${of.store.path}`,
    { mend: `the newest there is: ${heads[0]?.id}` },
  );
}

/** When its files were written is certain; the times in a database are the client's, who may give any. */
async function isFresh(head: MlflowHead, store: MlflowStore, since: number | undefined): Promise<boolean> {
  if (since === undefined) return true;
  if (store.modified) return ((await store.modified(head.id)) ?? 0) > since;
  return (head.started ?? 0) > since || (head.ended ?? 0) > since;
}

/** Runs inside another that is there too are part of it. */
async function topsOf(fresh: readonly MlflowHead[], store: MlflowStore): Promise<readonly MlflowHead[]> {
  const ids = new Set(fresh.map(({ id }) => id));
  const parents = await store.parents();
  const tops = fresh.filter(({ id }) => !ids.has(parents.get(id) ?? ''));
  return tops.length > 0 ? tops : fresh;
}
