import type { CheckResult, ValidationRecord } from '../data/record.js';
import { formatNumber, formatSeconds, plural } from '../format.js';
import { changesInWords } from './changes.js';
import { markdownCell, markdownText, terminalText } from './escape.js';
import { textTable } from './table.js';

/** What a validation found, for people: on a terminal and as a markdown report. */

/** One line that says it all, then a table of the checks that did not hold. */
export function validationText(record: ValidationRecord): string {
  const failed = notHeld(record);
  const lines = [`${terminalText(record.dataset)}: ${validationHeadline(record)}`];
  const changes = changesInWords(record);
  if (changes !== '') lines.push(terminalText(`  ${changes}`));
  if (failed.length > 0) {
    const rows = failed.map((check) => [check.check, outcome(check), ofTotal(check), where(check)]);
    const table = textTable({
      columns: [
        { title: 'check' },
        { title: 'result' },
        { title: 'failing', align: 'right' },
        { title: 'first' },
      ],
      rows,
    });
    lines.push('', ...table.split('\n').map((line) => `  ${line}`));
    const details = failed.filter((check) => check.detail !== null || check.values?.length);
    if (details.length > 0) lines.push('');
    for (const check of details) {
      lines.push(terminalText(`  ${check.check}: ${remarks(check)}`));
    }
  }
  return lines.join('\n');
}

export function validationMarkdown(record: ValidationRecord): string {
  const mark = (check: CheckResult) => (check.passed ? '✅' : check.severity === 'warn' ? '⚠️' : '❌');
  const sorted = [...notHeld(record), ...record.checks.filter((check) => check.passed)];
  const row = (check: CheckResult) => {
    const remark = remarks(check);
    const cells = [check.check, outcome(check), ofTotal(check), check.passed ? '' : where(check), remark];
    return `| ${mark(check)} | ${cells.map((cell) => markdownCell(cell, 400)).join(' | ')} |`;
  };
  return [
    `## ${record.valid ? '✅' : '❌'} ${markdownText(record.dataset)}: ${markdownText(validationHeadline(record))}`,
    '',
    `Source ${markdownText(record.source)}, SHA-256 ${markdownText(record.digest.slice(0, 12))}, ${markdownText(record.time)}.`,
    '',
    ...changesMarkdown(record),
    '| | check | result | failing | first | remarks |',
    '|---|---|---|---:|---|---|',
    ...sorted.map(row),
    '',
  ].join('\n');
}

/** The schema against the baseline's: a line, and a table where columns differ. */
function changesMarkdown(record: ValidationRecord): readonly string[] {
  const { changes } = record;
  if (!changes) return [];
  const text = changesInWords(record);
  const { added, removed, retyped } = changes;
  const line = `${markdownText(text.charAt(0).toUpperCase() + text.slice(1), 1200)}.`;
  const rows = [
    ...removed.map(({ name, type }) => [name, type, 'gone']),
    ...retyped.map(({ name, before, after }) => [name, before, after]),
    ...added.map(({ name, type }) => [name, 'not there', type]),
  ];
  if (rows.length === 0) return [line, ''];
  return [
    line,
    '',
    '| column | before | now |',
    '|---|---|---|',
    ...rows
      .slice(0, MOST_CHANGES)
      .map((cells) => `| ${cells.map((cell) => markdownCell(cell)).join(' | ')} |`),
    '',
  ];
}

const MOST_CHANGES = 100;

export function validationHeadline(record: ValidationRecord): string {
  const errors = record.checks.filter((check) => !check.passed && check.severity === 'error').length;
  const warnings = record.checks.filter((check) => !check.passed && check.severity === 'warn').length;
  const size = `${plural(record.rows, 'row')}, ${plural(record.columns.length, 'column')}`;
  const rejected = record.rejected > 0 ? `, ${plural(record.rejected, 'line')} rejected` : '';
  const counts = [
    ...(errors > 0 ? [`${errors} of ${plural(record.checks.length, 'check')} failed`] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ...(errors + warnings === 0 ? [`${plural(record.checks.length, 'check')} passed`] : []),
  ];
  return `${record.valid ? 'valid' : 'not valid'} (${counts.join(', ')}; ${size}${rejected}; ${formatSeconds(record.seconds)})`;
}

/** Errors first. */
export function notHeld(record: ValidationRecord): readonly CheckResult[] {
  const failed = record.checks.filter((check) => !check.passed);
  return [
    ...failed.filter((check) => check.severity === 'error'),
    ...failed.filter((check) => check.severity === 'warn'),
  ];
}

function outcome(check: CheckResult): string {
  if (check.passed) return 'passed';
  return check.severity === 'warn' ? 'warning' : 'failed';
}

export function ofTotal(check: CheckResult): string {
  const count = `${check.failing.toLocaleString('en-US')} of ${check.total.toLocaleString('en-US')}`;
  const share = (100 * check.failing) / check.total;
  return check.failing === 0 || check.total <= 1 ? count : `${count} (${formatNumber(share, 2)}%)`;
}

export function where(check: CheckResult): string {
  if (check.rows.length === 0) return '';
  const files = check.files;
  const places = files ? check.rows.map((row, i) => `${files[i]}:${row}`) : check.rows.map(String);
  const unit = files ? '' : check.rows.length === 1 ? check.rows_are.slice(0, -1) : check.rows_are;
  const more = check.failing > check.rows.length ? ' …' : '';
  return `${unit} ${places.join(', ')}${more}`.trim();
}

export function remarks(check: CheckResult): string {
  const values = check.passed ? [] : (check.values ?? []).map((value) => JSON.stringify(value));
  return [
    ...(check.detail === null ? [] : [check.detail]),
    ...(values.length > 0 ? [`values: ${values.join(', ')}`] : []),
  ].join('; ');
}
