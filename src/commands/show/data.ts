import type { DatasetRecord } from '../../data/ingest/record.js';
import type { ValidationRecord } from '../../data/record.js';
import { formatBytes, formatSeconds, plural } from '../../format.js';
import { section, table } from './sections.js';

export function datasetSections(dataset: DatasetRecord): readonly string[] {
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

export function validationSections(validation: ValidationRecord): readonly string[] {
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
