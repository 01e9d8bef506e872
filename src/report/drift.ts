import type { DriftColumn, DriftContent } from '../data/drift/record.js';
import { formatNumber, plural } from '../format.js';
import { markdownCell, markdownText, terminalText } from './escape.js';
import { textTable } from './table.js';

/** A comparison of two datasets for people: on a terminal and as markdown. */

const ORDER: Readonly<Record<DriftColumn['verdict'], number>> = {
  drift: 0,
  'cannot tell': 1,
  'no drift': 2,
  'not tested': 3,
};

/** Drifted columns first, the surest of them first. */
export function sortedColumns(columns: readonly DriftColumn[]): readonly DriftColumn[] {
  const p = ({ decided_by }: DriftColumn) => decided_by?.adjusted_p ?? 1;
  return [...columns].sort((x, y) => ORDER[x.verdict] - ORDER[y.verdict] || p(x) - p(y));
}

export function driftHeadline(record: DriftContent): string {
  const { reference, current } = record;
  const of = (side: DriftContent['reference']) =>
    `${side.name} (${plural(side.rows, 'row')}${side.from === 'profile' ? ', profile' : ''})`;
  return `${record.verdict}: ${record.reason}; ${of(current)} against ${of(reference)}`;
}

export function driftText(record: DriftContent): string {
  const table = textTable({
    columns: [
      { title: 'column' },
      { title: 'verdict' },
      { title: 'Wasserstein', align: 'right' },
      { title: 'JS', align: 'right' },
      { title: 'PSI', align: 'right' },
      { title: 'why' },
    ],
    rows: sortedColumns(record.columns).map((column) => [
      column.name,
      column.verdict,
      ...effectCells(column),
      column.reason,
    ]),
  });
  const notes = remarks(record);
  return [
    terminalText(driftHeadline(record)),
    '',
    ...(record.columns.length > 0 ? [table] : []),
    ...(notes.length > 0 ? [''] : []),
    ...notes.map((note) => terminalText(note)),
  ].join('\n');
}

export function driftMarkdown(record: DriftContent): string {
  const mark = { drift: '⚠️', 'cannot tell': '❔', 'no drift': '✅', 'not tested': '' };
  const row = (column: DriftColumn) => {
    const cells = [column.name, column.verdict, ...effectCells(column), column.reason];
    return `| ${mark[column.verdict]} | ${cells.map((cell) => markdownCell(cell, 300)).join(' | ')} |`;
  };
  return [
    `## ${mark[record.verdict]} ${markdownText(record.dataset)}: ${markdownText(driftHeadline(record))}`,
    '',
    '| | column | verdict | Wasserstein | JS | PSI | why |',
    '|---|---|---|---:|---:|---:|---|',
    ...sortedColumns(record.columns).map(row),
    '',
    ...remarks(record).map((note) => `* ${markdownText(note)}`),
    '',
  ].join('\n');
}

export function effectCells({ effects }: DriftColumn): readonly string[] {
  const { wasserstein, jensen_shannon, psi } = effects;
  return [wasserstein, jensen_shannon, psi].map((value) => (value === null ? '' : formatNumber(value, 2)));
}

/** What is not about one tested column. */
export function remarks(record: DriftContent): readonly string[] {
  const { added, removed, retyped } = record.schema_changes;
  const named = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');
  const joint = record.classifier;
  const used = joint?.columns.map(({ name, share }) => `${name} ${formatNumber(100 * share, 2)}%`).join(', ');
  const losses = new Map<string, number>();
  for (const { notes, verdict } of record.columns) {
    if (verdict === 'not tested' || verdict === 'cannot tell') continue;
    for (const note of notes) losses.set(note, (losses.get(note) ?? 0) + 1);
  }
  return [
    ...(removed.length > 0 ? [`gone: ${named(removed)}`] : []),
    ...retyped.map(
      ({ name, reference, current }) => `${JSON.stringify(name)} was ${reference} and is ${current}`,
    ),
    ...(added.length > 0 ? [`new: ${named(added)}`] : []),
    ...(joint?.drift && used ? [`the classifier told them apart by: ${used}`] : []),
    ...(record.classifier_left_out === null ? [] : [`no classifier: ${record.classifier_left_out}`]),
    ...[...losses].map(([note, columns]) => `${plural(columns, 'column')}: ${note}`),
  ];
}
