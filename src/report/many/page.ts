import { intervalOf } from '../../compare/leaderboard.js';
import { plural } from '../../format.js';
import { flatParams } from '../../runs/params.js';
import type { RunRecord } from '../../runs/record.js';
import { htmlText, plainText } from '../escape.js';
import { htmlPage } from '../page/frame.js';
import { axesOf, type RunAxis } from './axes.js';
import { curveFigures, parallelCoordinates } from './charts.js';
import { CLIENT } from './client.js';
import { type Cell, type ComparedRuns, type RunRow, rowsOf, type ShownRun, shownRuns } from './facts.js';
import { STYLE } from './style.js';
import {
  differencesTable,
  leftOutOfTables,
  metricNames,
  metricsTable,
  pageId,
  pairTable,
  rankingTable,
} from './tables.js';

/**
 * Runs compared with each other as one self-contained HTML page: nothing is loaded, and only the page's own script may run, by its
 * digest in the Content-Security-Policy. It works from a file, without a network, and in large part without a script.
 */
export function comparisonPage(page: {
  readonly models: readonly ComparedRuns[];
  readonly version: string;
}): string {
  const title = `${page.models.map(({ model }) => model).join(', ')}: ${plural(
    page.models.reduce((sum, { runs }) => sum + runs.length, 0),
    'run',
  )} compared`;
  return htmlPage({
    title,
    style: STYLE,
    script: CLIENT,
    body: `<a class="skip" href="#content">To the content</a>
${page.models.map((model, at) => article(model, at)).join('\n')}
<footer>Assay ${htmlText(page.version, 40)}. Intervals are at 95 %, each run's by its own rows and seeds; verdicts pair the rows that both runs scored. No data leaves this page.</footer>`,
  });
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

function article(of: ComparedRuns, at: number): string {
  const runs = shownRuns(of);
  const params = paramRows(runs);
  const differing = params.filter((row) => row.differs);
  const axes = axesFor(of, runs, differing);
  const parts = partsOf(of, { runs, params, differing, axes }).filter(({ body }) => body !== '');
  const nav = parts.map(({ id, title }) => `<li><a href="#${pageId(of, id)}">${title}</a></li>`);
  return `<article>
<header><h1>${htmlText(of.model)}: ${plural(of.runs.length, 'run')} compared</h1>
<p class="lead">${lead(of)}</p></header>
<nav aria-label="Parts of this page"><ul>${nav.join('')}</ul></nav>
<main${at === 0 ? ' id="content"' : ''}>
${parts.map(({ id, title, body }) => `<section id="${pageId(of, id)}" aria-labelledby="${pageId(of, id)}-title"><h2 id="${pageId(of, id)}-title">${title}</h2>${body}</section>`).join('\n')}
</main>
<script type="application/json">${embedded(clientData(of, { runs, axes, differing }))}</script>
</article>`;
}

function lead(of: ComparedRuns): string {
  const baseline = of.baseline
    ? `Baseline: run <code>${htmlText(of.baseline.id)}</code>, ${htmlText(of.why, 300)}.`
    : `There is no baseline: ${htmlText(of.why, 300)}.`;
  const better = { higher: 'higher is better', lower: 'lower is better', none: 'no side is better' }[
    of.board.direction
  ];
  return `Ranked by <b>${htmlText(of.metric, 80)}</b> (${better}). ${baseline}`;
}

interface Content {
  readonly runs: readonly ShownRun[];
  readonly params: readonly RunRow[];
  readonly differing: readonly RunRow[];
  readonly axes: readonly RunAxis[];
}

function partsOf(of: ComparedRuns, { runs, params, differing, axes }: Content): readonly Part[] {
  const level = of.board.standings.filter((one) => one.level === true && one.rank > 1).length;
  const curves = curveFigures(runs);
  const [only] = of.comparisons.values();
  const isPair = of.comparisons.size === 1 && runs.length === 2 && only;
  return [
    {
      id: 'ranking',
      title: 'Ranking',
      body: `${note(
        level > 0
          ? `${plural(level, 'run')} marked = cannot be told from the best by ${level === 1 ? 'its interval' : 'their intervals'}. The best of many looks better than it is: confirm it on other data.`
          : 'Point at a run to find it in the charts; the boxes show and hide it.',
      )}${controls('<button class="button" type="button" data-all>All, or the baseline only</button>')}${rankingTable(of, runs, differing)}`,
    },
    {
      id: 'metrics',
      title: 'Metrics',
      body: isPair
        ? pairTable(of, only.metrics)
        : `${note('Each value, and below it the difference from the baseline with its verdict; the reason shows when you point at it.')}${metricsTable(of, runs)}${leftOutOfTables(runs)}`,
    },
    {
      id: 'curves',
      title: 'Curves',
      body:
        curves.length > 0
          ? `${note('Over all rows, of the first seed of each run.')}<div class="charts">${curves.join('')}</div>`
          : '',
    },
    {
      id: 'parallel',
      title: 'Parameters and metrics',
      body:
        axes.length > 1
          ? `${note('One line per run. Drag along an axis to keep the runs within a range; click it to take the range away.')}<p class="note" data-kept aria-live="polite"></p>${parallelCoordinates(runs, axes)}${scatterBody()}`
          : '',
    },
    { id: 'series', title: 'Series', body: seriesBody(runs) },
    {
      id: 'params',
      title: 'Parameters',
      body:
        params.length > 0
          ? differencesTable(of, { id: 'params-table', title: 'parameter', rows: params, runs })
          : '',
    },
    {
      id: 'environment',
      title: 'Environment, code and data',
      body: differencesTable(of, {
        id: 'environment-table',
        title: 'what',
        rows: environmentRows(runs),
        runs,
      }),
    },
  ];
}

function note(text: string): string {
  return `<p class="note">${text}</p>`;
}

function controls(content: string): string {
  return `<div class="controls script">${content}</div>`;
}

function scatterBody(): string {
  return `<h3>Scatter</h3>${controls('<label>across <select data-scatter="x"></select></label><label>up <select data-scatter="y"></select></label>')}<svg class="plot wide scatter" viewBox="0 0 1000 380" role="group"></svg><p class="note noscript">The scatter plot needs this page's script.</p>`;
}

function seriesBody(runs: readonly ShownRun[]): string {
  const names = [...new Set(runs.flatMap(({ run }) => run.series.map(({ name }) => name)))].slice(0, 200);
  if (names.length === 0) return '';
  const options = names.map((name) => `<option>${htmlText(name, 120)}</option>`).join('');
  return `${note('Smoothed by an exponential moving average; the thin lines are the values as they were.')}${controls(`<label>series <select data-series>${options}</select></label><label>smoothing <input type="range" min="0" max="99" value="60" data-smooth><output data-smooth-value>0.60</output></label><label><input type="checkbox" data-log> logarithmic</label>`)}<svg class="plot wide series" viewBox="0 0 1000 380" role="img"></svg><p class="note noscript">The series need this page's script.</p>`;
}

function paramRows(runs: readonly ShownRun[]): readonly RunRow[] {
  const flat = new Map(runs.map(({ run }) => [run.id, flatParams({ ...run.tool_params, ...run.params })]));
  const names = [...new Set([...flat.values()].flatMap((params) => [...params.keys()]))];
  return rowsOf(names, runs, (run, name) => scalar(flat.get(run.id)?.get(name)));
}

function scalar(value: unknown): Cell {
  if (value === undefined || value === null) return value === null ? 'null' : undefined;
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
    ? value
    : JSON.stringify(value);
}

function environmentRows(runs: readonly ShownRun[]): readonly RunRow[] {
  const of = new Map(runs.map(({ run }) => [run.id, environmentOf(run)]));
  const names = [...new Set([...of.values()].flatMap((one) => Object.keys(one)))];
  return rowsOf(names, runs, (run, name) => of.get(run.id)?.[name]);
}

/** Nothing of a run whose machine is not known. */
function machineOf(environment: RunRecord['environment']): Readonly<Record<string, Cell>> {
  if (environment === null) return {};
  return {
    'operating system': environment.os,
    processor: `${environment.cpu.model} (${environment.cpu.cores} cores)`,
    memory: `${(environment.memory_bytes / 1e9).toFixed(1)} GB`,
    ...environment.runtimes,
    ...Object.fromEntries(
      Object.entries(environment.lockfiles).map(([name, digest]) => [name, digest.slice(0, 12)]),
    ),
  };
}

function environmentOf(run: RunRecord): Readonly<Record<string, Cell>> {
  const { environment, code } = run;
  return {
    commit: run.commit?.slice(0, 10),
    branch: code.branch ?? undefined,
    'uncommitted changes': code.dirty === null ? undefined : code.dirty ? 'yes' : 'no',
    command: run.command ?? undefined,
    ...machineOf(environment),
    ...Object.fromEntries(
      run.data.map(({ name, digest, rows }) => [
        `data ${name}`,
        `${digest.slice(0, 12)}${rows === null ? '' : `, ${rows} rows`}`,
      ]),
    ),
    seeds: run.seeds.map(({ seed }) => seed).join(', ') || undefined,
  };
}

const MOST_PARAM_AXES = 7;
const MOST_METRIC_AXES = 3;

function metricValue(run: RunRecord, name: string): number | null {
  return run.metrics.find((metric) => metric.name === name && metric.slice === null)?.value ?? null;
}

function axesFor(
  of: ComparedRuns,
  runs: readonly ShownRun[],
  differing: readonly RunRow[],
): readonly RunAxis[] {
  if (runs.length < 2) return [];
  const others = of.watched.filter(
    (name) => name !== of.metric && runs.some(({ run }) => metricValue(run, name) !== null),
  );
  return axesOf(runs, {
    params: differing.slice(0, MOST_PARAM_AXES),
    metrics: [...others.slice(0, MOST_METRIC_AXES - 1), of.metric],
    metricOf: metricValue,
  });
}

const MOST_SERIES_POINTS = 400_000;

/** What the script draws from. Texts are made plain; the script sets them as text only. */
function clientData(of: ComparedRuns, { runs, axes, differing }: Omit<Content, 'params'>) {
  const value = (cell: Cell) => (typeof cell === 'string' ? plainText(cell).slice(0, 80) : (cell ?? null));
  const fields = [
    ...differing.map(({ name, values }) => ({ name: plainText(name), values: values.map(value) })),
    ...metricNames(of)
      .slice(0, 60)
      .map((name) => {
        const found = runs.map(({ run }) =>
          run.metrics.find((metric) => metric.name === name && metric.slice === null),
        );
        const intervals = found.map((metric) => (metric ? intervalOf(metric) : null));
        return {
          name: plainText(name),
          metric: true,
          values: found.map((metric) => metric?.value ?? null),
          low: intervals.map((interval) => interval?.[0] ?? null),
          high: intervals.map((interval) => interval?.[1] ?? null),
        };
      }),
    { name: 'seconds', values: runs.map(({ run }) => run.seconds) },
  ];
  let points = 0;
  const series = runs.flatMap(({ run, index }) =>
    run.series.flatMap((line) => {
      points += line.values.length;
      return points > MOST_SERIES_POINTS
        ? []
        : [
            {
              run: index,
              name: plainText(line.name),
              seed: line.seed,
              steps: line.steps,
              values: line.values,
            },
          ];
    }),
  );
  return {
    runs: runs.map(({ name, colour, isBaseline }) => ({ name, colour, baseline: isBaseline })),
    axes: axes.map(({ places }) => ({ places })),
    fields,
    ranked: plainText(of.metric),
    series,
  };
}

/** JSON that cannot end its element, whatever is in it. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
