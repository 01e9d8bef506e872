import { formatNumber, plural } from '../../format.js';
import type { ColumnTest } from './comparison.js';
import type { ColumnVerdict, DatasetVerdict } from './decide.js';

/** Verdicts in words, each with the number that decided. */

const TESTS: Readonly<Record<ColumnTest['test'], string>> = {
  'kolmogorov-smirnov': 'Kolmogorov–Smirnov',
  'anderson-darling': 'Anderson–Darling',
  'chi-squared': 'chi-squared',
  permutation: 'permutation',
  fisher: 'Fisher',
  novelty: 'novelty',
};

function effectWords({ of, effect: { name, value, floor } }: ColumnTest): string {
  const reached = value >= floor ? '≥' : '<';
  const number = (x: number) => formatNumber(x, 3);
  const percent = (x: number) => `${formatNumber(100 * x, 3)}%`;
  switch (name) {
    case 'wasserstein': {
      const what = of === 'lengths' ? 'lengths moved by' : 'moved by';
      return `${what} ${number(value)} standard deviations ${reached} ${number(floor)}`;
    }
    case 'jensen_shannon':
      return `Jensen–Shannon ${number(value)} ${reached} ${number(floor)}`;
    case 'missing':
      return `share of missing values changed by ${percent(value)} ${reached} ${percent(floor)}`;
    case 'new_values':
      return `${percent(value)} of rows have new values, beyond chance, ${reached} ${percent(floor)}`;
  }
}

export function pWords(p: number): string {
  return p < 1e-6 ? 'p < 0.000001' : `p = ${formatNumber(p, 2)}`;
}

export function columnWords({ column, decided, why }: ColumnVerdict): string {
  const test = decided ? `${TESTS[decided.test.test]} ${pWords(decided.adjusted)}` : '';
  const of = decided && decided.test.of !== 'values' ? `${decided.test.of}: ` : '';
  switch (why) {
    case 'effect':
      return decided ? `${of}${effectWords(decided.test)} (${test})` : '';
    case 'below floor':
      return decided ? `${of}certain but small: ${effectWords(decided.test)} (${test})` : '';
    case 'not significant':
      return decided ? `within chance (${of}${test})` : '';
    case 'profile too coarse':
      return 'the profile holds too few points of the distribution to tell';
    case 'too few rows':
      return column.notes[0] ?? `fewer rows than needed`;
    case 'nothing to test':
      return column.notes[0] ?? 'nothing to test';
  }
}

export function datasetWords(
  verdict: DatasetVerdict,
  facts: {
    readonly changed: readonly string[];
    readonly minRows: number;
    readonly rows: readonly [number, number];
  },
): string {
  const drifted = verdict.columns.filter((column) => column.verdict === 'drift').length;
  const tested = verdict.columns.filter(({ verdict: one }) => one === 'drift' || one === 'no drift').length;
  const unsure = verdict.columns.filter((column) => column.verdict === 'cannot tell').length;
  const joint = verdict.classifier;
  const parts: string[] = [];
  if (verdict.verdict === 'cannot tell') {
    const fewest = Math.min(...facts.rows);
    return fewest < facts.minRows
      ? `${plural(fewest, 'row')} on one side, and ${facts.minRows} are needed`
      : 'no column could be tested';
  }
  if (facts.changed.length > 0)
    parts.push(`${plural(facts.changed.length, 'column')} gone or of another type`);
  parts.push(`${drifted} of ${plural(tested, 'column')} drifted`);
  if (unsure > 0) parts.push(`${unsure} cannot be told`);
  if (joint) {
    parts.push(
      joint.drift
        ? `a classifier tells the two apart (AUC ${formatNumber(joint.auc, 3)}, ${pWords(joint.p)})`
        : `a classifier does not tell the two apart (AUC ${formatNumber(joint.auc, 3)})`,
    );
  }
  return parts.join('; ');
}
