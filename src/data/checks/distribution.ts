import type { DataCheck } from '../../config/data.js';
import { UserError } from '../../errors.js';
import { formatNumber } from '../../format.js';
import { range } from './column.js';
import { exactSum, exactSumTerms } from './exact-sum.js';
import type { Judged, Measured, PlannedCheck } from './finding.js';
import type { Scope } from './plan.js';

/** Bounds on a column as a whole. Missing values, and those that are not numbers, are left out. */

type Distribution = Extract<DataCheck, { distribution: unknown }>['distribution'];
type Bounds = NonNullable<Distribution['mean']>;

export function distributionChecks(
  asked: Distribution,
  scope: Scope,
  base: Omit<PlannedCheck, 'check' | 'finding'>,
): readonly PlannedCheck[] {
  const column = scope.column(asked.column);
  const { type } = column;
  const number = column.as('number');
  const numeric = asked.mean ?? asked.stdev ?? asked.sum ?? asked.quantiles;
  if (numeric && type !== undefined && type !== 'number' && type !== 'integer') {
    throw new UserError(`${JSON.stringify(asked.column)} is of type ${type}, not a number`, {
      mend: 'of other columns only distinct and distinct_share can be bounded',
    });
  }
  const common = { ...base, column: asked.column, reads: [...column.reads, number] };
  const planned: PlannedCheck[] = [];
  const add = (words: string, bounds: Bounds | undefined, finding: (bounds: Bounds) => Measured) => {
    if (bounds === undefined) return;
    const check = `${asked.column}: ${words} ${range(bounds.min, bounds.max)}`;
    planned.push({ ...common, check, finding: finding(bounds) });
  };
  add('mean', asked.mean, (bounds) => meanFinding(number.alias, (mean) => judgeBounds(mean, bounds)));
  add('standard deviation', asked.stdev, (bounds) =>
    deviationFinding(number.alias, (deviation) => judgeBounds(deviation, bounds)),
  );
  add('sum', asked.sum, (bounds) => sumFinding(number.alias, (sum) => judgeBounds(sum, bounds)));
  for (const [level, bounds] of Object.entries(asked.quantiles ?? {})) {
    add(Number(level) === 0.5 ? 'median' : `quantile ${level}`, bounds, () =>
      valueFinding(`quantile_cont(${number.alias}, ${Number(level)}::DOUBLE)`, bounds),
    );
  }
  add('distinct values', asked.distinct, (bounds) => valueFinding(`count(DISTINCT ${column.typed})`, bounds));
  add('share of distinct values', asked.distinct_share, (bounds) => ({
    kind: 'measured',
    terms: [`count(DISTINCT ${column.typed})`, `count(${column.typed})`],
    judge: ([distinct, all]) =>
      judgeBounds(Number(all) === 0 ? null : Number(distinct) / Number(all), bounds),
    failing: null,
  }));
  if (planned.length === 0) {
    throw new UserError('the distribution has no bound', {
      mend: 'add one: mean: { min: 30, max: 50 }; also stdev, sum, quantiles, distinct, distinct_share',
    });
  }
  return planned;
}

function valueFinding(term: string, bounds: Bounds): Measured {
  return {
    kind: 'measured',
    terms: [term],
    judge: ([value]) => judgeBounds(value === null || value === undefined ? null : Number(value), bounds),
    failing: null,
  };
}

/** Within the bounds, both included; a column without a value has no mean, and fails. */
function judgeBounds(value: number | null, { min, max }: Bounds): Judged {
  if (value === null || !Number.isFinite(value)) {
    return { failing: 1, total: 1, passed: false, detail: 'there is no value to compute it from' };
  }
  const passed = value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
  return { failing: passed ? 0 : 1, total: 1, passed, detail: `it is ${formatNumber(value, 6)}` };
}

/** Sum of a DOUBLE, the same to the last bit in any order. @param judge is told null when there is no value */
export function sumFinding(sql: string, judge: (sum: number | null) => Judged | Measured): Measured {
  return {
    kind: 'measured',
    terms: [`count(${sql})`, ...exactSumTerms(sql)],
    judge: ([count, whole, fraction]) => judge(Number(count) === 0 ? null : exactSum(whole, fraction)),
    failing: null,
  };
}

/** Arithmetic mean, likewise. */
export function meanFinding(
  sql: string,
  judge: (mean: number | null, n: number) => Judged | Measured,
): Measured {
  return {
    kind: 'measured',
    terms: [`count(${sql})`, ...exactSumTerms(sql)],
    judge: ([count, whole, fraction]) => {
      const n = Number(count);
      return judge(n === 0 ? null : exactSum(whole, fraction) / n, n);
    },
    failing: null,
  };
}

/** Sample standard deviation (n - 1), in two scans: the mean, then the squares of the distances from it. */
export function deviationFinding(
  sql: string,
  judge: (deviation: number | null) => Judged | Measured,
): Measured {
  return meanFinding(sql, (mean, n) => {
    if (mean === null || n < 2) return judge(null);
    const distance = `(${sql} - (${mean}::DOUBLE))`;
    return sumFinding(`(${distance} * ${distance})`, (sum) =>
      judge(sum === null ? null : Math.sqrt(sum / (n - 1))),
    );
  });
}
