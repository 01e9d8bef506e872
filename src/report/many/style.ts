import { CARDS } from '../page/style.js';
import { PLOT_STYLE } from '../svg.js';

/** The look of the comparison page, light and dark. */
export const STYLE = `${CARDS}
.verdict { white-space: nowrap; }
td.differs { font-weight: 600; background: var(--unsure-back); }
tr.baseline > * { background: var(--soft); }
thead button { all: unset; cursor: pointer; } thead button:focus-visible { outline: 2px solid var(--focus); outline-offset: 3px; border-radius: 3px; }
thead th[aria-sort] button::after { content: " ↕"; opacity: 0.45; } thead th[aria-sort="ascending"] button::after { content: " ↑"; opacity: 1; } thead th[aria-sort="descending"] button::after { content: " ↓"; opacity: 1; }
.run { display: flex; align-items: center; gap: 8px; white-space: nowrap; cursor: pointer; }
.run input { accent-color: var(--focus); margin: 0; width: 15px; height: 15px; }
.swatch { width: 18px; height: 4px; border-radius: 2px; flex: none; }
.swatch-rest { background: var(--line-rest); }
${Array.from({ length: 8 }, (_, i) => `.swatch-${i} { background: var(--line-${i}); }`).join(' ')}
.better { color: var(--good); background: var(--good-back); } .worse, .missing { color: var(--bad); background: var(--bad-back); }
.inconclusive, .incomparable { color: var(--unsure); background: var(--unsure-back); } .equal, .changed, .new, .base { color: var(--even); background: var(--even-back); }
.counts { white-space: nowrap; } .counts span { margin-right: 8px; } .counts .up { color: var(--good); } .counts .down { color: var(--bad); } .counts .unsure { color: var(--unsure); }
.whisker { width: 190px; height: 20px; display: block; } .whisker line { stroke: currentColor; stroke-width: 1.5; opacity: 0.55; } .whisker circle { fill: currentColor; } .whisker .zero { stroke: var(--line); opacity: 1; }
${Array.from({ length: 8 }, (_, i) => `.ink-${i} { color: var(--line-${i}); }`).join(' ')} .ink-rest { color: var(--quiet); }
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
@media print { .controls { display: none; } }
`;
