import type { ComparisonRecord, MetricComparison } from '../../compare/record.js';
import type { DatasetRecord } from '../../data/ingest/record.js';
import type { ValidationRecord } from '../../data/record.js';
import type { DeploymentRecord } from '../../deploy/record.js';
import { formatBytes, formatDifference, formatNumber, formatSeconds, plural } from '../../format.js';
import type { DecisionRecord } from '../../gate/record.js';
import { recordKind } from '../../history/record.js';
import type { Slice } from '../../metrics/metric.js';
import type { PruningRecord, StageRecord, VersionRecord } from '../../registry/record.js';
import { driftText } from '../../report/drift.js';
import { profileText } from '../../report/profile.js';
import { textTable } from '../../report/table.js';
import type { RunRecord } from '../../runs/record.js';
import { type KnownRecord, metricValue, summarize } from './known-record.js';

/** A record in words and tables, for a person at a terminal. Text from outside is not yet safe outside of tables. */
export function recordText(known: KnownRecord): string {
  const { record } = known;
  const head = [
    `${recordKind(record)} ${record.id}`,
    `  ${record.time}, by ${record.actor}, ${record.trigger.event}${record.trigger.url ? ` (${record.trigger.url})` : ''}`,
    `  commit ${record.commit ?? 'unknown (outside git)'}`,
    '',
    sentence(summarize(known)),
  ];
  return [...head, ...sections(known)].join('\n');
}

function sections(known: KnownRecord): readonly string[] {
  switch (known.kind) {
    case 'run':
      return runSections(known.record);
    case 'dataset':
      return datasetSections(known.record);
    case 'validation':
      return validationSections(known.record);
    case 'profile':
      return ['', ...profileText(known.record).split('\n').slice(2)];
    case 'drift':
      return ['', ...driftText(known.record).split('\n').slice(2)];
    case 'comparison':
      return comparisonSections(known.record);
    case 'decision':
      return decisionSections(known.record);
    case 'version':
      return versionSections(known.record);
    case 'stage':
      return stageSections(known.record);
    case 'deployment':
      return deploymentSections(known.record);
    case 'acceptance':
      return [];
    case 'pruning':
      return pruningSections(known.record);
    case 'unreadable':
      return ['', 'As it is written:', ...JSON.stringify(known.record, null, 2).split('\n')];
  }
}

function pruningSections({ artifacts, rule }: PruningRecord): readonly string[] {
  const orphans = rule.orphans ? '; what no record names was removed too' : '';
  return [
    ...section('Kept', [
      `the newest ${rule.runs} runs of each model, and runs younger than ${formatSeconds(rule.age)}${orphans}`,
    ]),
    ...section(
      'Artifacts that were removed',
      artifacts.map(
        ({ name, model, run, bytes, digest }) => `${model} ${run} ${name} (${formatBytes(bytes)}) ${digest}`,
      ),
    ),
  ];
}

function environmentLines(environment: RunRecord['environment']): readonly string[] {
  if (environment === null) return ['not known'];
  const { cpu, memory_bytes, os, runtimes, lockfiles } = environment;
  const tools = Object.entries(runtimes).map(([name, version]) => `${name} ${version}`);
  return [
    `${os}; ${plural(cpu.cores, 'core')} (${cpu.model}); ${formatBytes(memory_bytes)} of memory`,
    ...(tools.length > 0 ? [tools.join(', ')] : []),
    ...Object.entries(lockfiles).map(([file, digest]) => `${file} ${digest}`),
  ];
}

function importedLines(imported: RunRecord['imported']): readonly string[] {
  if (!imported) return [];
  const { tool, id, name, group } = imported;
  return [`from ${tool}: ${[group, name, id].filter((part) => part !== null).join(', ')}`];
}

function runSections(run: RunRecord): readonly string[] {
  const { branch, dirty, pull_request } = run.code;
  return [
    ...section('Command', run.command === null ? [] : [run.command]),
    ...section('Code', [
      [
        `branch ${branch ?? 'unknown'}`,
        ...(pull_request === null ? [] : [`pull request ${pull_request}`]),
        ...(dirty ? ['with changes that were not committed'] : []),
      ].join(', '),
    ]),
    ...(run.parent === null ? [] : section('Goes back to', [`run ${run.parent}`])),
    ...table(
      'Metrics',
      ['metric', 'split', 'slice', 'value', 'standard error', 'n', 'per seed'],
      [
        ...run.metrics.map((metric) => [
          metric.name,
          metric.split ?? '',
          sliceText(metric.slice),
          metricValue(metric),
          optional(metric.stderr, formatNumber),
          optional(metric.n, String),
          (metric.seed_values ?? []).map((value) => optional(value, formatNumber) || 'none').join(', '),
        ]),
      ],
    ),
    ...table(
      'Parameters',
      ['name', 'value'],
      Object.entries(run.params).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
    ...table(
      'Parameters that its tools recorded',
      ['name', 'value'],
      Object.entries(run.tool_params ?? {}).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
    ...table(
      'Data',
      ['dataset', 'rows', 'digest'],
      run.data.map((data) => [data.name, optional(data.rows, String), data.digest]),
    ),
    ...table(
      'Seeds',
      ['seed', 'status', 'time', 'peak memory', 'reason'],
      run.seeds.map((seed) => [
        String(seed.seed),
        seed.status,
        formatSeconds(seed.seconds),
        optional(seed.peak_memory_bytes, formatBytes),
        seed.reason ?? '',
      ]),
    ),
    ...table(
      'Artifacts',
      ['name', 'path', 'size', 'sha256'],
      run.artifacts.map((file) => [file.name, file.path, formatBytes(file.bytes), file.digest]),
    ),
    ...section('Environment', environmentLines(run.environment)),
    ...section('Imported', importedLines(run.imported)),
    ...section('Warnings', run.warnings),
    ...section(
      `Log (the last ${plural(run.log.tail.length, 'line')} of ${formatBytes(run.log.bytes)}${run.log.truncated ? ', cut' : ''})`,
      run.log.tail,
    ),
  ];
}

function datasetSections(dataset: DatasetRecord): readonly string[] {
  const { source } = dataset;
  return [
    ...section('Source', [
      `${source.source}, ${plural(source.files, 'file')}, sha256 ${source.digest}${source.dataset ? ` (the dataset ${source.dataset})` : ''}`,
    ]),
    ...table(
      'Steps',
      ['step', 'kind', 'result', 'time', 'code', 'output', 'sha256'],
      dataset.steps.map((step) => [
        step.name,
        step.kind,
        step.status === 'skipped' ? `skipped, as in ${step.from}` : (step.reason ?? step.status),
        formatSeconds(step.seconds),
        step.code.map(({ file }) => file).join(', '),
        step.output ? formatBytes(step.output.bytes) : '',
        step.output?.digest ?? '',
      ]),
    ),
    ...section('Result', [
      dataset.digest === null ? (dataset.reason ?? '') : `sha256 ${dataset.digest}`,
      `${plural(dataset.rows ?? 0, 'row')}, ${dataset.rejected ?? 0} rejected`,
    ]),
    ...table(
      'Columns',
      ['column', 'type', 'missing values'],
      dataset.columns.map(({ name, type, missing }) => [name, type, missing ? 'yes' : 'no']),
    ),
  ];
}

function validationSections(validation: ValidationRecord): readonly string[] {
  return [
    ...section('Data', [
      `${validation.source}, sha256 ${validation.digest}`,
      `${plural(validation.rows, 'row')} read, ${validation.rejected} rejected, ${plural(validation.columns.length, 'column')}`,
    ]),
    ...table(
      'Checks',
      ['check', 'result', 'failing', 'where', 'detail'],
      validation.checks.map((check) => [
        check.check,
        check.passed ? 'passed' : check.severity === 'warn' ? 'warning' : 'failed',
        `${check.failing} of ${check.total}`,
        check.rows.length === 0 ? '' : `${check.rows_are} ${check.rows.join(', ')}`,
        check.detail ?? '',
      ]),
    ),
  ];
}

function comparisonSections(comparison: ComparisonRecord): readonly string[] {
  const { baseline, candidate } = comparison;
  const behind = baseline.behind ? `, ${plural(baseline.behind, 'commit')} behind` : '';
  return [
    ...section('Compared', [
      `candidate: run ${candidate.run} of commit ${candidate.commit ?? 'unknown'}`,
      baseline.run === null
        ? `baseline: none; ${baseline.why}`
        : `baseline: run ${baseline.run} of commit ${baseline.commit ?? 'unknown'}${behind}; ${baseline.why}`,
    ]),
    ...table(
      'Metrics',
      ['metric', 'slice', 'baseline', 'candidate', 'difference', 'interval', 'verdict', 'reason'],
      comparison.metrics.map(comparisonRow),
    ),
    ...table(
      'Parameters that differ',
      ['name', 'baseline', 'candidate'],
      comparison.params.map((param) => [param.name, jsonOr(param.baseline), jsonOr(param.candidate)]),
    ),
    ...table(
      'Costs',
      ['what', 'baseline', 'candidate'],
      comparison.costs.map((cost) => [
        cost.name,
        optional(cost.baseline, formatNumber),
        optional(cost.candidate, formatNumber),
      ]),
    ),
    ...section('Warnings', comparison.warnings),
  ];
}

function comparisonRow(metric: MetricComparison): readonly string[] {
  const [low, high] = metric.interval ?? [];
  const interval =
    low === undefined || high === undefined ? '' : `${formatDifference(low)} to ${formatDifference(high)}`;
  return [
    metric.split === null ? metric.name : `${metric.name}@${metric.split}`,
    sliceText(metric.slice),
    metric.baseline ? metricValue(metric.baseline) : '',
    metric.candidate ? metricValue(metric.candidate) : '',
    optional(metric.difference, (value) => formatDifference(value)),
    interval,
    metric.verdict,
    metric.reason,
  ];
}

function decisionSections(decision: DecisionRecord): readonly string[] {
  const { override } = decision;
  return [
    ...table(
      'Rules',
      ['rule', 'slice', 'says', 'reason'],
      decision.rules.map((rule) => [rule.rule, sliceText(rule.slice), rule.outcome, rule.reason]),
    ),
    ...table(
      'Evidence',
      [
        'metric',
        'slice',
        'baseline',
        'this run',
        '95 % of the difference',
        'tolerance',
        'p',
        'after Holm',
        'method',
      ],
      decision.rules.flatMap(({ metric, slice, evidence }) =>
        metric === null || !evidence
          ? []
          : [
              [
                metric,
                sliceText(slice),
                optional(evidence.baseline, formatNumber),
                optional(evidence.candidate, formatNumber),
                optional(
                  evidence.interval,
                  ([low, high]) => `${formatDifference(low)} to ${formatDifference(high)}`,
                ),
                formatNumber(evidence.tolerance, 3),
                optional(evidence.p, (p) => formatNumber(p, 3)),
                optional(evidence.p_adjusted, (p) => formatNumber(p, 3)),
                evidence.method,
              ],
            ],
      ),
    ),
    ...section('Rests on', [
      `run ${decision.run}`,
      decision.comparison === null
        ? 'no comparison: no rule needed one'
        : `comparison ${decision.comparison}`,
    ]),
    ...(override
      ? section('Decided by a person', [`${override.by} over ${override.was}: ${override.reason}`])
      : []),
  ];
}

function versionSections(version: VersionRecord): readonly string[] {
  return [
    ...section('Released as', [version.tag, ...(version.url ? [version.url] : [])]),
    ...section('From', [`run ${version.run}`, ...(version.decision ? [`decision ${version.decision}`] : [])]),
    ...table(
      'Assets',
      ['name', 'size', 'sha256'],
      version.assets.map((asset) => [asset.name, formatBytes(asset.bytes), asset.digest]),
    ),
  ];
}

function stageSections(stage: StageRecord): readonly string[] {
  return [
    ...section('Tag', [stage.tag]),
    ...(stage.decision ? section('From', [`decision ${stage.decision}`]) : []),
  ];
}

function deploymentSections(deployment: DeploymentRecord): readonly string[] {
  return [
    ...section('Replaced', [deployment.replaced ?? 'nothing: it is the first on this target']),
    ...(deployment.url ? section('Address', [deployment.url]) : []),
    ...table(
      'Steps',
      ['step', 'result', 'time', 'detail'],
      deployment.steps.map((step) => [
        step.step,
        step.ok ? 'ok' : 'failed',
        formatSeconds(step.seconds),
        step.detail,
      ]),
    ),
    ...deployment.steps
      .filter((step) => !step.ok && step.tail.length > 0)
      .flatMap((step) => section(`What ${step.step} said last`, step.tail)),
  ];
}

/** Nothing at all when there are no lines. */
function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${oneLine(line)}`)];
}

/** Columns in which no row has anything are left out. */
function table(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const used = columns.map((_, index) => index).filter((index) => rows.some((row) => row[index]));
  const text = textTable({
    columns: used.map((index) => ({ title: columns[index] ?? '' })),
    rows: rows.map((row) => used.map((index) => row[index] ?? '')),
  });
  return rows.length === 0 ? [] : section(title, text.split('\n'));
}

function sliceText(slice: Slice | null): string {
  return Object.entries(slice ?? {})
    .map(([column, value]) => `${column}=${value}`)
    .join(', ');
}

function optional<T>(value: T | null, format: (value: T) => string): string {
  return value === null ? '' : format(value);
}

function jsonOr(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

function sentence(text: string): string {
  const line = oneLine(text);
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.!?]$/.test(line) ? '' : '.'}`;
}

/** Lines are made safe one by one, so text from outside must not bring its own. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u0085\u2028\u2029]+/g, ' ');
}
