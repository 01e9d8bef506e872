import type { Direction, ParamValue } from '../../config/model.js';
import { UserError } from '../../errors.js';
import type { SourceDatabase, SqlValue } from '../ports.js';
import { isMap, listAt, mapAt, paramOf, textAt } from './json/value.js';
import { type JsonValue, parseJson } from './json-text.js';
import { finiteOrNull, metricOf } from './number.js';
import type { Reading, ReadMetric, ReadOptions, ReadSeries } from './reader.js';

/** Studies of Optuna in SQLite, of version 2 to 5. */

export function isOptunaDatabase({ tables }: SourceDatabase): boolean {
  return ['studies', 'study_directions', 'trials', 'trial_values', 'trial_params'].every((table) =>
    tables.has(table),
  );
}

interface Trial {
  readonly id: number;
  readonly number: number;
  readonly state: string;
  /** One per objective. */
  readonly values: readonly number[];
}

/**
 * The study that is named, else the newest: the best value of each objective with its direction, how many trials came to
 * what, the values over the trials as series, and the params of the best trial.
 */
export function readOptuna(
  database: SourceDatabase,
  of: { readonly path: string; readonly options: ReadOptions },
): Reading {
  const study = chooseStudy(database, of);
  const directions = [
    ...database.rows('select direction from study_directions where study_id = ? order by objective', [study]),
  ].map(([direction]): Direction => (direction === 'MAXIMIZE' ? 'higher' : 'lower'));
  const trials = trialsOf(database, study);
  const complete = trials.filter(({ state }) => state === 'COMPLETE');
  const metrics: ReadMetric[] = [];
  const series: ReadSeries[] = [];
  let best: Trial | undefined;
  for (const [objective, direction] of directions.entries()) {
    const prefix = directions.length > 1 ? `objective_${objective}.` : '';
    const found = bestOf(complete, { objective, direction });
    if (objective === 0 && directions.length === 1) best = found;
    if (found)
      metrics.push({
        ...metricOf(`${prefix}best_value`, found.values[objective] ?? Number.NaN, of.path),
        direction,
      });
    const steps = complete.map(({ number }) => number);
    const values = complete.map((trial) => finiteOrNull(trial.values[objective] ?? Number.NaN));
    if (steps.length > 1) series.push({ name: `${prefix}value`, steps, values });
  }
  for (const [state, name] of STATES) {
    metrics.push({
      name: `trials.${name}`,
      value: trials.filter((trial) => trial.state === state).length,
      direction: 'none',
    });
  }
  return { metrics, series, params: best ? paramsOf(database, best.id) : {} };
}

const STATES = [
  ['COMPLETE', 'complete'],
  ['PRUNED', 'pruned'],
  ['FAIL', 'failed'],
] as const;

function chooseStudy(
  database: SourceDatabase,
  of: { readonly path: string; readonly options: ReadOptions },
): number {
  const studies = [...database.rows('select study_id, study_name from studies order by study_id desc')].map(
    ([id, name]) => ({ id: Number(id), name: String(name) }),
  );
  const { run } = of.options;
  const [chosen] = run === undefined ? studies : studies.filter(({ name }) => name === run);
  if (chosen) return chosen.id;
  throw new UserError(
    run === undefined ? `${of.path} has no study` : `there is no study ${run} in ${of.path}`,
    {
      mend: `studies there are: ${studies.map(({ name }) => name).join(', ') || 'none'}`,
    },
  );
}

function trialsOf(database: SourceDatabase, study: number): readonly Trial[] {
  // Before version 3 an infinite value was a null, and there was no column that says so.
  const columns = new Set(
    [...database.rows("select name from pragma_table_info('trial_values')")].map(([name]) => name),
  );
  const type = columns.has('value_type') ? 'v.value_type' : "'FINITE'";
  const trials = new Map<number, { id: number; number: number; state: string; values: number[] }>();
  const rows = database.rows(
    `select t.trial_id, t.number, t.state, v.objective, v.value, ${type} from trials t
     left join trial_values v on v.trial_id = t.trial_id where t.study_id = ? order by t.number, v.objective`,
    [study],
  );
  for (const [id, number, state, objective, value, kind] of rows) {
    const trial = trials.get(Number(id)) ?? {
      id: Number(id),
      number: Number(number),
      state: String(state),
      values: [],
    };
    trials.set(trial.id, trial);
    if (objective !== null) trial.values[Number(objective)] = numberIn(value, kind);
  }
  return [...trials.values()];
}

function numberIn(value: SqlValue | undefined, kind: SqlValue | undefined): number {
  if (kind === 'INF_POS') return Number.POSITIVE_INFINITY;
  if (kind === 'INF_NEG') return Number.NEGATIVE_INFINITY;
  return typeof value === 'number' ? value : Number.NaN;
}

function bestOf(
  trials: readonly Trial[],
  by: { readonly objective: number; readonly direction: Direction },
): Trial | undefined {
  const sign = by.direction === 'higher' ? 1 : -1;
  return trials.reduce<Trial | undefined>((best, trial) => {
    const value = trial.values[by.objective];
    if (value === undefined || Number.isNaN(value)) return best;
    const other = best?.values[by.objective];
    return other === undefined || sign * value > sign * other ? trial : best;
  }, undefined);
}

/** A category is stored as its place among the choices. */
function paramsOf(database: SourceDatabase, trial: number): Readonly<Record<string, ParamValue>> {
  const rows = database.rows(
    'select param_name, param_value, distribution_json from trial_params where trial_id = ? order by param_name',
    [trial],
  );
  return Object.fromEntries(
    [...rows].map(([name, value, distribution]) => [String(name), paramIn(value, distribution)]),
  );
}

function paramIn(value: SqlValue | undefined, distribution: SqlValue | undefined): ParamValue {
  const number = Number(value);
  let described: JsonValue;
  try {
    described = parseJson(String(distribution), 'distribution');
  } catch {
    return number;
  }
  if (!isMap(described) || textAt(described, 'name') !== 'CategoricalDistribution') return number;
  return paramOf(listAt(mapAt(described, 'attributes'), 'choices')[number] ?? null);
}
