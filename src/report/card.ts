import type { ComparisonRecord, MetricComparison } from '../compare/record.js';
import {
  formatBytes,
  formatDifference,
  formatNumber,
  formatSeconds,
  plural,
  shortCommit,
} from '../format.js';
import type { DecisionRecord } from '../gate/record.js';
import { type Metric, metricKey, nameWithSlice, sliceInWords } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import { markdownCell, markdownCode, markdownText } from './escape.js';

/** The model card of a version: facts from its records only. What nobody recorded is said to be unknown. */

export interface CardFacts {
  /** Semantic version: checked, so that it needs no escape. */
  readonly version: string;
  readonly run: RunRecord;
  /** What the gate said of the run; undefined when the model has no gate. */
  readonly decision: DecisionRecord | undefined;
  /** What the decision rests on; undefined when it rests on none. */
  readonly comparison: ComparisonRecord | undefined;
  /** The files of the release. */
  readonly files: readonly { readonly name: string; readonly digest: string; readonly bytes: number }[];
}

/** Rows of each table, so that the card fits the body of a release; what is beyond is counted, and is in run.json. */
const TABLE_ROWS = 100;
/** Code points of a command shown. */
const COMMAND_LIMIT = 500;

/** Markdown; every text from outside is escaped. The same facts give the same bytes, so that a release can be resumed. */
export function modelCard(facts: CardFacts): string {
  const { run } = facts;
  const sections = [
    `# ${markdownText(run.model)} ${facts.version}`,
    origin(run),
    section('Decision', decisionText(facts.decision)),
    section('Metrics', metricsText(facts)),
    section('Data', dataText(run)),
    section('Parameters', paramsText(run)),
    section('Training', trainingText(run)),
    section('Files', filesText(facts.files)),
    section(
      'Intended use and limits',
      'Not recorded. This card holds only what was measured; whoever knows what the model is for adds it here.',
    ),
  ];
  return `${sections.join('\n\n')}\n`;
}

function section(title: string, text: string): string {
  return `## ${title}\n\n${text}`;
}

interface Table<T> {
  readonly titles: readonly string[];
  readonly items: readonly T[];
  /** The cells of an item, escaped; only called for the items shown. */
  readonly row: (item: T) => readonly string[];
}

function table<T>({ titles, items, row }: Table<T>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const shown = items.slice(0, TABLE_ROWS).map(row);
  const text = [line(titles), line(titles.map(() => '---')), ...shown.map(line)].join('\n');
  const rest = items.length - shown.length;
  return rest > 0 ? `${text}\n\n${rest.toLocaleString('en-US')} more are in \`run.json\`.` : text;
}

function origin(run: RunRecord): string {
  const commit =
    run.commit === null
      ? 'outside git'
      : `commit \`${shortCommit(run.commit)}\`${run.code.dirty ? ' **with changes that were not committed**' : ''}`;
  return `Trained ${run.time} by ${markdownText(run.actor)}, ${commit}, run \`${run.id}\`.`;
}

function decisionText(decision: DecisionRecord | undefined): string {
  if (!decision) return 'This model has no gate: nothing had to be met.';
  const { override } = decision;
  const lines = [
    override
      ? `**${decision.decision}**, by ${markdownText(override.by)} over the gate, which said **${override.was}**: ${markdownText(override.reason)}`
      : `**${decision.decision}** by the gate (\`${decision.id}\`).`,
  ];
  if (decision.rules.length > 0) {
    lines.push(
      table({
        titles: ['rule', 'outcome', 'reason'],
        items: decision.rules,
        row: (rule) => [
          markdownCell(nameWithSlice(rule.rule, rule.slice)),
          rule.outcome,
          markdownCell(rule.reason),
        ],
      }),
    );
  }
  return lines.join('\n\n');
}

function metricsText(facts: CardFacts): string {
  const { run, comparison } = facts;
  if (run.metrics.length === 0) return 'None were recorded.';
  const compared = new Map(comparison?.metrics.map((metric) => [metricKey(metric), metric]));
  const items = [
    ...run.metrics.filter((metric) => metric.slice === null),
    ...run.metrics.filter((metric) => metric.slice !== null),
  ];
  const parts = [
    table({
      titles: [
        'metric',
        'split',
        'slice',
        'value',
        'standard error',
        'rows',
        'baseline',
        'difference',
        'verdict',
      ],
      items,
      row: (metric) => metricRow(metric, compared.get(metricKey(metric))),
    }),
  ];
  if (comparison) {
    const { baseline } = comparison;
    parts.push(
      baseline.run === null
        ? `No baseline: ${markdownText(baseline.why)}`
        : `Baseline: run ${markdownCode(baseline.run)} (${markdownText(baseline.why)}).`,
    );
  }
  return parts.join('\n\n');
}

function metricRow(metric: Metric, compared: MetricComparison | undefined): readonly string[] {
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : formatNumber(value);
  return [
    markdownCell(metric.name),
    markdownCell(metric.split ?? '–'),
    metric.slice === null ? '–' : markdownCell(sliceInWords(metric.slice)),
    metric.value === null ? markdownCell(metric.reason ?? 'no value') : formatNumber(metric.value),
    number(metric.stderr),
    number(metric.n),
    number(compared?.baseline?.value),
    compared?.difference === null || compared === undefined ? '–' : formatDifference(compared.difference),
    compared ? compared.verdict : '–',
  ];
}

function dataText(run: RunRecord): string {
  if (run.data.length === 0) return 'No dataset was declared.';
  return table({
    titles: ['dataset', 'rows', 'digest'],
    items: run.data,
    row: ({ name, rows, digest }) => [
      markdownCell(name),
      rows === null ? 'unknown' : plural(rows, 'row'),
      markdownCode(digest),
    ],
  });
}

function paramsText(run: RunRecord): string {
  const items = Object.entries(run.params);
  if (items.length === 0) return 'None.';
  return table({
    titles: ['parameter', 'value'],
    items,
    row: ([name, value]) => [markdownCell(name), markdownCode(JSON.stringify(value))],
  });
}

function machineItems(environment: RunRecord['environment']): readonly (readonly [string, string])[] {
  if (environment === null) return [['system', 'unknown']];
  return [
    ['system', markdownCell(environment.os)],
    ['processor', `${markdownCell(environment.cpu.model)}, ${plural(environment.cpu.cores, 'core')}`],
    ['memory', formatBytes(environment.memory_bytes)],
    ...entries(environment.runtimes).map(([name, version]) => [name, markdownCode(version)] as const),
    ...entries(environment.lockfiles).map(([file, digest]) => [file, markdownCode(digest)] as const),
  ];
}

function trainingText(run: RunRecord): string {
  const { environment, resources } = run;
  const { peak_memory_bytes: peak } = resources;
  const items: readonly (readonly [string, string])[] = [
    ['command', run.command === null ? 'none' : markdownCode(run.command, COMMAND_LIMIT)],
    ['seeds', run.seeds.map(({ seed }) => seed).join(', ') || 'none'],
    ['time', run.seconds === null ? 'unknown' : formatSeconds(run.seconds)],
    ['peak memory', peak === null ? 'unknown' : formatBytes(peak)],
    ...machineItems(environment),
  ];
  return table({ titles: ['fact', 'value'], items, row: (item) => item });
}

/** Sorted by name, the names escaped. */
function entries(values: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [markdownCell(name), value]);
}

function filesText(files: CardFacts['files']): string {
  if (files.length === 0) return 'The run kept no files of the model.';
  return table({
    titles: ['file', 'size', 'SHA-256'],
    items: files,
    row: (file) => [markdownCell(file.name), formatBytes(file.bytes), markdownCode(file.digest)],
  });
}
