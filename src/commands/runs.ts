import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import { plural } from '../format.js';
import { allOf, fieldsOf, isThere, parseCondition } from '../history/condition.js';
import { placesOfField } from '../history/fields.js';
import type { History, HistoryQuery } from '../history/port.js';
import { readFirst, whyUnreadable } from '../history/read.js';
import type { AnyRecord } from '../history/record.js';
import type { Selection } from '../history/select.js';
import { isNewer } from '../history/upgrade.js';
import { type RunRecord, runRecord } from '../runs/record.js';
import type { World } from '../world.js';
import { defineVerb, type Outcome } from './command-line/verb.js';
import { chosenModels, openProject } from './project/project.js';
import { metricOf } from './records/run-fields.js';
import { RUN_FIELDS, runsCsv, runsTable } from './records/runs-text.js';

/** Runs that are held against their schema before they are shown; a longer list is not read as a whole. */
const CHECKED = 100;

export const runs = defineVerb(
  {
    name: 'runs',
    summary: 'list runs: filter, sort, table',
    description: [
      'Lists the runs of the history, newest first: id, time, status, commit and main metrics.',
      '`--where` keeps the runs that meet a condition: a field, one of `> >= < <= = != ~`, and a value, joined by `and`, `or`, `not` and parentheses. `~` looks for a text anywhere in the field, or for a regular expression: `branch ~ /^feature-/`. A field or value with spaces or signs in it is quoted. Repeated, all must be met. A run that has no such value meets no condition, nor its opposite.',
      'Fields are metric names (of everything, not of a slice; `roc_auc@test` names a split), `params.NAME`, `status`, `seed`, `seconds`, `model`, `purpose`, `branch`, `commit`, `actor`, and every other field of the record by its path: `environment.cpu.model`, `resources.peak_memory_bytes`, `data.adult.digest`, `trigger.event`.',
      '`--sort` takes the same fields; a leading `-` puts the highest first.',
      'A long history is read once: what was read is kept as an index in `.git/assay`, and only new folders are read again.',
    ].join('\n\n'),
    arguments: [],
    options: {
      model: { kind: 'text', description: 'only runs of this model', placeholder: 'MODEL' },
      limit: { kind: 'number', description: 'how many runs, 20 unless told', placeholder: 'N' },
      where: { kind: 'list', description: "a condition such as 'roc_auc > 0.9'", placeholder: 'CONDITION' },
      sort: {
        kind: 'text',
        description: 'a field to sort by, highest first with a leading -',
        placeholder: 'FIELD',
      },
      columns: {
        kind: 'text',
        description: 'the fields to show instead of the usual ones, separated by commas',
        placeholder: 'FIELD,…',
      },
      by: {
        kind: 'text',
        description: 'rank them by this metric, best first, each with its 95 % interval',
        placeholder: 'METRIC',
      },
      csv: { kind: 'flag', description: 'every metric and parameter as CSV instead of a table' },
    },
    outputs: { runs: 'ids of the listed runs, a JSON array', count: 'how many runs met the conditions' },
    examples: [
      { command: 'assay runs', explains: 'the last 20 runs of all models' },
      {
        command: "assay runs --model income --where 'roc_auc > 0.9' --sort -roc_auc",
        explains: 'the best runs of one model',
      },
      {
        command: "assay runs --where 'status = failed and (params.depth >= 8 or reason ~ memory)' --limit 5",
        explains: 'the last five that failed, deep ones or for want of memory',
      },
      {
        command: 'assay runs --sort -roc_auc --limit 10 --columns roc_auc,params.depth,seconds',
        explains: 'the ten best, and what made them',
      },
      {
        command: 'assay runs --model income --by roc_auc',
        explains: 'a leaderboard, with the interval of each run',
      },
      { command: 'assay runs --csv > runs.csv', explains: 'runs for a notebook or a spreadsheet' },
    ],
  },
  async (input, world) => {
    const conditions = input.options.where.map(parseCondition);
    const where = allOf(conditions);
    const order = orderOf(input.options.sort);
    const limit = readLimit(input.options.limit);
    const project = await openProject(world, input.config);
    const history = await project.history();
    const { model } = input.options;
    const all: HistoryQuery = {
      kind: 'run',
      ...(model !== undefined && { owner: model }),
      ...(where && { where }),
    };
    const query: HistoryQuery = { ...all, limit, ...(order && { order }) };
    if (input.options.by !== undefined) {
      warnOfUnknownFields(await history.select(all), [input.options.by], world);
      return ranked(history, all, { by: input.options.by, limit, world });
    }
    const selection = await history.select({ ...query, fields: 'all' });
    // A model that is no longer in the config may still have runs; a name without either is a mistake.
    if (model !== undefined && selection.total === 0) chosenModels(project, model);
    const columns = columnsOf(input.options.columns);
    const asked = [...conditions.flatMap(fieldsOf), ...(order ? [order.field] : []), ...(columns ?? [])];
    warnOfUnknownFields(selection, asked, world);
    const records = input.json || selection.rows.length <= CHECKED ? await history.list(query) : [];
    const unreadable = records.length > 0 ? unreadableRuns(records, world) : newerRuns(selection, world);
    return {
      exit: 0,
      json: input.json ? { count: selection.found, runs: records } : null,
      text: input.options.csv
        ? runsCsv(selection, columns)
        : runsTable(selection, { project, columns, unreadable }),
      outputs: {
        runs: JSON.stringify(selection.rows.map((run) => run.id)),
        count: String(selection.found),
      },
    };
  },
);

/** Metrics whose direction is looked at: the newest that say one decide. */
const DIRECTIONS_ASKED = 10;

/**
 * A leaderboard: ranked before it is cut, so that the best are never left out. All are ranked by the index; whole runs
 * are read of those that are shown.
 */
async function ranked(
  history: History,
  query: HistoryQuery,
  options: { readonly by: string; readonly limit: number; readonly world: World },
): Promise<Outcome> {
  const { by, limit, world } = options;
  const field = `metrics.${by}`;
  const { rows } = await history.select({ ...query, fields: ['model', field] });
  const models = new Set(rows.map((row) => String(row.get('model'))));
  if (models.size > 1) {
    throw new UserError('runs of several models are not ranked against each other', {
      mend: `--model ${[...models][0]}; models: ${[...models].join(', ')}`,
    });
  }
  const measured = rows.filter((row) => typeof row.get(field) === 'number');
  const best = await bestRuns(history, query, { field, by, limit: Math.min(limit, measured.length), world });
  const { rankRuns } = await import('../compare/leaderboard.js');
  const { leaderboardText } = await import('../report/leaderboard.js');
  const { varyingParams } = await import('./evaluation/compare-many.js');
  const board = rankRuns(best, (run) => metricOf(run, by));
  const runs = board.standings.map(({ run }) => run);
  const without = rows.length - measured.length;
  const text = leaderboardText({ metric: by, board, without, params: varyingParams(runs).slice(0, 4) });
  return {
    exit: 0,
    json: {
      count: measured.length,
      metric: by,
      direction: board.direction,
      runs: board.standings.map(({ rank, run, metric, interval, level }) => ({
        rank,
        value: metric.value,
        interval,
        level_with_best: level,
        run,
      })),
    },
    text:
      measured.length > runs.length
        ? `${text}\n${runs.length} of ${plural(measured.length, 'run')}; all: --limit ${measured.length}`
        : text,
    outputs: { runs: JSON.stringify(runs.map((run) => run.id)), count: String(measured.length) },
  };
}

async function bestRuns(
  history: History,
  query: HistoryQuery,
  options: {
    readonly field: string;
    readonly by: string;
    readonly limit: number;
    readonly world: World;
  },
): Promise<readonly RunRecord[]> {
  const { field, by, limit, world } = options;
  if (limit === 0) return [];
  const where = allOf([...(query.where ? [query.where] : []), isThere(field)]);
  const measured = { ...query, ...(where && { where }) };
  const newest = await readFirst(history, { ...measured, limit: DIRECTIONS_ASKED }, runRecord);
  const directions = newest.map((run) => metricOf(run, by)?.direction ?? 'none');
  const direction = directions.find((one) => one !== 'none') ?? 'none';
  const order = { field, descending: direction !== 'lower' };
  return readFirst(history, { ...measured, order, limit }, runRecord, {
    onUnreadable: (record, why) => world.terminal.warn(`run ${record.id} is left out: ${why}`),
  });
}

/** `--limit`, checked: a whole number above 0. */
export function readLimit(limit: number | undefined): number {
  if (limit === undefined) return 20;
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new UserError(`--limit needs a whole number above 0, not ${limit}`);
}

/** `--sort`: a field, the highest first with a leading `-`. */
function orderOf(sort: string | undefined): HistoryQuery['order'] {
  const field = sort?.replace(/^[-+]/, '').trim();
  if (sort === undefined) return undefined;
  if (!field) throw new UserError('--sort needs a field', { mend: 'the highest first: --sort=-roc_auc' });
  return { field, descending: sort.startsWith('-') };
}

function columnsOf(text: string | undefined): readonly string[] | undefined {
  const columns = text
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return columns?.length ? columns : undefined;
}

function warnOfUnknownFields(selection: Selection, asked: readonly string[], world: World): void {
  if (selection.total === 0) return;
  const names = selection.fields();
  const there = new Set(names);
  for (const field of new Set(asked)) {
    if (placesOfField(field).some((name) => there.has(name))) continue;
    const near = nearest(field, [...names.map((name) => name.replace(/^metrics\./, '')), ...RUN_FIELDS]);
    world.terminal.warn(`no run has ${JSON.stringify(field)}${near ? `; did you mean ${near}?` : ''}`);
  }
}

/** Of a list too long to be read whole, those that the index knows to be of a newer Assay. */
function newerRuns({ rows }: Selection, world: World): ReadonlySet<string> {
  const newer = rows.filter((row) => isNewer({ schema: String(row.get('schema')) }));
  if (newer.length > 0) {
    world.terminal.warn(
      `${plural(newer.length, 'run')} of a newer version of Assay, shown with what is known of them`,
    );
  }
  return new Set(newer.map((row) => row.id));
}

/** Runs that a newer Assay wrote, or that were changed by hand: told, and shown with what is known of them. */
function unreadableRuns(records: readonly AnyRecord[], world: World): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const record of records) {
    const result = runRecord.safeParse(record);
    if (result.success) continue;
    ids.add(record.id);
    world.terminal.warn(`run ${record.id} cannot be read: ${whyUnreadable(record, result.error)}`);
  }
  return ids;
}
