import { baselineInWords } from '../compare/baseline.js';
import { comparisonDigits } from '../compare/digits.js';
import type { ComparisonRecord, MetricComparison, Verdict } from '../compare/record.js';
import { plural } from '../format.js';
import { terminalText } from '../report/escape.js';
import { sliceInWords } from '../report/headline.js';
import { countVerdicts, metricRows } from '../report/rows.js';
import { textTable } from '../report/table.js';
import { compareModel, findRun, watchedMetrics } from './comparison.js';
import { chosenModels, openProject } from './project.js';
import { defineVerb } from './verb.js';

export const compare = defineVerb(
  {
    name: 'compare',
    summary: 'compare a run with its baseline, with verdicts that know noise',
    description:
      'Compares run B with run A, metric by metric. A is the baseline (see `baseline` in assay.yml: by default the run of the merge base with the target branch, else its nearest measured ancestor), B the newest run of this commit. With one argument, that is A.\n\nEach metric gets a verdict: better, worse, equal (within the tolerance), inconclusive (with how many more seeds or rows would settle it), changed (no direction is known), new, missing or incomparable. The comparison is recorded.',
    arguments: [
      { name: 'a', description: 'the baseline: a run, a version such as income@v1.2.0, or a commit' },
      { name: 'b', description: 'the candidate, named likewise' },
    ],
    options: {
      model: { kind: 'text', description: 'only this model', placeholder: 'MODEL' },
      baseline: {
        kind: 'text',
        description: 'merge-base, branch:NAME, stage:NAME, run:ID or blessed, instead of what assay.yml says',
        placeholder: 'POLICY',
      },
      all: { kind: 'flag', description: 'show slices too, and metrics that did not change' },
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
    ],
  },
  async (input, world) => {
    const project = await openProject(world, input.config);
    const compared: Compared[] = [];
    for (const { name, model } of chosenModels(project, input.options.model)) {
      const [a, b] = input.arguments;
      const candidate = await findRun(project, name, b);
      const baseline =
        a === undefined ? input.options.baseline : `run:${(await findRun(project, name, a)).id}`;
      const comparison = await compareModel({
        project,
        world,
        model: name,
        candidate,
        ...(baseline ? { baseline } : {}),
      });
      compared.push({ model: name, comparison, watched: [...watchedMetrics(model)] });
    }
    const comparisons = compared.map(({ comparison }) => comparison);
    await (await project.history()).append(comparisons);
    return {
      exit: 0,
      json: comparisons.length === 1 ? comparisons[0] : comparisons,
      text: compared.map((one) => comparisonText(one, input.options.all)).join('\n'),
      outputs: {
        verdict: mostPressing(comparisons),
        worse: String(countOf(comparisons, 'worse')),
        better: String(countOf(comparisons, 'better')),
      },
    };
  },
);

interface Compared {
  readonly model: string;
  readonly comparison: ComparisonRecord;
  readonly watched: readonly string[];
}

function countOf(comparisons: readonly ComparisonRecord[], verdict: Verdict): number {
  return comparisons
    .flatMap((comparison) => comparison.metrics)
    .filter((metric) => metric.verdict === verdict).length;
}

function mostPressing(comparisons: readonly ComparisonRecord[]): Verdict {
  const order: readonly Verdict[] = [
    'worse',
    'missing',
    'incomparable',
    'inconclusive',
    'better',
    'changed',
    'equal',
  ];
  return order.find((verdict) => comparisons.some((comparison) => comparison.verdict === verdict)) ?? 'new';
}

/** What a person reads: the headline, why this baseline, and a table of what matters. */
function comparisonText(compared: Compared, all: boolean): string {
  const { comparison } = compared;
  const { main, alarming } = metricRows({
    ...compared,
    run: undefined,
    decision: undefined,
    validations: [],
  });
  const shown = all ? comparison.metrics : [...main, ...alarming.slice(0, OPEN_SLICES)];
  const hidden = comparison.metrics.filter((metric) => !shown.includes(metric));
  return [
    `${comparison.model}: ${comparison.verdict}`,
    terminalText(baselineInWords(comparison.baseline)),
    shown.length > 0 ? comparisonTable(shown) : 'there is no metric to compare',
    hidden.length > 0
      ? `${plural(hidden.length, 'more metric')} and slices (${countVerdicts(hidden)}): --all shows them`
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
        metric.slice ? `${metric.name} for ${sliceInWords(metric.slice)}` : metric.name,
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
