import type { SourceDatabase, SqlValue } from '../../ports.js';
import { knownStage } from './file-store.js';
import type {
  MlflowHead,
  MlflowModelVersion,
  MlflowPoint,
  MlflowRun,
  MlflowStatus,
  MlflowStore,
} from './run.js';
import { PARENT_TAG } from './run.js';

/** The database of MLflow 1 to 3 (SQLite): runs, params, tags, metrics, registered models. */

export function isMlflowDatabase({ tables }: SourceDatabase): boolean {
  return ['experiments', 'runs', 'metrics', 'params', 'tags'].every((table) => tables.has(table));
}

/** @param database is the caller's to close, after the last promise of the store is settled */
export function databaseStore(database: SourceDatabase, path: string): MlflowStore {
  return {
    path,
    heads: async () => [...database.rows(HEADS)].map(headOf),
    runs: async (heads) => runsOf(database, heads),
    parents: async () =>
      new Map(
        [...database.rows('select run_uuid, value from tags where key = ?', [PARENT_TAG])].map(
          ([run, parent]) => [text(run), text(parent)],
        ),
      ),
    versions: async () => versionsOf(database),
  };
}

const HEADS = `select r.run_uuid, e.name, r.name, r.status, r.start_time, r.end_time, r.user_id, r.lifecycle_stage
  from runs r left join experiments e on e.experiment_id = r.experiment_id order by r.start_time, r.run_uuid`;

function headOf(row: readonly SqlValue[]): MlflowHead {
  const [id, experiment, name, status, started, ended, user, stage] = row;
  return {
    id: text(id),
    experiment: text(experiment),
    name: text(name) || undefined,
    status: STATUSES.find((known) => known === status) ?? 'RUNNING',
    started: number(started),
    ended: number(ended),
    user: text(user) || undefined,
    deleted: stage === 'deleted',
  };
}

const STATUSES: readonly MlflowStatus[] = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];

/** Few runs are asked for by id, all of them with one sweep over each table. */
function runsOf(database: SourceDatabase, heads: readonly MlflowHead[]): readonly MlflowRun[] {
  const runs = new Map(
    heads.map((head) => [
      head.id,
      {
        ...head,
        params: new Map<string, string>(),
        tags: new Map<string, string>(),
        metrics: new Map<string, MlflowPoint[]>(),
      },
    ]),
  );
  const ids = [...runs.keys()];
  const some = ids.length <= 50;
  const where = some ? ` where run_uuid in (${ids.map(() => '?').join(', ')})` : '';
  const rows = (columns: string, table: string): Iterable<readonly SqlValue[]> =>
    database.rows(
      `select run_uuid, key, ${columns} from ${table}${where} order by run_uuid, key`,
      some ? ids : [],
    );
  for (const [id, key, value] of rows('value', 'params'))
    runs.get(text(id))?.params.set(text(key), text(value));
  for (const [id, key, value] of rows('value', 'tags')) runs.get(text(id))?.tags.set(text(key), text(value));
  for (const [id, key, value, step, time, isNan] of rows('value, step, timestamp, is_nan', 'metrics')) {
    const metrics = runs.get(text(id))?.metrics;
    if (!metrics) continue;
    const points = metrics.get(text(key)) ?? [];
    metrics.set(text(key), points);
    points.push({ step: number(step) ?? 0, value: numberIn(value, isNan), time: number(time) ?? 0 });
  }
  return [...runs.values()];
}

/** NaN is a flag beside 0; an infinity is the largest double. */
function numberIn(value: SqlValue | undefined, isNan: SqlValue | undefined): number {
  if (Number(isNan) === 1) return Number.NaN;
  const found = number(value) ?? Number.NaN;
  if (found === Number.MAX_VALUE) return Number.POSITIVE_INFINITY;
  return found === -Number.MAX_VALUE ? Number.NEGATIVE_INFINITY : found;
}

function versionsOf(database: SourceDatabase): readonly MlflowModelVersion[] {
  if (!database.tables.has('model_versions')) return [];
  const aliases = database.tables.has('registered_model_aliases')
    ? [...database.rows('select name, version, alias from registered_model_aliases order by alias')]
    : [];
  return [
    ...database.rows(
      'select name, version, run_id, current_stage from model_versions order by name, version',
    ),
  ].map(([model, version, run, stage]) => ({
    model: text(model),
    version: text(version),
    run: text(run) || undefined,
    stage: knownStage(text(stage)),
    aliases: aliases
      .filter(([name, of]) => name === model && text(of) === text(version))
      .map(([, , alias]) => text(alias)),
  }));
}

function text(value: SqlValue | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}

function number(value: SqlValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
