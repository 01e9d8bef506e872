import { UserError } from '../../errors.js';
import { type PlannedCheck, type Read, rowsFinding } from '../checks/finding.js';
import { numberLiteral, textLiteral } from '../literals.js';
import { comparable, membership, type PandasColumn, pythonText } from './pandas-column.js';

/** The checks of pandera by name, with what its options mean. */

/** What a check is of, before it is known what it asks. */
export type Base = Omit<PlannedCheck, 'check' | 'finding'>;

/** One check of a column; missing values are left out, unless `ignore_na: false`. */
export function valueCheck(of: {
  readonly check: string;
  readonly stats: unknown;
  readonly found: PandasColumn;
  readonly common: Base;
  readonly path: string;
}): PlannedCheck {
  const { check, found, common, path } = of;
  const stats = isMap(of.stats) ? of.stats : { value: of.stats };
  const options = { ...stats, ...(isMap(stats.options) ? stats.options : {}) };
  const condition = conditionOf(check, stats, found);
  if (!condition) {
    throw new UserError(
      `${path}: the check ${JSON.stringify(check)} of ${JSON.stringify(found.name)} is not known`,
      {
        location: { file: path },
        mend: 'write it as a check of assay.yml, or take it out',
      },
    );
  }
  const { stored } = found.known;
  const considered = options.ignore_na === false ? 'true' : `${stored} IS NOT NULL`;
  return {
    ...common,
    check: `${found.name}: ${check.replaceAll('_', ' ')} ${words(stats)}`.trim(),
    ...(options.raise_warning === true && { severity: 'warn' as const }),
    reads: [...common.reads, ...condition.reads],
    finding: rowsFinding(`${considered} AND NOT coalesce(${condition.sql}, false)`, considered),
    ...(condition.patterns && { patterns: condition.patterns }),
  };
}

type Stats = Readonly<Record<string, unknown>>;
interface Holds {
  readonly sql: string;
  readonly reads: readonly Read[];
  readonly patterns?: readonly string[];
}

const COMPARISONS: Readonly<Record<string, string>> = {
  equal_to: '=',
  not_equal_to: '<>',
  greater_than: '>',
  greater_than_or_equal_to: '>=',
  less_than: '<',
  less_than_or_equal_to: '<=',
  eq: '=',
  ne: '<>',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
};

/** SQL that is true where the check holds; undefined for a check that is not known. */
function conditionOf(check: string, stats: Stats, found: PandasColumn): Holds | undefined {
  const first =
    stats.value ??
    Object.entries(stats).find(([key]) => !['options', 'raise_warning', 'ignore_na'].includes(key))?.[1];
  const operator = COMPARISONS[check];
  if (operator) return compared(found, [[operator, first]]);
  const text = () => pythonText(found);
  const matches = (pattern: string): Holds => {
    const { sql, reads } = text();
    return { sql: `regexp_matches(${sql}, ${textLiteral(pattern)})`, reads, patterns: [pattern] };
  };
  switch (check) {
    case 'in_range':
    case 'between':
      return compared(found, [
        [stats.include_min === false ? '>' : '>=', stats.min_value],
        [stats.include_max === false ? '<' : '<=', stats.max_value],
      ]);
    case 'isin':
      return membership(found, list(first));
    case 'notin': {
      const { sql, reads } = membership(found, list(first));
      return { sql: `NOT (${sql})`, reads };
    }
    case 'str_matches':
      // re.match: from the start on.
      return matches(`^(?:${String(first)})`);
    case 'str_contains':
      return matches(String(first));
    case 'str_startswith':
      return { sql: `starts_with(${text().sql}, ${textLiteral(String(first))})`, reads: text().reads };
    case 'str_endswith':
      return { sql: `suffix(${text().sql}, ${textLiteral(String(first))})`, reads: text().reads };
    case 'str_length': {
      const { sql, reads } = text();
      const bounds = [
        ['>=', stats.exact_value ?? stats.min_value],
        ['<=', stats.exact_value ?? stats.max_value],
      ].filter(([, bound]) => typeof bound === 'number');
      return {
        sql: bounds.map(([sign, bound]) => `length(${sql}) ${sign} ${Number(bound)}`).join(' AND ') || 'true',
        reads,
      };
    }
    default:
      return undefined;
  }
}

function compared(found: PandasColumn, bounds: readonly (readonly [string, unknown])[]): Holds {
  const { sql, reads } = comparable(found);
  const parts = bounds.map(([operator, bound]) => {
    if (typeof bound === 'number')
      return found.numeric ? `${sql} ${operator} ${numberLiteral(bound, 'DOUBLE')}` : 'false';
    if (typeof bound === 'boolean') return `${sql} ${operator} ${bound}`;
    return found.numeric ? 'false' : `${sql} ${operator} ${textLiteral(String(bound))}`;
  });
  return { sql: parts.join(' AND '), reads };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isMap(value: unknown): value is Stats {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function words(stats: Stats): string {
  const shown = Object.entries(stats).filter(
    ([key, value]) => !['options', 'raise_warning', 'ignore_na'].includes(key) && value !== null,
  );
  const text = shown
    .map(([key, value]) =>
      key === 'value' || shown.length === 1 ? JSON.stringify(value) : `${key} ${JSON.stringify(value)}`,
    )
    .join(', ');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
