import { comparisonDigits } from '../../compare/digits.js';
import type { Standing } from '../../compare/leaderboard.js';
import type { MetricComparison, Verdict } from '../../compare/record.js';
import { formatNumber, plural, shortCommit } from '../../format.js';
import { nameWithSlice } from '../../metrics/metric.js';
import { htmlText } from '../escape.js';
import { decimalsOf, scaleOf } from '../leaderboard.js';
import { countVerdicts } from '../rows.js';
import { numberText } from './axes.js';
import type { Cell, ComparedRuns, RunRow, ShownRun } from './facts.js';

/** Tables of the comparison page. Every text from outside is escaped here. */

const SIGNS: Readonly<Record<Verdict, string>> = {
  better: '▲',
  worse: '▼',
  equal: '=',
  inconclusive: '?',
  changed: '≠',
  new: '+',
  missing: '✕',
  incomparable: '≁',
};

function chip(verdict: Verdict, reason: string): string {
  return `<span class="chip ${verdict}" title="${htmlText(reason, 300)}">${SIGNS[verdict]} ${verdict}</span>`;
}

function heading(
  title: string,
  options: { readonly number?: boolean; readonly sorts?: boolean } = {},
): string {
  const sorts = options.sorts === false ? '' : ' aria-sort="none"';
  const content = options.sorts === false ? title : `<button type="button">${title}</button>`;
  return `<th scope="col"${options.number ? ' class="number"' : ''}${sorts}>${content}</th>`;
}

/** The runs in the order of their rank, with a switch for each. */
export function rankingTable(of: ComparedRuns, runs: readonly ShownRun[], params: readonly RunRow[]): string {
  const { board, metric } = of;
  const byRun = new Map(board.standings.map((standing) => [standing.run.id, standing]));
  const decimals = decimalsOf(board.standings);
  const scale = scaleOf(board.standings);
  const shown = params.slice(0, 5);
  const head = [
    heading('#', { number: true }),
    heading('run'),
    heading('commit'),
    heading(htmlText(metric, 80), { number: true }),
    heading('95 % interval', { sorts: false }),
    ...(of.baseline ? [heading('against the baseline'), heading('all metrics')] : []),
    ...shown.map(({ name }) => heading(htmlText(name, 40), { number: true })),
  ];
  const rows = runs.map((one) => {
    const standing = byRun.get(one.run.id);
    const comparison = of.comparisons.get(one.run.id);
    const cells = [
      `<td class="number" data-value="${standing?.rank ?? ''}">${standing ? `${standing.rank}${standing.level === true && standing.rank > 1 ? '<span title="cannot be told from the best by its interval">&#8202;=</span>' : ''}` : '–'}</td>`,
      runCell(one),
      `<td>${one.run.commit === null ? '–' : `<code>${htmlText(shortCommit(one.run.commit))}${one.run.code.dirty ? '+' : ''}</code>`}</td>`,
      `<td class="number" data-value="${standing?.metric.value ?? ''}">${standing ? standing.metric.value.toFixed(decimals) : 'no value'}</td>`,
      `<td>${standing && scale ? whisker(standing, { ...scale, colour: one.colour, decimals }) : ''}</td>`,
      ...(of.baseline
        ? againstBaseline(
            one,
            comparison?.metrics.find((found) => found.name === metric && found.slice === null),
            comparison?.metrics,
          )
        : []),
      ...shown.map(({ values }) => `<td class="number">${cellText(values[one.index])}</td>`),
    ];
    return `<tr data-run="${one.index}"${one.isBaseline ? ' class="baseline"' : ''}>${cells.join('')}</tr>`;
  });
  return table({ id: 'ranking', head, rows, caption: `Runs of ${of.model} by ${metric}` });
}

function runCell(one: ShownRun): string {
  const { run, index, name, isBaseline } = one;
  return `<th scope="row"><label class="run"><input type="checkbox" checked data-switch="${index}"${isBaseline ? ' data-keep="yes"' : ''} aria-label="show ${htmlText(name)} in the charts"><span class="swatch swatch-${one.colour}"></span><span title="${htmlText(run.id)}">${htmlText(name)}</span></label></th>`;
}

function againstBaseline(
  one: ShownRun,
  metric: MetricComparison | undefined,
  all: readonly MetricComparison[] | undefined,
): readonly string[] {
  if (one.isBaseline) return ['<td><span class="chip base">baseline</span></td>', '<td></td>'];
  if (!metric) return ['<td></td>', '<td></td>'];
  const digits = comparisonDigits(metric);
  const overall = (all ?? []).filter((found) => found.slice === null);
  return [
    `<td class="verdict" data-value="${metric.difference ?? ''}">${chip(metric.verdict, metric.reason)} <span class="small">${htmlText(digits.difference)}</span></td>`,
    `<td class="small counts" title="${htmlText(countVerdicts(overall))}">${counts(overall)}</td>`,
  ];
}

/** `▲ 36 ▼ 2 ? 5`, in words when it is pointed at. */
function counts(metrics: readonly MetricComparison[]): string {
  const of = (verdict: Verdict) => metrics.filter((metric) => metric.verdict === verdict).length;
  const shown = [
    ['better', 'up'],
    ['worse', 'down'],
    ['inconclusive', 'unsure'],
    ['equal', ''],
  ] as const;
  const parts = shown.filter(([verdict]) => of(verdict) > 0);
  return parts
    .map(([verdict, look]) => `<span class="${look}">${SIGNS[verdict]} ${of(verdict)}</span>`)
    .join('');
}

function whisker(
  standing: Standing,
  of: {
    readonly min: number;
    readonly max: number;
    readonly colour: number | 'rest';
    readonly decimals: number;
  },
): string {
  const at = (value: number) => Number((8 + ((value - of.min) / (of.max - of.min)) * 174).toFixed(1));
  const { interval, metric } = standing;
  const words = interval
    ? `${metric.value.toFixed(of.decimals)}, 95 % interval ${interval[0].toFixed(of.decimals)} to ${interval[1].toFixed(of.decimals)}`
    : `${metric.value.toFixed(of.decimals)}, no interval is known`;
  const range = interval
    ? `<line x1="${at(interval[0])}" x2="${at(interval[1])}" y1="10" y2="10"/>${interval.map((end) => `<line x1="${at(end)}" x2="${at(end)}" y1="6" y2="14"/>`).join('')}`
    : '';
  return `<svg class="whisker ink-${of.colour}" viewBox="0 0 190 20" role="img" aria-label="${words}"><title>${words}</title><line class="zero" x1="0" x2="190" y1="10" y2="10"/>${range}<circle cx="${at(metric.value)}" cy="10" r="4.5"/></svg>`;
}

const MOST_COLUMNS = 12;

/** Metrics down, runs across: values, and beside the baseline's what became of them. */
export function metricsTable(of: ComparedRuns, runs: readonly ShownRun[]): string {
  const columns = columnsOf(runs);
  const names = metricNames(of);
  const head = [
    heading('metric', { sorts: false }),
    ...columns.map((one) => heading(columnTitle(one), { number: true, sorts: false })),
  ];
  const rows = names.map((name) => {
    const cells = columns.map((one) => {
      const metric = one.run.metrics.find((found) => found.name === name && found.slice === null);
      if (!metric) return '<td>–</td>';
      if (metric.value === null)
        return `<td class="small" title="${htmlText(metric.reason ?? '', 300)}">none</td>`;
      const against = of.comparisons
        .get(one.run.id)
        ?.metrics.find((found) => found.name === name && found.slice === null);
      const verdict =
        against && !one.isBaseline
          ? `<br><span class="chip ${against.verdict}" title="${htmlText(`${against.verdict}: ${against.reason}`, 300)}">${SIGNS[against.verdict]} ${against.difference === null ? against.verdict : htmlText(comparisonDigits(against).difference)}</span>`
          : '';
      return `<td>${formatNumber(metric.value)}${verdict}</td>`;
    });
    return `<tr><th scope="row">${htmlText(name, 120)}</th>${cells.join('')}</tr>`;
  });
  return `${filter(of, rows.length)}${table({ id: 'metrics-table', head, rows, caption: 'Metrics of each run', matrix: true, of })}`;
}

/** Of two runs: every metric and slice with its difference, interval, verdict and reason. */
export function pairTable(of: ComparedRuns, metrics: readonly MetricComparison[]): string {
  const head = [
    heading('metric'),
    heading('baseline', { number: true }),
    heading('candidate', { number: true }),
    heading('difference', { number: true }),
    heading('95 % interval', { number: true, sorts: false }),
    heading('verdict'),
    heading('why', { sorts: false }),
  ];
  const isWatched = ({ name, slice }: MetricComparison) =>
    Number(slice === null) + Number(name === of.metric || of.watched.includes(name));
  const ordered = [...metrics].sort((a, b) => isWatched(b) - isWatched(a));
  const rows = ordered.slice(0, MOST_ROWS).map((metric) => {
    const digits = comparisonDigits(metric);
    const name = nameWithSlice(metric.name, metric.slice);
    return `<tr><th scope="row">${htmlText(name, 160)}</th><td class="number">${htmlText(digits.baseline)}</td><td class="number">${htmlText(digits.candidate)}</td><td class="number" data-value="${metric.difference ?? ''}">${htmlText(digits.difference)}</td><td class="number">${htmlText(digits.interval)}</td><td>${chip(metric.verdict, metric.reason)}</td><td class="small">${htmlText(metric.reason, 300)}</td></tr>`;
  });
  const more = metrics.length - rows.length;
  return `${filter(of, rows.length)}${table({ id: 'metrics-table', head, rows, caption: 'Metrics of two runs with their verdicts', of })}${more > 0 ? `<p class="note">${plural(more, 'more metric')} of slices are in the record: assay show.</p>` : ''}`;
}

/** A field to find a metric by its name, where there are many. */
function filter(of: ComparedRuns, rows: number): string {
  if (rows < 12) return '';
  return `<div class="controls script"><label>find <input type="search" data-filter="${pageId(of, 'metrics-table')}" placeholder="auc, macro, Female …"></label></div>`;
}

const MOST_ROWS = 500;

/** Rows of anything with a column per run; those that are alike can be hidden. */
export function differencesTable(
  of: ComparedRuns,
  given: {
    readonly id: string;
    readonly title: string;
    readonly rows: readonly RunRow[];
    readonly runs: readonly ShownRun[];
  },
): string {
  const columns = columnsOf(given.runs);
  const reference = of.baseline ? given.runs.find(({ isBaseline }) => isBaseline) : given.runs[0];
  const head = [
    heading(given.title, { sorts: false }),
    ...columns.map((one) => heading(columnTitle(one), { sorts: false })),
  ];
  const ordered = [...given.rows].sort((a, b) => Number(b.differs) - Number(a.differs));
  const rows = ordered.map((row) => {
    const base = reference ? row.values[reference.index] : undefined;
    const cells = columns.map((one) => {
      const value = row.values[one.index];
      const differs = row.differs && one !== reference && (value ?? null) !== (base ?? null);
      return `<td${differs ? ' class="differs"' : ''}>${cellText(value)}</td>`;
    });
    return `<tr data-same="${row.differs ? 'no' : 'yes'}"><th scope="row">${htmlText(row.name, 120)}</th>${cells.join('')}</tr>`;
  });
  const same = given.rows.filter((row) => !row.differs).length;
  const control =
    same > 0
      ? `<div class="controls script"><label><input type="checkbox" data-equal="${pageId(of, given.id)}"> also the ${same} that ${same === 1 ? 'is' : 'are'} alike</label></div>`
      : '';
  const none = same === given.rows.length ? `<p class="empty">No difference.</p>` : '';
  return `${none}${control}${table({ id: given.id, head, rows, caption: given.title, of })}`;
}

/** The baseline and the best; of more the table would not be read. */
function columnsOf(runs: readonly ShownRun[]): readonly ShownRun[] {
  const baseline = runs.filter(({ isBaseline }) => isBaseline);
  return [...baseline, ...runs.filter(({ isBaseline }) => !isBaseline)].slice(0, MOST_COLUMNS);
}

export function leftOutOfTables(runs: readonly ShownRun[]): string {
  const more = runs.length - MOST_COLUMNS;
  return more > 0
    ? `<p class="note">The tables show the baseline and the best ${MOST_COLUMNS - 1}; ${plural(more, 'run')} left out.</p>`
    : '';
}

function columnTitle(one: ShownRun): string {
  return `<span class="run"><span class="swatch swatch-${one.colour}"></span>${htmlText(one.name)}</span>${one.isBaseline ? '<span class="small">baseline</span>' : ''}`;
}

/** Watched ones first, then as the runs have them. */
export function metricNames(of: ComparedRuns): readonly string[] {
  const measured = new Set(
    of.runs.flatMap((run) => run.metrics.filter(({ slice }) => slice === null).map(({ name }) => name)),
  );
  return [...new Set([of.metric, ...of.watched.filter((name) => measured.has(name)), ...measured])];
}

/** Ids are unique in a page of several models. */
export function pageId(of: Pick<ComparedRuns, 'model'>, name: string): string {
  return `${of.model}-${name}`;
}

function table(of: {
  readonly id: string;
  readonly head: readonly string[];
  readonly rows: readonly string[];
  readonly caption: string;
  readonly matrix?: boolean;
  readonly of?: Pick<ComparedRuns, 'model'>;
}): string {
  const id = of.of ? pageId(of.of, of.id) : '';
  return `<div class="table" tabindex="0" role="region" aria-label="${htmlText(of.caption, 200)}"><table${id ? ` id="${id}"` : ''}${of.matrix ? ' class="matrix"' : ''}><thead><tr>${of.head.join('')}</tr></thead><tbody>${of.rows.join('\n')}</tbody></table></div>`;
}

function cellText(value: Cell): string {
  if (value === undefined) return '<span class="empty">–</span>';
  if (typeof value === 'number') return numberText(value);
  return htmlText(String(value), 200);
}
