import { Marked } from 'marked';
import { parseMermaidChart } from './chart.js';
import { htmlText } from './escape.js';
import { htmlPage } from './page/frame.js';
import { PALETTE } from './page/style.js';
import { PLOT_STYLE, svgPlot } from './svg.js';

/**
 * A report as one self-contained HTML page, in the look of GitHub. Nothing is loaded and no script runs: the page says so
 * itself by its Content-Security-Policy.
 */
export function reportPage(page: { readonly title: string; readonly markdown: string }): string {
  const content = markdownRenderer().parse(page.markdown, { async: false });
  return htmlPage({ title: page.title, style: STYLE, body: `<main>\n${content}</main>` });
}

/** The elements that reports are made of; text from outside was escaped before, and this is the second lock. */
const OWN_ELEMENTS =
  /^(?:<\/?(?:details|summary|sub|b|code|span)>|<details open>|<br>|<!--(?:(?!--)[^>])*-->|\s)+$/;

function markdownRenderer(): Marked {
  return new Marked({
    gfm: true,
    renderer: {
      html: ({ text }) => {
        // An HTML block is several elements with our own words between them: each tag is judged by itself.
        return text.replace(/<[^>]*>?/g, (tag) => (OWN_ELEMENTS.test(tag) ? tag : htmlText(tag)));
      },
      image: ({ text }) => htmlText(text),
      // GitHub draws it; here it is drawn already.
      code({ text, lang }) {
        const chart = lang === 'mermaid' ? parseMermaidChart(text) : undefined;
        if (!chart) return false;
        const axis =
          'labels' in chart.x ? { title: chart.x.title, min: 1, max: chart.x.labels.length } : chart.x;
        const { min, max } = axis;
        const x = (values: readonly number[]) =>
          values.map((_, i) => min + (i * (max - min)) / Math.max(1, values.length - 1));
        const lines = chart.lines.map((y) => ({ name: '', x: x(y), y }));
        return `<figure><figcaption>${htmlText(chart.title, 80)}</figcaption>${svgPlot({ ...chart, x: axis, lines })}</figure>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        return /^https?:\/\//i.test(href)
          ? `<a href="${htmlText(href)}" rel="noopener noreferrer">${text}</a>`
          : text;
      },
      table(token) {
        const row = (cells: typeof token.header) =>
          `<tr>${cells.map((cell) => this.tablecell(cell)).join('')}</tr>\n`;
        return `<div class="table"><table>\n<thead>\n${row(token.header)}</thead>\n<tbody>\n${token.rows.map(row).join('')}</tbody>\n</table></div>\n`;
      },
    },
  });
}

const STYLE = `${PALETTE}
body { padding: 16px; }
main { max-width: 860px; margin: 0 auto; padding: 16px; background: var(--back); border: 1px solid var(--line); border-radius: 6px; }
main > :first-child { margin-top: 0; }
main > :last-child { margin-bottom: 0; }
h1, h2, h3, h4 { margin: 24px 0 16px; font-weight: 600; line-height: 1.25; }
h3 { font-size: 1.25em; }
p, ul, ol, pre, details, .table { margin: 0 0 16px; }
ul, ol { padding-left: 2em; }
li + li { margin-top: 0.25em; }
a { color: var(--focus); }
.table { overflow-x: auto; }
table { border-collapse: collapse; border-spacing: 0; }
th, td { padding: 6px 13px; border: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th { font-weight: 600; }
tbody tr:nth-child(2n) { background: var(--soft); }
code { padding: 0.2em 0.4em; border-radius: 6px; background: var(--code); font: 85% ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
pre { padding: 16px; overflow: auto; border-radius: 6px; background: var(--soft); line-height: 1.45; }
pre code { padding: 0; background: none; }
sub { font-size: 75%; line-height: 0; position: relative; vertical-align: baseline; bottom: -0.25em; }
summary { cursor: pointer; }
details > :nth-child(2) { margin-top: 8px; }
figure { margin: 0 0 16px; }
${PLOT_STYLE}@media (max-width: 500px) { body { padding: 0; } main { border: 0; border-radius: 0; } th, td { padding: 4px 8px; } }
`;
