import type { DriftColumn, DriftContent } from '../../data/drift/record.js';
import { formatNumber, plural } from '../../format.js';
import { driftHeadline, effectCells, remarks, sortedColumns } from '../drift.js';
import { htmlText } from '../escape.js';
import { edgeTexts, histogram, intervals, legend, namedBars, timeTexts } from './bars.js';
import { cell, chipOf, dataPage, nameCell, note, type Part, type Tone, tableOf } from './page.js';

const TONES: Readonly<Record<DriftColumn['verdict'], Tone>> = {
  drift: 'bad',
  'cannot tell': 'unsure',
  'no drift': 'good',
  'not tested': 'even',
};

/** A comparison of two datasets as one self-contained page: both distributions of every column, and which number decided. */
export function driftPage(record: DriftContent, options: { readonly version: string }): string {
  return dataPage({
    title: `${record.dataset}: ${record.verdict}`,
    articles: [
      {
        title: record.dataset,
        chip: { text: record.verdict, tone: TONES[record.verdict] },
        lead: `${htmlText(driftHeadline(record))}.`,
        parts: [verdicts(record), pictures(record), tests(record)],
      },
    ],
    version: options.version,
    footer: `At most ${formatNumber(100 * (record.alpha.columns + record.alpha.classifier), 3)}% of comparisons of equal data call it drift.`,
  });
}

function verdicts(record: DriftContent): Part {
  const rows = sortedColumns(record.columns).map((column) => [
    nameCell(column.name),
    `<td>${chipOf(column.verdict, TONES[column.verdict])}</td>`,
    ...effectCells(column).map((effect) => cell(effect, 'number')),
    cell(column.reason, 'words'),
  ]);
  const notes = remarks(record).map((text) => `<li>${htmlText(text, 600)}</li>`);
  const head = [
    { title: 'column' },
    { title: 'verdict' },
    { title: 'Wasserstein', number: true },
    { title: 'JS', number: true },
    { title: 'PSI', number: true },
    { title: 'why' },
  ];
  return {
    id: 'verdicts',
    title: 'Verdicts',
    body: `${tableOf(head, rows)}${notes.length > 0 ? `<ul>${notes.join('')}</ul>` : ''}`,
  };
}

const MOST_CARDS = 300;

function pictures(record: DriftContent): Part {
  const shown = sortedColumns(record.columns)
    .filter(({ picture }) => picture !== null)
    .slice(0, MOST_CARDS);
  const names = [`reference (${record.reference.name})`, `current (${record.current.name})`];
  return {
    id: 'distributions',
    title: 'Distributions',
    body:
      shown.length === 0
        ? ''
        : `${note('Shares of the rows on each side, over the same bars.')}${legend(names)}<div class="columns">${shown.map(card).join('')}</div>`,
  };
}

function card(column: DriftColumn): string {
  return `<div class="column${column.verdict === 'drift' ? ' fails' : ''}"><h3><code>${htmlText(column.name, 120)}</code>${chipOf(column.verdict, TONES[column.verdict])}</h3>${pictureOf(column)}<p class="small">${htmlText(column.reason, 400)}</p></div>`;
}

function pictureOf({ name, kind, picture }: DriftColumn): string {
  if (!picture) return '';
  const outside = 'outside' in picture ? picture.outside : { reference: 0, current: 0 };
  const shares = (side: 'reference' | 'current') => {
    const total = picture[side].reduce((sum, count) => sum + count, 0) + outside[side];
    return picture[side].map((count) => (total > 0 ? count / total : 0));
  };
  const common = {
    title: `Distribution of ${name}`,
    series: [
      { name: 'reference', values: shares('reference') },
      { name: 'current', values: shares('current') },
    ],
    say: (share: number) => `${formatNumber(100 * share, share < 0.1 ? 2 : 3)}%`,
  };
  if ('labels' in picture)
    return namedBars({ ...common, labels: picture.labels.map((text) => text || '(empty)') });
  const edges = kind === 'times' ? timeTexts(picture.edges) : edgeTexts(picture.edges);
  return histogram({ ...common, labels: intervals(edges), edges });
}

/** Every test that was made, with its number and the floor of its effect. */
function tests(record: DriftContent): Part {
  const rows = sortedColumns(record.columns).flatMap((column) =>
    column.tests.map((test) => {
      const decided = column.decided_by?.of === test.of && column.decided_by.test === test.test;
      return [
        nameCell(column.name),
        cell(test.of),
        cell(test.test),
        cell(test.statistic === null ? '' : formatNumber(test.statistic, 4), 'number'),
        cell(formatNumber(test.p, 3), 'number'),
        cell(
          `${test.effect.name.replace('_', ' ')} ${formatNumber(test.effect.value, 3)} (floor ${formatNumber(test.effect.floor, 3)})`,
        ),
        `<td>${decided ? chipOf('decided', 'even') : ''}</td>`,
      ];
    }),
  );
  const head = [
    { title: 'column' },
    { title: 'of' },
    { title: 'test' },
    { title: 'statistic', number: true },
    { title: 'p', number: true },
    { title: 'effect' },
    { title: '' },
  ];
  return {
    id: 'tests',
    title: 'Tests',
    body:
      rows.length === 0
        ? ''
        : `<details><summary>${plural(rows.length, 'test')}, before the correction for their number</summary>${tableOf(head, rows)}</details>`,
  };
}
