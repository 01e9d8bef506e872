import type { DatasetRecord, StepRecord } from '../data/ingest/record.js';
import { formatSeconds, plural } from '../format.js';
import { terminalText } from './escape.js';
import { textTable } from './table.js';

/** In one line: what it is, or why it is not. */
export function datasetHeadline(record: DatasetRecord): string {
  const name = terminalText(record.dataset);
  const rejected = record.rejected ? `, ${plural(record.rejected, 'line')} rejected` : '';
  return record.status === 'succeeded'
    ? `${name}: ${plural(record.rows ?? 0, 'row')}, ${plural(record.columns.length, 'column')}${rejected}; SHA-256 ${record.digest?.slice(0, 12)}`
    : `${name}: ${record.status}: ${terminalText(record.reason ?? '')}`;
}

/** What an ingest came to, for a terminal. */
export function ingestText(record: DatasetRecord): string {
  const head = datasetHeadline(record);
  if (record.steps.length === 0) return head;
  const rows = record.steps.map((step) => [
    terminalText(step.name),
    step.kind,
    outcome(step),
    formatSeconds(step.seconds),
  ]);
  const table = textTable({
    columns: [{ title: 'step' }, { title: 'kind' }, { title: 'result' }, { title: 'time', align: 'right' }],
    rows,
  });
  return [head, '', ...table.split('\n').map((line) => `  ${line}`)].join('\n');
}

function outcome(step: StepRecord): string {
  if (step.status === 'skipped') return `skipped (as in ${step.from ?? 'an earlier run'})`;
  return step.status === 'failed' || step.status === 'cancelled'
    ? `${step.status}: ${terminalText(step.reason ?? '')}`
    : step.status;
}
