import { formatNumber, plural, shortCommit } from '../../format.js';
import type { FieldValue } from '../../history/condition.js';
import type { Row, Selection } from '../../history/select.js';
import { terminalText } from '../../report/escape.js';
import { textTable } from '../../report/table.js';
import type { Project } from '../project/project.js';

/** Runs as a table and as CSV. */

/** Fields of a run that are neither metrics nor parameters, in the order of the CSV. */
export const RUN_FIELDS = [
  'id',
  'time',
  'model',
  'status',
  'purpose',
  'seed',
  'seconds',
  'commit',
  'branch',
  'actor',
] as const;

/** Metrics shown in the table; `--csv` has all. */
const METRIC_COLUMNS = 4;

export function runsTable(
  selection: Selection,
  options: {
    readonly project: Project;
    readonly columns: readonly string[] | undefined;
    /** Ids of those that are not what a run should be. */
    readonly unreadable: ReadonlySet<string>;
  },
): string {
  const { rows, total, found } = selection;
  if (total === 0) return 'There are no runs yet; the first is made by: assay train';
  if (rows.length === 0) return `None of ${plural(total, 'run')} meets the conditions.`;
  const names = metricNames(selection, options.project);
  const shown = options.columns ?? names.slice(0, METRIC_COLUMNS).map((name) => `metrics.${name}`);
  const isNumber = (field: string) => rows.some((row) => typeof row.get(field) === 'number');
  const table = textTable({
    columns: [
      { title: 'run' },
      { title: 'time (UTC)' },
      { title: 'model' },
      { title: 'status' },
      { title: 'commit' },
      ...shown.map((field) => ({
        title: field.replace(/^metrics\./, ''),
        ...(!options.columns || isNumber(field) ? { align: 'right' as const } : {}),
      })),
    ],
    rows: rows.map((row) => [
      row.id,
      String(row.get('time')).slice(0, 16).replace('T', ' '),
      text(row.get('model')),
      options.unreadable.has(row.id) ? 'not readable' : text(row.get('status')),
      commitCell(row),
      ...shown.map((field) => cell(row.get(field))),
    ]),
  });
  const remarks: string[] = [];
  if (rows.length < found) remarks.push(`${rows.length} of ${plural(found, 'run')}; all: --limit ${found}`);
  if (!options.columns && names.length > shown.length) {
    remarks.push(`${plural(names.length - shown.length, 'more metric')}: --csv, or assay show ID`);
  }
  if (rows.some((row) => row.get('dirty') === true)) {
    remarks.push('+ the code had changes that were not committed');
  }
  return [table, ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n');
}

/** The metrics that assay.yml has rules for come first, then in the order of the runs. */
function metricNames({ rows, fields }: Selection, project: Project): readonly string[] {
  const known = fields().flatMap((name) => /^metrics\.([^@]+)$/.exec(name)?.[1] ?? []);
  const measured = new Set(
    rows.flatMap((row) => known.filter((name) => row.get(`metrics.${name}`) !== undefined)),
  );
  const ruled = [...new Set(rows.map((row) => text(row.get('model'))))].flatMap((model) =>
    Object.keys(project.config.models[model]?.metrics.rules ?? {}),
  );
  return [...new Set([...ruled.filter((name) => measured.has(name)), ...measured])];
}

function commitCell(row: Row): string {
  const commit = row.get('code.commit') ?? row.get('commit');
  if (typeof commit !== 'string') return '-';
  return `${shortCommit(commit)}${row.get('dirty') === true ? '+' : ''}`;
}

/** A metric that is null was none; a field that is not there is left empty. */
function cell(value: FieldValue): string {
  if (value === undefined) return '';
  if (value === null) return 'none';
  return typeof value === 'number' ? formatNumber(value) : String(value);
}

function text(value: FieldValue): string {
  return value === null || value === undefined ? '' : String(value);
}

/** Every parameter and metric of the shown runs, or the fields that were asked for. */
export function runsCsv({ rows, fields }: Selection, columns: readonly string[] | undefined): string {
  const names = fields().filter((name) => rows.some((row) => row.get(name) !== undefined));
  const params = names.filter((name) => name.startsWith('params.'));
  // By split where there is one: the name alone repeats one of them.
  const metrics = names.filter((name) => name.startsWith('metrics.'));
  const isRepeated = (name: string) => metrics.some((other) => other.startsWith(`${name}@`));
  const all = [...RUN_FIELDS, ...params, ...metrics.filter((name) => !isRepeated(name))];
  const chosen = columns ?? all;
  const header = chosen.map((name) => (columns ? name : name.replace(/^metrics\./, '')));
  const lines = rows.map((row) => chosen.map((name) => row.get(name)));
  return [header, ...lines].map((line) => line.map(csvCell).join(',')).join('\n');
}

function csvCell(value: FieldValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const safe = terminalText(String(value));
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
