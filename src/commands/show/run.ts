import { formatBytes, formatNumber, formatSeconds, plural } from '../../format.js';
import { sliceInWords } from '../../metrics/metric.js';
import type { RunRecord } from '../../runs/record.js';
import { metricValue } from '../records/known-record.js';
import { optional, section, table } from './sections.js';

export function runSections(run: RunRecord): readonly string[] {
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
          sliceInWords(metric.slice),
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
