import { CARDS } from '../page/style.js';

/** The look of the pages about data. */
export const DATA_STYLE = `${CARDS}
.good { color: var(--good); background: var(--good-back); } .bad { color: var(--bad); background: var(--bad-back); } .unsure { color: var(--unsure); background: var(--unsure-back); } .even { color: var(--even); background: var(--even-back); }
h1 .chip { font-size: 14px; line-height: 24px; vertical-align: 4px; margin-left: 6px; }
article + article { margin-top: 24px; }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); gap: 16px; align-items: start; }
.column { border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; min-width: 0; }
.column h3 { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; }
.column h3 code { font-size: 13px; overflow-wrap: anywhere; }
.column p { margin: 0 0 8px; }
.column p:last-child { margin-bottom: 0; }
.column.fails { border-color: var(--bad); }
.bars { width: 100%; height: auto; display: block; margin: 0 0 8px; }
.bar.side-0, .key.side-0 { fill: var(--line-0); background: var(--line-0); } .bar.side-1, .key.side-1 { fill: var(--line-1); background: var(--line-1); }
.bars .floor { stroke: var(--quiet); stroke-width: 1; } .bars .tick { fill: var(--quiet); font-size: 11px; font-variant-numeric: tabular-nums; }
.named { list-style: none; margin: 0 0 8px; padding: 0; } .named li { margin: 0 0 5px; } .named .name { display: block; font-size: 12.5px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.named .single { display: flex; gap: 8px; align-items: center; } .single .name { flex: 0 0 38%; } .single .along { flex: 1; min-width: 0; }
.along { display: flex; align-items: center; gap: 8px; } .strip { flex: 1; height: 8px; min-width: 0; background: var(--even-back); border-radius: 4px; display: block; } .amount { flex: none; min-width: 92px; text-align: right; font-size: 12px; color: var(--quiet); font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 12px; font-size: 12.5px; } .legend span { display: inline-flex; align-items: center; gap: 6px; } .key { width: 12px; height: 12px; border-radius: 3px; display: inline-block; }
.facts { display: grid; grid-template-columns: auto 1fr; gap: 1px 12px; margin: 0; font-size: 12.5px; } .facts dt { color: var(--quiet); } .facts dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.share { width: 90px; height: 8px; background: var(--even-back); border-radius: 4px; display: inline-block; vertical-align: middle; margin-right: 8px; } .share .bar { fill: var(--bad); background: none; }
.aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
summary { cursor: pointer; } details > :nth-child(2) { margin-top: 12px; }
td.words { min-width: 180px; max-width: 60ch; } td.rows { min-width: 180px; max-width: 44ch; font-size: 13px; } td .chip + .chip { margin-left: 4px; } main tbody th { min-width: 110px; }
@media (max-width: 640px) { th, td { padding: 6px 8px; } tbody th { max-width: 46vw; } h1 { font-size: 21px; } h1 .chip { vertical-align: 1px; margin-left: 0; } .columns { gap: 12px; } td.words { min-width: 220px; } }
`;
