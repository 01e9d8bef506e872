import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import { formatNumber, plural, shortCommit } from '../format.js';
import { type Condition, type FieldValue, meets, parseCondition, sortedBy } from '../history/condition.js';
import { readRecords } from '../history/read.js';
import type { Metric } from '../metrics/metric.js';
import { terminalText } from '../report/escape.js';
import { textTable } from '../report/table.js';
import { type RunRecord, runRecord } from '../runs/record.js';
import type { World } from '../world.js';
import { overallMetrics } from './known-record.js';
import { chosenModels, openProject, type Project } from './project.js';
import { FIELDS, fieldOf, flatParams, metricLabel, metricOf, paramOf } from './run-fields.js';
import { defineVerb, type Outcome } from './verb.js';

/** Metrics shown in the table; `--csv` has all. */
const METRIC_COLUMNS = 4;

export const runs = defineVerb(
  {
    name: 'runs',
    summary: 'list runs: filter, sort, table',
    description: [
      'Lists the runs of the history, newest first: id, time, status, commit and main metrics.',
      '`--where` keeps the runs that meet a condition: a field, one of `> >= < <= = !=`, and a value. Fields are metric names (of everything, not of a slice; `roc_auc@test` names a split), `params.NAME`, `status`, `seed`, `seconds`, `model`, `purpose`, `branch`, `commit` and `actor`. Repeated, all must be met. A run that has no such value meets no condition.',
      '`--sort` takes the same fields; a leading `-` puts the highest first.',
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
        command: "assay runs --where 'status = failed' --where 'params.depth >= 8' --limit 5",
        explains: 'the last five deep models that failed',
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
    const limit = readLimit(input.options.limit);
    const project = await openProject(world, input.config);
    const all = await readRuns(project, world, input.options.model);
    warnOfUnknownFields(all, [...conditions.map(({ field }) => field), sortField(input.options.sort)], world);
    const found = sortRuns(
      all.filter((run) => conditions.every((condition) => meetsCondition(run, condition))),
      input.options.sort,
    );
    if (input.options.by !== undefined) return ranked(found, { by: input.options.by, limit, world });
    const shown = found.slice(0, limit);
    return {
      exit: 0,
      json: { count: found.length, runs: shown },
      text: input.options.csv
        ? toCsv(shown)
        : toText(shown, { project, all: all.length, found: found.length }),
      outputs: { runs: JSON.stringify(shown.map((run) => run.id)), count: String(found.length) },
    };
  },
);

/** A leaderboard: ranked before it is cut, so that the best are never left out. */
async function ranked(
  found: readonly RunRecord[],
  options: { readonly by: string; readonly limit: number; readonly world: World },
): Promise<Outcome> {
  const { by, limit, world } = options;
  const models = new Set(found.map((run) => run.model));
  if (models.size > 1) {
    throw new UserError('runs of several models are not ranked against each other', {
      mend: `--model ${[...models][0]}; models: ${[...models].join(', ')}`,
    });
  }
  warnOfUnknownFields(found, [by], world);
  const { rankRuns } = await import('../compare/leaderboard.js');
  const { leaderboardText } = await import('../report/leaderboard.js');
  const { varyingParams } = await import('./compare-many.js');
  const all = rankRuns(found, (run) => metricOf(run, by));
  const board = { ...all, standings: all.standings.slice(0, limit) };
  const runs = board.standings.map(({ run }) => run);
  const text = leaderboardText({ metric: by, board, params: varyingParams(runs).slice(0, 4) });
  const more = all.standings.length - runs.length;
  return {
    exit: 0,
    json: {
      count: all.standings.length,
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
      more > 0
        ? `${text}\n${runs.length} of ${plural(all.standings.length, 'run')}; all: --limit ${all.standings.length}`
        : text,
    outputs: { runs: JSON.stringify(runs.map((run) => run.id)), count: String(all.standings.length) },
  };
}

/** `--limit`, checked: a whole number above 0. */
export function readLimit(limit: number | undefined): number {
  if (limit === undefined) return 20;
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new UserError(`--limit needs a whole number above 0, not ${limit}`);
}

async function readRuns(
  project: Project,
  world: World,
  model: string | undefined,
): Promise<readonly RunRecord[]> {
  const history = await project.history();
  const query = { kind: 'run', ...(model !== undefined && { owner: model }) } as const;
  const found = await readRecords(history, query, runRecord, {
    onUnreadable: (record, why) => world.terminal.warn(`run ${record.id} is left out: ${why}`),
  });
  // A model that is no longer in the config may still have runs; a name without either is a mistake.
  if (model !== undefined && found.length === 0) chosenModels(project, model);
  return found;
}

function meetsCondition(run: RunRecord, condition: Condition): boolean {
  return meets(fieldOf(run, condition.field), condition);
}

function sortField(sort: string | undefined): string | undefined {
  return sort?.replace(/^[-+]/, '');
}

function sortRuns(found: readonly RunRecord[], sort: string | undefined): readonly RunRecord[] {
  const field = sortField(sort);
  if (sort === undefined || field === undefined) return found;
  return sortedBy(found, { value: (run) => fieldOf(run, field), descending: sort.startsWith('-') });
}

function warnOfUnknownFields(
  all: readonly RunRecord[],
  fields: readonly (string | undefined)[],
  world: World,
): void {
  if (all.length === 0) return;
  for (const field of new Set(fields)) {
    if (field === undefined || all.some((run) => fieldOf(run, field) !== undefined)) continue;
    const known = all.flatMap((run) => [
      ...run.metrics.map((metric) => metric.name),
      ...[...flatParams(run.params).keys()].map((name) => `params.${name}`),
    ]);
    const near = nearest(field, [...new Set([...known, ...Object.keys(FIELDS)])]);
    world.terminal.warn(`no run has ${JSON.stringify(field)}${near ? `; did you mean ${near}?` : ''}`);
  }
}

/** The metrics that assay.yml has rules for come first, then in the order of the runs. */
function metricNames(shown: readonly RunRecord[], project: Project): readonly string[] {
  const measured = new Set(shown.flatMap((run) => overallMetrics(run.metrics).map((metric) => metric.name)));
  const ruled = [...new Set(shown.map((run) => run.model))].flatMap((model) =>
    Object.keys(project.config.models[model]?.metrics.rules ?? {}),
  );
  return [...new Set([...ruled.filter((name) => measured.has(name)), ...measured])];
}

function toText(
  shown: readonly RunRecord[],
  context: { readonly project: Project; readonly all: number; readonly found: number },
): string {
  if (context.all === 0) return 'There are no runs yet; the first is made by: assay train';
  if (shown.length === 0) return `None of ${plural(context.all, 'run')} meets the conditions.`;
  const names = metricNames(shown, context.project);
  const columns = names.slice(0, METRIC_COLUMNS);
  const table = textTable({
    columns: [
      { title: 'run' },
      { title: 'time (UTC)' },
      { title: 'model' },
      { title: 'status' },
      { title: 'commit' },
      ...columns.map((title) => ({ title, align: 'right' as const })),
    ],
    rows: shown.map((run) => [
      run.id,
      run.time.slice(0, 16).replace('T', ' '),
      run.model,
      run.status,
      run.code.commit === null ? '-' : `${shortCommit(run.code.commit)}${run.code.dirty ? '+' : ''}`,
      ...columns.map((name) => cell(metricOf(run, name))),
    ]),
  });
  const remarks: string[] = [];
  if (shown.length < context.found) {
    remarks.push(`${shown.length} of ${plural(context.found, 'run')}; all: --limit ${context.found}`);
  }
  if (names.length > columns.length) {
    remarks.push(`${plural(names.length - columns.length, 'more metric')}: --csv, or assay show ID`);
  }
  if (shown.some((run) => run.code.dirty)) remarks.push('+ the code had changes that were not committed');
  return [table, ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n');
}

function cell(metric: Metric | undefined): string {
  if (!metric) return '';
  return metric.value === null ? 'none' : formatNumber(metric.value);
}

function toCsv(shown: readonly RunRecord[]): string {
  const fields = Object.keys(FIELDS);
  const params = [...new Set(shown.flatMap((run) => [...flatParams(run.params).keys()]))];
  const metrics = [...new Set(shown.flatMap((run) => overallMetrics(run.metrics).map(metricLabel)))];
  const rows = shown.map((run) => [
    ...fields.map((field) => FIELDS[field]?.(run)),
    ...params.map((name) => paramOf(run, name)),
    ...metrics.map(
      (name) => overallMetrics(run.metrics).find((metric) => metricLabel(metric) === name)?.value,
    ),
  ]);
  const header = [...fields, ...params.map((name) => `params.${name}`), ...metrics];
  return [header, ...rows].map((row) => row.map(csvCell).join(',')).join('\n');
}

function csvCell(value: FieldValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = terminalText(String(value));
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
