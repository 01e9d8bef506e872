import { htmlText } from '../escape.js';
import { htmlPage } from '../page/frame.js';
import { DATA_STYLE } from './style.js';

/** What the pages about data have in common. Texts come in as HTML, escaped by who makes them. */

export type Tone = 'good' | 'bad' | 'unsure' | 'even';

export interface Part {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

export interface Article {
  /** Plain text. */
  readonly title: string;
  readonly chip: { readonly text: string; readonly tone: Tone } | null;
  readonly lead: string;
  /** Those without a body are left out. */
  readonly parts: readonly Part[];
}

export function dataPage(page: {
  readonly title: string;
  readonly articles: readonly Article[];
  readonly version: string;
  readonly footer: string;
}): string {
  return htmlPage({
    title: page.title,
    style: DATA_STYLE,
    body: `<a class="skip" href="#content">To the content</a>
${page.articles.map(article).join('\n')}
<footer>Assay ${htmlText(page.version, 40)}. ${page.footer} Nothing is loaded from elsewhere, and no script runs.</footer>`,
  });
}

function article({ title, chip, lead, parts }: Article, at: number): string {
  const shown = parts
    .filter(({ body }) => body !== '')
    .map((part) => ({ ...part, id: at === 0 ? part.id : `${part.id}-${at + 1}` }));
  const nav = shown.map((part) => `<li><a href="#${part.id}">${part.title}</a></li>`);
  return `<article>
<header><h1>${htmlText(title, 200)}${chip ? ` ${chipOf(chip.text, chip.tone)}` : ''}</h1>
<p class="lead">${lead}</p></header>
${nav.length > 1 ? `<nav aria-label="Parts of this page"><ul>${nav.join('')}</ul></nav>` : ''}
<main${at === 0 ? ' id="content"' : ''}>
${shown.map(({ id, title: name, body }) => `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>${body}</section>`).join('\n')}
</main>
</article>`;
}

export function chipOf(text: string, tone: Tone): string {
  return `<span class="chip ${tone}">${htmlText(text, 60)}</span>`;
}

export function note(text: string): string {
  return `<p class="note">${text}</p>`;
}

export interface HeadCell {
  readonly title: string;
  readonly number?: boolean;
}

/** The first cell of each row is its name; cells are whole `<td>` or `<th>` elements. */
export function tableOf(head: readonly HeadCell[], rows: readonly (readonly string[])[]): string {
  const cells = head.map(
    ({ title, number }) => `<th scope="col"${number ? ' class="number"' : ''}>${title}</th>`,
  );
  return `<div class="table" tabindex="0"><table><thead><tr>${cells.join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${row.join('')}</tr>`).join('')}</tbody></table></div>`;
}

export function nameCell(name: string, max = 120): string {
  return `<th scope="row"><code>${htmlText(name, max)}</code></th>`;
}

export function cell(text: string, kind?: 'number' | 'words' | 'rows'): string {
  return `<td${kind ? ` class="${kind}"` : ''}>${htmlText(text, 600)}</td>`;
}
