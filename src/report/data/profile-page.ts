import type { ProfileContent } from '../../data/profile/record.js';
import { formatNumber, plural } from '../../format.js';
import { htmlText } from '../escape.js';
import { describeColumn, profileHeadline, shareText } from '../profile.js';
import { type CardOptions, columnCard } from './column-card.js';
import { cell, dataPage, nameCell, note, type Part, tableOf } from './page.js';

/** A profile as one self-contained page. */
export function profilePage(profile: ProfileContent, options: { readonly version: string }): string {
  return dataPage({
    title: `${profile.dataset}: profile`,
    articles: [
      {
        title: `${profile.dataset}: profile`,
        chip: null,
        lead: `${htmlText(profileHeadline(profile))}. Source <code>${htmlText(profile.source, 300)}</code>, SHA-256 <code>${htmlText(profile.digest.slice(0, 12))}</code>.`,
        parts: [overview(profile), columnsPart(profile), correlations(profile)],
      },
    ],
    version: options.version,
    footer: 'Every number is exact, over all rows.',
  });
}

function overview(profile: ProfileContent): Part {
  const rows = profile.columns.map((column) => [
    nameCell(column.name),
    cell(column.type),
    cell(shareText(column.missing, profile.rows), 'number'),
    cell(column.distinct.toLocaleString('en-US'), 'number'),
    cell(describeColumn(column), 'words'),
  ]);
  const head = [
    { title: 'column' },
    { title: 'type' },
    { title: 'missing', number: true },
    { title: 'distinct', number: true },
    { title: 'in short' },
  ];
  return { id: 'overview', title: 'Overview', body: tableOf(head, rows) };
}

/** More pictures than this make a page that no browser likes. */
const MOST_CARDS = 300;

export function columnsPart(
  profile: ProfileContent,
  more: (name: string) => Omit<CardOptions, 'rows'> = () => ({}),
): Part {
  const shown = profile.columns.slice(0, MOST_CARDS);
  const cards = shown.map((column) => columnCard(column, { rows: profile.rows, ...more(column.name) }));
  const left = profile.columns.length - shown.length;
  return {
    id: 'columns',
    title: 'Columns',
    body: `${left > 0 ? note(`The first ${MOST_CARDS} columns; the record of the profile has all ${profile.columns.length}.`) : ''}<div class="columns">${cards.join('')}</div>`,
  };
}

const MOST_CORRELATIONS = 30;

function correlations({ correlations: { top, pairs } }: ProfileContent): Part {
  const shown = top.slice(0, MOST_CORRELATIONS);
  const rows = shown.map(({ a, b, r, rows: both }) => [
    `<th scope="row"><code>${htmlText(a, 80)}</code> and <code>${htmlText(b, 80)}</code></th>`,
    cell(formatNumber(r, 3), 'number'),
    cell(both.toLocaleString('en-US'), 'number'),
  ]);
  const head = [
    { title: 'columns' },
    { title: "Pearson's r", number: true },
    { title: 'rows', number: true },
  ];
  return {
    id: 'correlations',
    title: 'Correlations',
    body:
      rows.length === 0
        ? ''
        : `${note(`The strongest ${shown.length} of ${plural(pairs, 'pair')}.`)}${tableOf(head, rows)}`,
  };
}
