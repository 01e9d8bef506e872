import { UserError } from '../../errors.js';
import { plural } from '../../format.js';
import type { SqlEngine } from '../ports.js';
import type { SourceTable } from '../table.js';
import { type Grouped, type Judged, type Measured, type PlannedCheck, valuesOf } from './finding.js';

/** Counts for all checks that are aggregates: one statement for those without groups, one for each set of groups. */

/** Checks counted by one statement: one scan for almost every dataset, and statements of thousands of terms for none. */
const CHECKS_AT_ONCE = 200;
/** On a cluster, planning grows faster than the statement, and each distinct count multiplies the rows of its statement. */
const CHECKS_AT_ONCE_ON_CLUSTER = 40;
/** More groups than these are not groups but identifiers. */
const MOST_GROUPS = 10_000;

interface Pending {
  readonly check: PlannedCheck;
  readonly measured: Measured;
}

export async function measureAll(of: {
  readonly engine: SqlEngine;
  readonly table: SourceTable;
  readonly checks: readonly PlannedCheck[];
}): Promise<ReadonlyMap<PlannedCheck, Judged>> {
  const judged = new Map<PlannedCheck, Judged>();
  const plain: Pending[] = [];
  const grouped = new Map<string, Pending[]>();
  for (const check of of.checks) {
    if (check.finding.kind !== 'measured') continue;
    const pending = { check, measured: check.finding };
    if (!check.by) plain.push(pending);
    else {
      const key = JSON.stringify([check.by, check.where ?? null]);
      grouped.set(key, [...(grouped.get(key) ?? []), pending]);
    }
  }
  const size = of.engine.cluster ? CHECKS_AT_ONCE_ON_CLUSTER : CHECKS_AT_ONCE;
  // A judgement may ask for a second look, such as the deviations from the mean it has just learned.
  for (let round = plain; round.length > 0; ) {
    const again: Pending[] = [];
    for (let at = 0; at < round.length; at += size) {
      const some = round.slice(at, at + size);
      const values = await scan(of, some);
      for (const [i, { check, measured }] of some.entries()) {
        const result = measured.judge(values[i] ?? []);
        if (!('kind' in result)) judged.set(check, result);
        else if (result.kind === 'measured') again.push({ check, measured: result });
        else judged.set(check, await lookAtGroups(of, check, result));
      }
    }
    round = again;
  }
  for (const some of grouped.values()) {
    for (const { check, measured } of some) judged.set(check, await inGroups(of, check, measured));
  }
  return judged;
}

async function lookAtGroups(
  { engine, table }: { readonly engine: SqlEngine; readonly table: SourceTable },
  check: PlannedCheck,
  { keys, considered, terms, judge }: Grouped,
): Promise<Judged> {
  const where = check.where === undefined ? considered : `(${check.where}) AND (${considered})`;
  const groups = `SELECT ${[...new Set(keys)].join(', ')}, count(*) AS n, max(count(*)) OVER () AS most FROM ${valuesOf(table, check.reads)} WHERE ${where} GROUP BY ${keys.join(', ')}`;
  const selected = terms.map((term, j) => `${term} AS x${j}`);
  const [row = {}] = await engine.query(`SELECT ${selected.join(', ')} FROM (${groups})`);
  return judge(terms.map((_, j) => row[`x${j}`]));
}

type Values = readonly (readonly unknown[])[];

async function scan(
  { engine, table }: { readonly engine: SqlEngine; readonly table: SourceTable },
  some: readonly Pending[],
): Promise<Values> {
  const terms = some.flatMap(({ check, measured }, i) =>
    measured.terms.map((term, j) => `${restricted(term, check.where)} AS x${i}_${j}`),
  );
  const reads = some.flatMap(({ check }) => check.reads);
  const [row = {}] = await engine.query(
    `SELECT ${['count(*) AS n', ...terms].join(', ')} FROM ${valuesOf(table, reads)}`,
  );
  if (Number(row.n) !== table.read) {
    throw new Error(`${table.read} rows were counted and the engine read ${String(row.n)}`);
  }
  return some.map(({ measured }, i) => measured.terms.map((_, j) => row[`x${i}_${j}`]));
}

/** An aggregate over the rows for which the condition is true. */
function restricted(term: string, where: string | undefined): string {
  if (where === undefined) return term;
  const filter = / FILTER \(WHERE (.*)\)$/s.exec(term);
  if (!filter) return `${term} FILTER (WHERE ${where})`;
  return `${term.slice(0, filter.index)} FILTER (WHERE (${where}) AND (${filter[1]}))`;
}

/** A check of groups holds when it holds in each of them. */
async function inGroups(
  { engine, table }: { readonly engine: SqlEngine; readonly table: SourceTable },
  check: PlannedCheck,
  measured: Measured,
): Promise<Judged> {
  const keys = check.by ?? [];
  const where = check.where === undefined ? '' : ` WHERE ${check.where}`;
  const groups = async (terms: readonly string[]) => {
    const selected = terms.map((term, j) => `${term} AS x${j}`);
    return engine.query(
      `SELECT ${selected.join(', ')} FROM ${valuesOf(table, check.reads)}${where} GROUP BY ${keys.join(', ')} ORDER BY ${keys.join(', ')} LIMIT ${MOST_GROUPS + 1}`,
    );
  };
  let rows = await groups(measured.terms);
  if (rows.length > MOST_GROUPS) {
    throw new UserError(`there are more than ${MOST_GROUPS.toLocaleString('en-US')} groups`, {
      mend: 'group by a column with few different values',
    });
  }
  let results = rows.map((row) => measured.judge(measured.terms.map((_, j) => row[`x${j}`])));
  if (results.some((result) => 'kind' in result)) {
    // Every group asks with its own numbers, so each is looked at alone.
    const answers: Judged[] = [];
    for (const [i, result] of results.entries()) {
      let answer = result;
      while ('kind' in answer) {
        if (answer.kind === 'grouped') {
          throw new UserError('"by" does not go with this check', {
            mend: 'write it as unique: [COLUMN] with by:',
          });
        }
        const { terms } = answer;
        rows = await groups(terms);
        answer = answer.judge(terms.map((_, j) => rows[i]?.[`x${j}`]));
      }
      answers.push(answer);
    }
    results = answers;
  }
  return together(results as readonly Judged[], check.maxFailing);
}

function together(results: readonly Judged[], maxFailing: number): Judged {
  const holds = (result: Judged) =>
    result.passed ?? (result.failing === 0 || result.failing / result.total <= maxFailing);
  const bad = results.filter((result) => !holds(result));
  return {
    failing: results.reduce((sum, { failing }) => sum + failing, 0),
    total: results.reduce((sum, { total }) => sum + total, 0),
    passed: bad.length === 0,
    detail:
      bad.length === 0
        ? `in each of ${plural(results.length, 'group')}`
        : `fails in ${bad.length} of ${plural(results.length, 'group')}`,
  };
}
