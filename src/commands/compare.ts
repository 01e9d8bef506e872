import { baselineInWords } from '../compare/baseline.js';
import type { ComparisonRecord, Verdict } from '../compare/record.js';
import { formatDifference, formatNumber } from '../format.js';
import { terminalText } from '../report/escape.js';
import { textTable } from '../report/table.js';
import { compareModel, findRun } from './comparison.js';
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
    const comparisons: ComparisonRecord[] = [];
    for (const { name } of chosenModels(project, input.options.model)) {
      const [a, b] = input.arguments;
      const candidate = await findRun(project, name, b);
      const baseline =
        a === undefined ? input.options.baseline : `run:${(await findRun(project, name, a)).id}`;
      comparisons.push(
        await compareModel({ project, world, model: name, candidate, ...(baseline ? { baseline } : {}) }),
      );
    }
    await (await project.history()).append(comparisons);
    return {
      exit: 0,
      json: comparisons.length === 1 ? comparisons[0] : comparisons,
      text: comparisons.map((comparison) => comparisonText(comparison, input.options.all)).join('\n'),
      outputs: {
        verdict: mostPressing(comparisons),
        worse: String(countOf(comparisons, 'worse')),
        better: String(countOf(comparisons, 'better')),
      },
    };
  },
);

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

/** What a person reads: the headline, why this baseline, and a table. */
function comparisonText(comparison: ComparisonRecord, all: boolean): string {
  const shown = comparison.metrics.filter(
    (metric) => all || (metric.slice === null && metric.verdict !== 'equal') || metric.verdict === 'worse',
  );
  const rows = shown.map((metric) => [
    metric.slice ? `${metric.name} [${sliceInWords(metric.slice)}]` : metric.name,
    metric.baseline?.value == null ? '–' : formatNumber(metric.baseline.value),
    metric.candidate?.value == null ? '–' : formatNumber(metric.candidate.value),
    metric.difference === null ? '' : formatDifference(metric.difference),
    metric.interval
      ? `${formatDifference(metric.interval[0])} … ${formatDifference(metric.interval[1])}`
      : '',
    metric.verdict,
    metric.reason,
  ]);
  const hidden = comparison.metrics.length - shown.length;
  return [
    `${comparison.model}: ${comparison.verdict}`,
    `compared with ${terminalText(baselineInWords(comparison.baseline))}`,
    textTable({
      columns: [
        { title: 'metric' },
        { title: 'baseline', align: 'right' },
        { title: 'this run', align: 'right' },
        { title: 'difference', align: 'right' },
        { title: '95 % interval', align: 'right' },
        { title: 'verdict' },
        { title: 'reason' },
      ],
      rows,
    }),
    hidden > 0 ? `${hidden} more (slices and metrics that are equal): --all shows them` : '',
    ...comparison.warnings.map((warning) => `note: ${terminalText(warning)}`),
    '',
  ]
    .filter((line, index, lines) => line !== '' || index === lines.length - 1)
    .join('\n');
}

function sliceInWords(slice: Readonly<Record<string, string>>): string {
  return Object.entries(slice)
    .map(([column, value]) => `${column}=${value}`)
    .join(', ');
}
