import { LINE_COLOURS_DARK, LINE_COLOURS_LIGHT, PLOT_STYLE } from '../svg.js';

/** The look of the comparison page, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --quiet: #59636e; --back: #fff; --page: #f6f8fa; --line: #d8dee4; --soft: #f6f8fa; --hover: #eef4fb; --focus: #0969da; --good: #116932; --good-back: #dafbe1; --bad: #b3131d; --bad-back: #ffebe9; --unsure: #7d4e00; --unsure-back: #fff4d0; --even: #59636e; --even-back: #eaeef2; ${LINE_COLOURS_LIGHT} }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9198a1; --back: #0d1117; --page: #010409; --line: #30363d; --soft: #151b23; --hover: #16202e; --focus: #4493f8; --good: #4ac26b; --good-back: #12261e; --bad: #ff7b72; --bad-back: #2d1214; --unsure: #e3b341; --unsure-back: #272115; --even: #9198a1; --even-back: #212830; ${LINE_COLOURS_DARK} }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 56px; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } * { transition: none !important; } }
body { margin: 0; background: var(--page); color: var(--text); font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; overflow-wrap: break-word; }
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
.number { text-align: right; white-space: nowrap; } .verdict { white-space: nowrap; }
td.differs { font-weight: 600; background: var(--unsure-back); }
tr.baseline > * { background: var(--soft); }
tbody tr:hover > * { background: var(--hover); }
thead button { all: unset; cursor: pointer; } thead button:focus-visible { outline: 2px solid var(--focus); outline-offset: 3px; border-radius: 3px; }
thead th[aria-sort] button::after { content: " ↕"; opacity: 0.45; } thead th[aria-sort="ascending"] button::after { content: " ↑"; opacity: 1; } thead th[aria-sort="descending"] button::after { content: " ↓"; opacity: 1; }
code { font: 12px ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, monospace; }
.run { display: flex; align-items: center; gap: 8px; white-space: nowrap; cursor: pointer; }
.run input { accent-color: var(--focus); margin: 0; width: 15px; height: 15px; }
.swatch { width: 18px; height: 4px; border-radius: 2px; flex: none; }
.swatch-rest { background: var(--line-rest); }
${Array.from({ length: 8 }, (_, i) => `.swatch-${i} { background: var(--line-${i}); }`).join(' ')}
.chip { display: inline-block; padding: 0 8px; border-radius: 20px; font-size: 12px; line-height: 20px; font-weight: 600; white-space: nowrap; }
.better { color: var(--good); background: var(--good-back); } .worse, .missing { color: var(--bad); background: var(--bad-back); }
.inconclusive, .incomparable { color: var(--unsure); background: var(--unsure-back); } .equal, .changed, .new, .base { color: var(--even); background: var(--even-back); }
.small { font-size: 12px; color: var(--quiet); } .counts { white-space: nowrap; } .counts span { margin-right: 8px; } .counts .up { color: var(--good); } .counts .down { color: var(--bad); } .counts .unsure { color: var(--unsure); }
.whisker { width: 190px; height: 20px; display: block; } .whisker line { stroke: currentColor; stroke-width: 1.5; opacity: 0.55; } .whisker circle { fill: currentColor; } .whisker .zero { stroke: var(--line); opacity: 1; }
${Array.from({ length: 8 }, (_, i) => `.ink-${i} { color: var(--line-${i}); }`).join(' ')} .ink-rest { color: var(--quiet); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 20px 28px; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: 6px; }
${PLOT_STYLE}
.plot .line, .plot .dot { transition: opacity 0.12s; }
.plot .dot { fill-opacity: 0.85; stroke: var(--back); stroke-width: 1.5; } .plot .error { stroke-width: 1.25; opacity: 0.6; } .plot .faint { stroke-width: 1; opacity: 0.28; }
${Array.from({ length: 8 }, (_, i) => `.plot .dot.line-${i} { fill: var(--line-${i}); stroke: var(--back); }`).join(' ')} .plot .dot.line-rest { fill: var(--quiet); stroke: var(--back); stroke-width: 1; }
.wide { max-width: none !important; } .parallel { min-width: 640px; } .parallel .line { stroke-width: 2.25; opacity: 0.85; } .parallel .line-rest { stroke-width: 1.25; opacity: 0.7; }
.parallel .rail { stroke: var(--quiet); stroke-width: 1; } .parallel .name { fill: var(--text); font-size: 12.5px; font-weight: 600; } .parallel .tick { paint-order: stroke; stroke: var(--back); stroke-width: 3px; }
.parallel .grip { fill: transparent; cursor: ns-resize; } .parallel .brush { fill: var(--focus); fill-opacity: 0.16; stroke: var(--focus); pointer-events: none; }
.scroll { overflow-x: auto; }
.off, .out { display: none; } .pointing [data-run] { opacity: 0.12; } .pointing [data-run].pointed { opacity: 1; } .pointing .line.pointed { stroke-width: 3.5; }
.pointing tr[data-run] { opacity: 1; }
.controls { display: flex; flex-wrap: wrap; gap: 10px 20px; align-items: center; margin: 0 0 12px; }
label { display: inline-flex; gap: 8px; align-items: center; }
select, input[type="search"], .button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; max-width: 260px; }
.button { cursor: pointer; } .button:hover { background: var(--soft); }
input[type="range"] { accent-color: var(--focus); width: 160px; } output { min-width: 3.2em; font-variant-numeric: tabular-nums; color: var(--quiet); }
.matrix td { text-align: right; min-width: 64px; } .matrix th { white-space: nowrap; }
.empty { color: var(--quiet); }
.script { display: none; } .js .script { display: flex; } .js .noscript { display: none; }
footer { color: var(--quiet); max-width: 1240px; margin: 0 auto; padding: 0 24px 32px; font-size: 12.5px; }
@media (max-width: 640px) { header, main, footer { padding-left: 12px; padding-right: 12px; } section { border-radius: 0; margin-left: -12px; margin-right: -12px; border-left: 0; border-right: 0; } .charts { grid-template-columns: 1fr; } }
@media print { nav, .controls { display: none; } .table { max-height: none; } section { break-inside: avoid; } }
`;
