import type { DataCheck } from '../../config/data.js';
import { UserError } from '../../errors.js';
import { formatSeconds } from '../../format.js';
import type { PlannedCheck } from './finding.js';
import type { Scope } from './plan.js';

type Freshness = Extract<DataCheck, { freshness: unknown }>['freshness'];

/** The newest value of a date or timestamp is at most so old. A column without a value is not fresh. */
export function freshnessCheck(
  { column: name, max_age }: Freshness,
  scope: Scope,
  base: Omit<PlannedCheck, 'check' | 'finding'>,
): PlannedCheck {
  const column = scope.column(name);
  if (column.type !== undefined && column.type !== 'date' && column.type !== 'timestamp') {
    throw new UserError(
      `freshness needs a date or timestamp, and ${JSON.stringify(name)} is of type ${column.type}`,
    );
  }
  const value = column.as('timestamp');
  return {
    ...base,
    check: `${name}: newest value at most ${formatSeconds(max_age)} old`,
    column: name,
    reads: [...column.reads, value],
    finding: {
      kind: 'measured',
      terms: [`max(epoch_ms(${value.alias}))`],
      judge: ([newest]) => {
        if (newest === null || newest === undefined) {
          return {
            failing: 1,
            total: 1,
            passed: false,
            detail: 'there is no value that is a date or a timestamp',
          };
        }
        const age = (scope.now - Number(newest)) / 1000;
        const fresh = age <= max_age;
        const detail =
          age < 0 ? 'the newest value is in the future' : `the newest value is ${formatSeconds(age)} old`;
        return { failing: fresh ? 0 : 1, total: 1, passed: fresh, detail };
      },
      failing: null,
    },
  };
}
