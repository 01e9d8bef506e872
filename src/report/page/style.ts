import { LINE_COLOURS_DARK, LINE_COLOURS_LIGHT } from '../svg.js';

/** Colours and letters of every page, light and dark. */
export const PALETTE = `
:root { color-scheme: light dark; --text: #1f2328; --quiet: #59636e; --back: #fff; --page: #f6f8fa; --line: #d1d9e0; --soft: #f6f8fa; --code: #818b981f; --hover: #eef4fb; --focus: #0969da; --good: #116932; --good-back: #dafbe1; --bad: #b3131d; --bad-back: #ffebe9; --unsure: #7d4e00; --unsure-back: #fff4d0; --even: #59636e; --even-back: #eaeef2; ${LINE_COLOURS_LIGHT} }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9198a1; --back: #0d1117; --page: #010409; --line: #30363d; --soft: #151b23; --code: #656c7633; --hover: #16202e; --focus: #4493f8; --good: #4ac26b; --good-back: #12261e; --bad: #ff7b72; --bad-back: #2d1214; --unsure: #e3b341; --unsure-back: #272115; --even: #9198a1; --even-back: #212830; ${LINE_COLOURS_DARK} }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif, "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji"; overflow-wrap: break-word; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: 6px; }
`;

/** The look of the pages with cards: a header, a bar to jump by, sections with tables and charts. */
export const CARDS = `${PALETTE}
html { scroll-behavior: smooth; scroll-padding-top: 56px; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } * { transition: none !important; } }
.skip { position: absolute; left: -999px; } .skip:focus { left: 8px; top: 8px; z-index: 9; background: var(--back); padding: 8px; }
header { padding: 28px 24px 0; max-width: 1240px; margin: 0 auto; }
h1 { margin: 0 0 4px; font-size: 26px; line-height: 1.25; letter-spacing: -0.01em; }
h2 { margin: 0 0 4px; font-size: 17px; }
h3 { margin: 0 0 8px; font-size: 14px; }
.lead, .note { color: var(--quiet); margin: 0 0 12px; max-width: 90ch; }
nav { position: sticky; top: 0; z-index: 4; background: var(--page); border-bottom: 1px solid var(--line); }
nav ul { display: flex; gap: 4px; list-style: none; margin: 0 auto; padding: 8px 18px; max-width: 1240px; overflow-x: auto; }
nav a { display: block; padding: 4px 10px; border-radius: 6px; color: var(--text); text-decoration: none; white-space: nowrap; }
nav a:hover { background: var(--even-back); }
main { max-width: 1240px; margin: 0 auto; padding: 20px 24px 60px; }
section { background: var(--back); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px 20px; margin: 0 0 20px; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
.table { overflow-x: auto; margin: 0 -20px; padding: 0 20px; max-height: min(85vh, 900px); }
table { border-collapse: separate; border-spacing: 0; width: 100%; }
th, td { padding: 7px 12px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: middle; font-variant-numeric: tabular-nums; }
thead th { position: sticky; top: 0; background: var(--back); z-index: 2; font-weight: 600; color: var(--quiet); font-size: 12.5px; white-space: nowrap; border-bottom: 1px solid var(--quiet); }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 500; position: sticky; left: 0; background: var(--back); z-index: 1; max-width: 340px; }
.number { text-align: right; white-space: nowrap; }
tbody tr:hover > * { background: var(--hover); }
code { font: 12px ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, monospace; }
.chip { display: inline-block; padding: 0 8px; border-radius: 20px; font-size: 12px; line-height: 20px; font-weight: 600; white-space: nowrap; }
.small { font-size: 12px; color: var(--quiet); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 20px 28px; }
footer { color: var(--quiet); max-width: 1240px; margin: 0 auto; padding: 0 24px 32px; font-size: 12.5px; }
@media (max-width: 640px) { header, main, footer { padding-left: 12px; padding-right: 12px; } section { border-radius: 0; margin-left: -12px; margin-right: -12px; border-left: 0; border-right: 0; } .charts { grid-template-columns: 1fr; } }
@media print { nav { display: none; } .table { max-height: none; } section { break-inside: avoid; } }
`;
