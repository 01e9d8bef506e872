import { benjaminiHochberg } from '../../statistics/multiplicity.js';
import type { ClassifierResult } from './classifier.js';
import type { ColumnComparison, ColumnTest } from './comparison.js';
import type { DriftSettings } from './settings.js';

/** Which columns drifted, and whether the dataset has: one decision over all p-values, so that the false alarms stay at alpha. */

export type Verdict = 'drift' | 'no drift' | 'cannot tell' | 'not tested';

export interface ColumnVerdict {
  readonly column: ColumnComparison;
  readonly verdict: Verdict;
  /** The test that decided, with its p-value corrected for all tests and columns; null when none did. */
  readonly decided: { readonly test: ColumnTest; readonly adjusted: number } | null;
  readonly why:
    | 'effect'
    | 'below floor'
    | 'not significant'
    | 'too few rows'
    | 'profile too coarse'
    | 'nothing to test';
}

export interface DatasetVerdict {
  readonly verdict: 'drift' | 'no drift' | 'cannot tell';
  readonly columns: readonly ColumnVerdict[];
  /** False alarms allowed for the columns and for the classifier; together `alpha`. */
  readonly alpha: { readonly columns: number; readonly classifier: number };
  readonly classifier: (ClassifierResult & { readonly drift: boolean }) | null;
}

/** Share of alpha that the classifier gets when it runs. */
const FOR_CLASSIFIER = 0.2;

export function decide(options: {
  readonly columns: readonly ColumnComparison[];
  /** Null when it did not run. */
  readonly classifier: ClassifierResult | null;
  readonly settings: DriftSettings;
  /** Columns that are gone or of another type: a change that needs no test. */
  readonly changed: number;
}): DatasetVerdict {
  const { columns, classifier, settings } = options;
  const forClassifier = classifier ? settings.alpha * FOR_CLASSIFIER : 0;
  const alpha = { columns: settings.alpha - forClassifier, classifier: forClassifier };
  const verdicts = columnVerdicts(columns, alpha.columns);
  const drifted = verdicts.filter(({ verdict }) => verdict === 'drift').length + options.changed;
  const compared = columns.length + options.changed;
  const joint = classifier
    ? { ...classifier, drift: classifier.p <= alpha.classifier && classifier.auc >= settings.min_effect.auc }
    : null;
  const most = settings.max_drifted * compared;
  const judged = verdicts.some(({ verdict }) => verdict === 'drift' || verdict === 'no drift');
  const isDrift = drifted > most || joint?.drift === true;
  return {
    verdict: isDrift ? 'drift' : judged ? 'no drift' : 'cannot tell',
    columns: verdicts,
    alpha,
    classifier: joint,
  };
}

/**
 * One p-value a column (the smallest of its tests, times their number), Benjamini and Hochberg over the columns that were tested; a
 * test that stands then means drift only if its effect reaches its floor.
 */
function columnVerdicts(columns: readonly ColumnComparison[], alpha: number): readonly ColumnVerdict[] {
  const tested = columns.filter(({ tests }) => tests.length > 0);
  const raw = tested.map(({ tests }) => Math.min(1, tests.length * Math.min(...tests.map(({ p }) => p))));
  const adjusted = new Map(benjaminiHochberg(raw).map((p, i) => [tested[i], p]));
  /** What p-values are multiplied with at the rank of each column: a test's own corrected p-value. */
  const factor = new Map(
    raw.map((p, i) => [tested[i], p > 0 ? (adjusted.get(tested[i]) ?? 1) / p : tested.length]),
  );
  const critical = Math.max(
    alpha / Math.max(1, tested.length),
    ...raw.filter((_, i) => (adjusted.get(tested[i]) ?? 1) <= alpha),
  );
  return columns.map((column): ColumnVerdict => {
    const times = column.tests.length;
    if (times === 0) {
      return column.tooFew
        ? { column, verdict: 'cannot tell', decided: null, why: 'too few rows' }
        : { column, verdict: 'not tested', decided: null, why: 'nothing to test' };
    }
    const correct = (test: ColumnTest) => ({
      test,
      adjusted: Math.min(1, test.p * times * Math.max(1, factor.get(column) ?? 1)),
    });
    const reaches = ({ effect }: ColumnTest) => effect.value >= effect.floor;
    const byP = [...column.tests].sort((x, y) => x.p - y.p);
    const significant = byP.filter(({ p }) => p * times <= critical && (adjusted.get(column) ?? 1) <= alpha);
    const drifting = significant.find(reaches);
    if (drifting) return { column, verdict: 'drift', decided: correct(drifting), why: 'effect' };
    const open = byP.find(
      (test) => reaches(test) && test.lowestP < test.p && test.lowestP * times <= critical,
    );
    if (open) return { column, verdict: 'cannot tell', decided: correct(open), why: 'profile too coarse' };
    const [small] = significant;
    if (small) return { column, verdict: 'no drift', decided: correct(small), why: 'below floor' };
    const [closest] = byP;
    const decided = closest ? correct(closest) : null;
    // Only the share of missing values was tested, and it did not change: the values themselves remain unknown.
    if (column.tooFew) return { column, verdict: 'cannot tell', decided: null, why: 'too few rows' };
    return { column, verdict: 'no drift', decided, why: 'not significant' };
  });
}
