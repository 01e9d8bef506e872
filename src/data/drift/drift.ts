import type { ProfileColumn } from '../profile/record.js';
import type { ClassifierResult, SampledRows } from './classifier.js';
import { compareColumn } from './column.js';
import type { ColumnComparison } from './comparison.js';
import { decide } from './decide.js';
import type { ColumnEvidence } from './evidence.js';
import { pictureOf } from './picture.js';
import type { DriftColumn, DriftContent } from './record.js';
import type { DriftSettings } from './settings.js';
import { columnWords, datasetWords } from './words.js';

/** One side of a comparison: columns read when they are asked for, so that one column of each is in memory at a time. */
export interface DriftSide {
  readonly name: string;
  readonly from: 'data' | 'profile';
  readonly digest: string;
  readonly rows: number;
  readonly columns: readonly {
    readonly name: string;
    readonly type: ProfileColumn['type'];
    /** The file's own type. */
    readonly stored: string;
  }[];
  column(name: string): Promise<ColumnEvidence>;
  /** Rows for the classifier; null when only a profile is there. */
  sample: ((columns: readonly string[], seed: number) => Promise<readonly Float64Array[]>) | null;
}

/** A column that is mostly not of the reference's type is another column. */
const MOST_INVALID = 0.5;

/** Compares two datasets column by column and as a whole. */
export async function driftBetween(options: {
  readonly reference: DriftSide;
  readonly current: DriftSide;
  readonly settings: DriftSettings;
  /** Loaded only when it runs. */
  readonly classify: (rows: SampledRows, seed: number) => Promise<ClassifierResult | null>;
  onProgress?(done: number, total: number): void;
}): Promise<Omit<DriftContent, 'dataset'>> {
  const { reference, current, settings } = options;
  const inCurrent = new Map(current.columns.map(({ name, stored }) => [name, stored]));
  const inReference = new Set(reference.columns.map(({ name }) => name));
  const shared = reference.columns.filter(({ name }) => inCurrent.has(name));
  const ignored = (name: string) => settings.ignore.includes(name);
  const removed = reference.columns.flatMap(({ name }) =>
    inCurrent.has(name) || ignored(name) ? [] : [name],
  );
  const added = current.columns.flatMap(({ name }) => (inReference.has(name) ? [] : [name]));
  const retyped: DriftContent['schema_changes']['retyped'] = [];
  const compared: { readonly comparison: ColumnComparison; readonly picture: DriftColumn['picture'] }[] = [];
  for (const [i, { name, type }] of shared.entries()) {
    options.onProgress?.(i, shared.length);
    const sides = { reference: await reference.column(name), current: await current.column(name) };
    if (!ignored(name) && isRetyped(sides)) {
      retyped.push({ name, reference: type, current: inCurrent.get(name) ?? 'text' });
      continue;
    }
    const comparison = compareColumn({ ...sides, settings });
    compared.push({ comparison, picture: pictureOf(comparison, sides) });
  }
  const comparisons = compared.map(({ comparison }) => comparison);
  const { result, leftOut } = await classified(options, comparisons);
  const changed = [...removed, ...retyped.map(({ name }) => name)];
  const verdict = decide({ columns: comparisons, classifier: result, settings, changed: changed.length });
  const drifted = verdict.columns.filter((column) => column.verdict === 'drift');
  return {
    reference: sideFacts(reference),
    current: sideFacts(current),
    verdict: verdict.verdict,
    reason: datasetWords(verdict, {
      changed,
      minRows: settings.min_rows,
      rows: [reference.rows, current.rows],
    }),
    alpha: verdict.alpha,
    drifted: [...changed, ...drifted.map(({ column }) => column.name)],
    schema_changes: { added, removed, retyped },
    columns: verdict.columns.map((column, i) => ({
      name: column.column.name,
      type: column.column.type,
      kind: column.column.kind,
      verdict: column.verdict,
      reason: columnWords(column),
      decided_by: column.decided && {
        of: column.decided.test.of,
        test: column.decided.test.test,
        adjusted_p: column.decided.adjusted,
      },
      tests: column.column.tests.map(({ of, test, statistic, p, effect }) => ({
        of,
        test,
        statistic,
        p,
        effect,
      })),
      effects: column.column.effects,
      missing: { reference: column.column.missing[0], current: column.column.missing[1] },
      new_values: column.column.newValues,
      notes: [...column.column.notes],
      picture: compared[i]?.picture ?? null,
    })),
    classifier: verdict.classifier && {
      auc: verdict.classifier.auc,
      p: verdict.classifier.p,
      drift: verdict.classifier.drift,
      rows: { reference: verdict.classifier.rows[0], current: verdict.classifier.rows[1] },
      columns: [...verdict.classifier.columns],
    },
    classifier_left_out: leftOut,
  };
}

function sideFacts({ name, from, digest, rows }: DriftSide): DriftContent['reference'] {
  return { name, from, digest, rows };
}

/** Values are there on both sides, and most of the current ones are not of the reference's type. */
function isRetyped(sides: { readonly reference: ColumnEvidence; readonly current: ColumnEvidence }): boolean {
  const { reference, current } = sides;
  return reference.valid > 0 && current.invalid > MOST_INVALID * (current.invalid + current.valid);
}

async function classified(
  options: Parameters<typeof driftBetween>[0],
  comparisons: readonly ColumnComparison[],
): Promise<{ readonly result: ClassifierResult | null; readonly leftOut: string | null }> {
  const { reference, current, settings, classify } = options;
  if (!settings.classifier) return { result: null, leftOut: 'switched off by assay.yml' };
  if (!reference.sample || !current.sample) {
    return { result: null, leftOut: 'it needs the rows of both sides, and a profile has none' };
  }
  const usable = comparisons.filter(({ kind }) => kind === 'numbers' || kind === 'categories');
  const names = usable.map(({ name }) => name);
  if (names.length < 2) return { result: null, leftOut: 'it needs two columns of numbers or categories' };
  const rows: SampledRows = {
    columns: usable.map(({ name, type }) => ({ name, categorical: type === 'string' || type === 'boolean' })),
    reference: await reference.sample(names, settings.seed),
    current: await current.sample(names, settings.seed + 1),
  };
  const result = await classify(rows, settings.seed);
  return { result, leftOut: result ? null : 'too few rows for it to learn from' };
}
