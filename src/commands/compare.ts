import { baselineInWords } from '../compare/baseline.js';
import { comparisonDigits } from '../compare/digits.js';
import {
  type ComparisonRecord,
  type MetricComparison,
  mostPressing,
  type Verdict,
} from '../compare/record.js';
import { UserError } from '../errors.js';
import { plural } from '../format.js';
import { nameWithSlice } from '../metrics/metric.js';
import { terminalText } from '../report/escape.js';
import type { ComparedRuns } from '../report/many/facts.js';
import { countVerdicts, metricRows } from '../report/rows.js';
import { textTable } from '../report/table.js';
import type { RunRecord } from '../runs/record.js';
import type { World } from '../world.js';
import { writePage } from './command-line/page.js';
import { defineVerb, type Outcome } from './command-line/verb.js';
import { compareModel, findRun, watchedMetrics } from './evaluation/comparison.js';
import { chosenModels, openProject } from './project/project.js';
import { readLimit } from './runs.js';

export const compare = defineVerb(
  {
    name: 'compare',
    summary: 'compare a run with its baseline, with verdicts that know noise',
    description:
      'Compares run B with run A, metric by metric. A is the baseline (see `baseline` in assay.yml: by default the run of the merge base with the target branch, else its nearest measured ancestor), B the newest run of this commit. With one argument, that is A.\n\nEach metric gets a verdict: better, worse, equal (within the tolerance), inconclusive (with how many more seeds or rows would settle it), changed (no direction is known), new, missing or incomparable. The comparison is recorded.\n\nWith --all, or with several candidates, runs are compared with one baseline and ranked by one metric (--by; else the first that the gate or the rules name), each with its 95 % interval; that is for looking, and not recorded. --html writes any comparison as one page that needs nothing else: tables with verdicts, curves laid over each other, parallel coordinates, scatter, series with smoothing, and what differs in parameters, environment and data.',
    arguments: [
      { name: 'a', description: 'the baseline: a run, a version such as income@v1.2.0, or a commit' },
      { name: 'b', description: 'the candidate, named likewise; several are ranked', repeats: true },
    ],
    options: {
      model: { kind: 'text', description: 'only this model', placeholder: 'MODEL' },
      baseline: {
        kind: 'text',
        description: 'merge-base, branch:NAME, stage:NAME, run:ID or blessed, instead of what assay.yml says',
        placeholder: 'POLICY',
      },
      all: {
        kind: 'flag',
        description: 'compare all succeeded runs, newest first up to --limit, with the baseline',
      },
      by: { kind: 'text', description: 'rank several runs by this metric', placeholder: 'METRIC' },
      limit: { kind: 'number', description: 'how many runs --all takes, 20 unless told', placeholder: 'N' },
      full: { kind: 'flag', description: 'show slices too, and metrics that did not change' },
      html: { kind: 'text', description: 'also write it as a page to look at', placeholder: 'FILE' },
    },
    outputs: {
      verdict: 'the headline: worse, inconclusive, better, equal, new …',
      worse: 'how many metrics are worse',
      better: 'how many metrics are better',
    },
    examples: [
      { command: 'assay compare', explains: 'the newest run of this commit with its baseline' },
      { command: 'assay compare income@v1.2.0', explains: 'with a released version' },
      { command: 'assay compare --baseline stage:prod', explains: 'with what is live in production' },
      {
        command: 'assay compare --all --by roc_auc --html runs.html',
        explains: 'all runs, ranked, as a page to look at',
      },
    ],
  },
  async (input, world) => {
    const [, ...candidates] = input.arguments;
    return input.options.all || candidates.length > 1 ? many(input, world) : pair(input, world);
  },
);

type CompareInput = Parameters<typeof pair>[0];

/** A candidate and its baseline, of each model; recorded. */
async function pair(
  input: {
    readonly arguments: readonly string[];
    readonly options: {
      readonly model: string | undefined;
      readonly baseline: string | undefined;
      readonly by: string | undefined;
      readonly limit: number | undefined;
      readonly full: boolean;
      readonly html: string | undefined;
    };
    readonly config: string;
  },
  world: World,
): Promise<Outcome> {
  const { model: only, full, html } = input.options;
  const project = await openProject(world, input.config);
  const compared: Compared[] = [];
  for (const { name, model } of chosenModels(project, only)) {
    const [a, b] = input.arguments;
    const candidate = await findRun(project, name, b);
    const baseline = a === undefined ? input.options.baseline : `run:${(await findRun(project, name, a)).id}`;
    const request = { project, world, model: name, candidate, ...(baseline ? { baseline } : {}) };
    const comparison = await compareModel(request);
    compared.push({ model: name, candidate, comparison, watched: [...watchedMetrics(model)] });
  }
  const comparisons = compared.map(({ comparison }) => comparison);
  await (await project.history()).append(comparisons);
  if (html !== undefined) {
    const { pairAsMany } = await import('./evaluation/compare-many.js');
    const pages = [];
    for (const one of compared) pages.push(await pairAsMany(project, one));
    await writeComparison(pages, { file: html, world });
  }
  return {
    exit: 0,
    json: comparisons.length === 1 ? comparisons[0] : comparisons,
    text: compared.map((one) => comparisonText(one, full)).join('\n'),
    outputs: outputsOf(comparisons),
  };
}

/** Several runs against one baseline; for looking, so nothing is recorded. */
async function many(input: CompareInput, world: World): Promise<Outcome> {
  const { model: only, baseline, by, html } = input.options;
  const limit = readLimit(input.options.limit);
  const project = await openProject(world, input.config);
  const { compareMany, manyText } = await import('./evaluation/compare-many.js');
  const models = chosenModels(project, only);
  if (models.length > 1 && input.arguments.length > 0) {
    throw new UserError('there are several models: which one are these runs of?', {
      mend: `--model ${models[0]?.name}; models: ${models.map(({ name }) => name).join(', ')}`,
    });
  }
  const compared = [];
  for (const { name, model } of models) {
    const words = input.arguments;
    compared.push(await compareMany({ project, world, name, model, words, baseline, by, limit }));
  }
  if (html !== undefined) {
    await writeComparison(compared, { file: html, world });
  }
  const comparisons = compared.flatMap((one) => [...one.comparisons.values()]);
  const documents = compared.map((one) => ({
    model: one.model,
    metric: one.metric,
    direction: one.board.direction,
    baseline: one.baseline?.id ?? null,
    why: one.why,
    runs: one.board.standings.map(({ rank, run, metric, interval, level }) => ({
      rank,
      run: run.id,
      value: metric.value,
      interval,
      level_with_best: level,
      comparison: one.comparisons.get(run.id) ?? null,
    })),
    without: one.board.without.map((run) => run.id),
  }));
  return {
    exit: 0,
    json: documents.length === 1 ? documents[0] : documents,
    text: compared.map(manyText).join('\n'),
    outputs: outputsOf(comparisons),
  };
}

function outputsOf(comparisons: readonly ComparisonRecord[]) {
  return {
    verdict: mostPressing(comparisons.map(({ verdict }) => verdict)) ?? 'new',
    worse: String(countOf(comparisons, 'worse')),
    better: String(countOf(comparisons, 'better')),
  };
}

export interface Compared {
  readonly model: string;
  readonly candidate: RunRecord;
  readonly comparison: ComparisonRecord;
  readonly watched: readonly string[];
}

function countOf(comparisons: readonly ComparisonRecord[], verdict: Verdict): number {
  return comparisons
    .flatMap((comparison) => comparison.metrics)
    .filter((metric) => metric.verdict === verdict).length;
}

/** What a person reads: the headline, why this baseline, and a table of what matters. */
function comparisonText(compared: Compared, full: boolean): string {
  const { comparison } = compared;
  const { main, alarming } = metricRows({
    ...compared,
    run: undefined,
    decision: undefined,
    validations: [],
  });
  const shown = full ? comparison.metrics : [...main, ...alarming.slice(0, OPEN_SLICES)];
  const hidden = comparison.metrics.filter((metric) => !shown.includes(metric));
  return [
    `${comparison.model}: ${comparison.verdict}`,
    terminalText(baselineInWords(comparison.baseline)),
    shown.length > 0 ? comparisonTable(shown) : 'there is no metric to compare',
    hidden.length > 0
      ? `${plural(hidden.length, 'more metric')} and slices (${countVerdicts(hidden)}): --full shows them`
      : '',
    ...comparison.warnings.map((warning) => `note: ${terminalText(warning)}`),
  ]
    .filter((line) => line !== '')
    .join('\n')
    .concat('\n');
}

const OPEN_SLICES = 5;

function comparisonTable(metrics: readonly MetricComparison[]): string {
  return textTable({
    columns: [
      { title: 'metric' },
      { title: 'baseline', align: 'right' },
      { title: 'this run', align: 'right' },
      { title: 'difference', align: 'right' },
      { title: '95 % interval', align: 'right' },
      { title: 'verdict' },
      { title: 'reason' },
    ],
    rows: metrics.map((metric) => {
      const digits = comparisonDigits(metric);
      return [
        nameWithSlice(metric.name, metric.slice),
        digits.baseline,
        digits.candidate,
        digits.difference,
        digits.interval,
        metric.verdict,
        metric.reason,
      ];
    }),
  });
}

async function writeComparison(
  models: readonly ComparedRuns[],
  { file, world }: { readonly file: string; readonly world: World },
): Promise<void> {
  const { comparisonPage } = await import('../report/many/page.js');
  await writePage(comparisonPage({ models, version: world.version }), { file, world });
}
