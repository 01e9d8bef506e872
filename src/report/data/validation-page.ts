import type { ProfileContent } from '../../data/profile/record.js';
import type { CheckResult, ValidationRecord } from '../../data/record.js';
import { plural } from '../../format.js';
import { changesBaseline, rowsInWords } from '../changes.js';
import { htmlText } from '../escape.js';
import { notHeld, ofTotal, remarks, validationHeadline, where } from '../validation.js';
import { type Article, cell, chipOf, dataPage, nameCell, note, type Part, tableOf } from './page.js';
import { columnsPart } from './profile-page.js';

export interface ValidatedData {
  readonly record: ValidationRecord;
  /** Null where it was not made. */
  readonly profile: ProfileContent | null;
}

/** Validations as one self-contained page: what failed and where, then what each column holds. */
export function validationPage(
  data: readonly ValidatedData[],
  options: { readonly version: string },
): string {
  const invalid = data.filter(({ record }) => !record.valid).length;
  const names = data.map(({ record }) => record.dataset);
  return dataPage({
    title: `${names.join(', ')}: ${invalid === 0 ? 'valid' : 'not valid'}`,
    articles: data.map(articleOf),
    version: options.version,
    footer: 'Rows are named by number; values are left out unless the dataset has show_values: true.',
  });
}

function articleOf({ record, profile }: ValidatedData): Article {
  return {
    title: record.dataset,
    chip: { text: record.valid ? 'valid' : 'not valid', tone: record.valid ? 'good' : 'bad' },
    lead: `${htmlText(validationHeadline(record))}. Source <code>${htmlText(record.source, 300)}</code>, SHA-256 <code>${htmlText(record.digest.slice(0, 12))}</code>, ${htmlText(record.time)}.`,
    parts: [
      failedPart(record),
      changesPart(record),
      passedPart(record),
      ...(profile ? [columns(record, profile)] : []),
    ],
  };
}

const HEAD = [
  { title: 'check' },
  { title: 'result' },
  { title: 'failing', number: true },
  { title: 'first' },
  { title: 'remarks' },
];

function failedPart(record: ValidationRecord): Part {
  const failed = notHeld(record);
  return {
    id: 'failed',
    title: failed.length === 0 ? 'Every check holds' : countsOf(failed),
    body:
      failed.length === 0
        ? note(`${plural(record.checks.length, 'check')} over ${plural(record.rows, 'row')}.`)
        : tableOf(
            HEAD,
            failed.map((check) => [
              name(check),
              `<td>${result(check)}</td>`,
              `<td class="number">${bar(check)}${htmlText(ofTotal(check))}</td>`,
              cell(where(check), 'rows'),
              cell(remarks(check), 'words'),
            ]),
          ),
  };
}

function countsOf(failed: readonly CheckResult[]): string {
  const errors = failed.filter(({ severity }) => severity === 'error').length;
  const warnings = failed.length - errors;
  return [
    ...(errors > 0 ? [`${plural(errors, 'check')} failed`] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ].join(', ');
}

function name(check: CheckResult): string {
  return `<th scope="row">${htmlText(check.check, 200)}</th>`;
}

function result(check: CheckResult): string {
  if (check.passed) return chipOf('passed', 'good');
  return check.severity === 'warn' ? chipOf('warning', 'unsure') : chipOf('failed', 'bad');
}

function bar({ failing, total }: CheckResult): string {
  if (total <= 1) return '';
  const width = Math.max(1, Math.min(100, (100 * failing) / total));
  return `<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar" width="${width.toFixed(1)}" height="8"/></svg>`;
}

/** Columns that came, went or changed their type since the baseline, and how many rows there were. */
function changesPart(record: ValidationRecord): Part {
  const { changes } = record;
  if (!changes) return { id: 'changes', title: '', body: '' };
  const { added, removed, retyped, baseline } = changes;
  const row = (of: string, before: string, now: string) => [nameCell(of), cell(before), cell(now)];
  const rows = [
    ...removed.map((one) => row(one.name, one.type, 'gone')),
    ...retyped.map((one) => row(one.name, one.before, one.after)),
    ...added.map((one) => row(one.name, 'not there', one.type)),
  ];
  const digests = `SHA-256 <code>${htmlText(baseline.digest.slice(0, 12))}</code> before, <code>${htmlText(record.digest.slice(0, 12))}</code> now`;
  const text = `Held against ${htmlText(changesBaseline(baseline), 300)}: ${htmlText(rowsInWords(record))}. ${digests}.`;
  return {
    id: 'changes',
    title: rows.length === 0 ? 'The same columns' : `${plural(rows.length, 'column')} changed`,
    body: `${note(text)}${rows.length === 0 ? '' : tableOf([{ title: 'column' }, { title: 'before' }, { title: 'now' }], rows.slice(0, 500))}`,
  };
}

function passedPart(record: ValidationRecord): Part {
  const passed = record.checks.filter((check) => check.passed);
  if (passed.length === 0) return { id: 'passed', title: '', body: '' };
  const table = tableOf(
    [{ title: 'check' }, { title: 'result' }, { title: 'failing', number: true }, { title: 'remarks' }],
    passed.map((check) => [
      name(check),
      `<td>${result(check)}</td>`,
      cell(ofTotal(check), 'number'),
      cell(check.detail ?? '', 'words'),
    ]),
  );
  return {
    id: 'passed',
    title: `${plural(passed.length, 'check')} passed`,
    body: `<details${passed.length === record.checks.length ? ' open' : ''}><summary>Show ${passed.length === 1 ? 'it' : 'them'}</summary>${table}</details>`,
  };
}

function columns(record: ValidationRecord, profile: ProfileContent): Part {
  const failing = new Map<string, CheckResult[]>();
  for (const check of notHeld(record)) {
    if (check.column !== null) failing.set(check.column, [...(failing.get(check.column) ?? []), check]);
  }
  return columnsPart(profile, (column) => {
    const checks = failing.get(column) ?? [];
    const errors = checks.filter(({ severity }) => severity === 'error').length;
    const warnings = checks.length - errors;
    return {
      fails: errors > 0,
      chips: [
        ...(errors > 0 ? [{ text: `${plural(errors, 'check')} failed`, tone: 'bad' as const }] : []),
        ...(warnings > 0 ? [{ text: plural(warnings, 'warning'), tone: 'unsure' as const }] : []),
      ],
    };
  });
}
