import type { ParamValue } from '../../../config/model.js';
import { finiteOrNull, metricOf, parseNumber } from '../number.js';
import type { Reading, ReadMetric, ReadOptions, ReadSeries } from '../reader.js';
import { mergeRepetitions, repetitionsOf } from '../repeats.js';
import { chooseRuns } from './choose.js';
import { latest, type MlflowHead, type MlflowModelVersion, type MlflowRun, type MlflowStore } from './run.js';

/** What a store holds about one training. */
export async function readStore(store: MlflowStore, options: ReadOptions): Promise<Reading> {
  const { runs: heads, notes } = await chooseRuns(store, options);
  const found = await store.runs(heads.slice(0, MOST_REPETITIONS));
  const [newest] = found;
  if (!newest) return { metrics: [], series: [] };
  const alike = found.length > 1 ? repetitionsAmong(found, { nested: false }) : undefined;
  if (alike) {
    const reading = mergeRepetitions(
      alike.map(({ label, run }) => ({ label, reading: readingOf(run, store.path) })),
    );
    return { ...reading, notes: [...notes, ...(reading.notes ?? [])] };
  }
  const left =
    heads.length > 1
      ? [
          `${store.path} has ${heads.length} finished runs that could be meant: the newest is read, ${newest.id}`,
        ]
      : [];
  const folds = await foldsOf(newest, store);
  const own = readingOf(newest, store.path);
  const reading = folds ? withFolds(own, folds, store.path) : own;
  const versions = (await store.versions()).filter(({ run }) => run === newest.id);
  return {
    ...reading,
    notes: [...notes, ...left, ...(reading.notes ?? []), ...versions.map(registeredAs)],
  };
}

/** More runs than seeds or folds anybody trains. */
const MOST_REPETITIONS = 200;

/** One of the runs that repeat one another. */
export interface Fold {
  readonly label: string;
  readonly run: MlflowRun;
}

/** Runs that were made inside the given one and repeat one another: its folds or seeds; undefined when there are none. */
export async function foldsOf(run: MlflowHead, store: MlflowStore): Promise<readonly Fold[] | undefined> {
  const parents = await store.parents();
  const inside = [...parents].filter(([, parent]) => parent === run.id).map(([id]) => id);
  const ids = new Set(inside.slice(0, MOST_REPETITIONS));
  if (ids.size < 2) return undefined;
  const heads = (await store.heads()).filter(({ id, deleted }) => ids.has(id) && !deleted);
  const children = await store.runs(heads);
  if (!children.every(({ status }) => status === 'FINISHED')) return undefined;
  return repetitionsAmong(children, { nested: true });
}

/** What a run measured, with what its folds did; `path` names the store in reasons. */
export function withFolds(own: Reading, alike: readonly Fold[], path: string): Reading {
  const folds = mergeRepetitions(alike.map(({ label, run }) => ({ label, reading: readingOf(run, path) })));
  const byName = new Map(own.metrics.map((metric) => [metric.name, metric]));
  const merged = folds.metrics.flatMap((metric): readonly ReadMetric[] => {
    const total = byName.get(metric.name);
    if (!total) return [metric];
    // The values belong to the total when it is their mean; it may also be something else of the same name.
    return isClose(total.value, metric.value) && metric.values
      ? [{ ...total, values: metric.values }]
      : [total];
  });
  const names = new Set(merged.map(({ name }) => name));
  return {
    ...own,
    metrics: [...own.metrics.filter(({ name }) => !names.has(name)), ...merged],
    series: [...own.series, ...folds.series],
  };
}

function isClose(a: number | null, b: number | null): boolean {
  return a !== null && b !== null && Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b), 1e-12);
}

/** Params that tell repetitions apart. */
const REPETITION_PARAMS = ['seed', 'random_seed', 'random_state', 'fold', 'cv_fold', 'split', 'repetition'];

/** Undefined unless the runs differ in nothing but a seed or fold (by their params, else by a number in their names). */
function repetitionsAmong(
  runs: readonly MlflowRun[],
  of: { readonly nested: boolean },
): readonly Fold[] | undefined {
  const measured = runs.map(({ metrics }) => [...metrics.keys()].sort().join('\n'));
  if (runs.length < 2 || measured.some((names) => names === '' || names !== measured[0])) return undefined;
  return byParams(runs) ?? byNames(runs, of);
}

function byParams(runs: readonly MlflowRun[]) {
  const name = REPETITION_PARAMS.find((param) => runs.every(({ params }) => params.has(param)));
  if (name === undefined) return undefined;
  const others = runs.map(({ params }) =>
    JSON.stringify([...params].filter(([param]) => param !== name).sort()),
  );
  const values = runs.map(({ params }) => params.get(name) ?? '');
  if (others.some((other) => other !== others[0]) || new Set(values).size !== runs.length) return undefined;
  return runs
    .map((run, index) => ({ label: `${name} ${values[index]}`, run }))
    .sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
}

/** `fold 0`, `seed-3`; and of runs inside another also `child 0`, for nothing else makes them differ. */
function byNames(runs: readonly MlflowRun[], of: { readonly nested: boolean }) {
  if (new Set(runs.map(({ params }) => JSON.stringify([...params].sort()))).size > 1) return undefined;
  const names = runs.map(({ name }) => name ?? '');
  const repetitions = repetitionsOf(names) ?? (of.nested ? numbered(names) : undefined);
  return repetitions?.flatMap(({ path, label }) => {
    const run = runs.find(({ name }) => name === path);
    return run ? [{ label, run }] : [];
  });
}

function numbered(names: readonly string[]) {
  const alike = names.every(
    (name) => /\d/.test(name) && name.replace(/\d+/, '') === names[0]?.replace(/\d+/, ''),
  );
  if (!alike || new Set(names).size !== names.length) return undefined;
  const number = (name: string): number => Number(/\d+/.exec(name)?.[0]);
  return [...names].sort((a, b) => number(a) - number(b)).map((name) => ({ path: name, label: name }));
}

/** Params are texts in MLflow; one that is a number, true or false is taken as such. */
export function mlflowParam(text: string): ParamValue {
  const number = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i.test(text)
    ? parseNumber(text)
    : undefined;
  if (number !== undefined && Number.isFinite(number)) return number;
  if (text === 'True' || text === 'true') return true;
  return text === 'False' || text === 'false' ? false : text;
}

/** @param file names the store in reasons */
export function readingOf(run: MlflowRun, file: string): Reading {
  const metrics: ReadMetric[] = [];
  const series: ReadSeries[] = [];
  for (const [name, points] of run.metrics) {
    const last = latest(points);
    if (!last) continue;
    metrics.push(metricOf(name, last.value, file));
    if (points.length < 2) continue;
    const ordered = [...points].sort((a, b) => a.step - b.step || a.time - b.time);
    series.push({
      name,
      steps: ordered.map(({ step }) => step),
      values: ordered.map(({ value }) => finiteOrNull(value)),
    });
  }
  return {
    metrics,
    series,
    params: Object.fromEntries([...run.params].map(([name, value]) => [name, mlflowParam(value)])),
  };
}

export function registeredAs({ model, version, aliases, stage }: MlflowModelVersion): string {
  const also = [
    ...aliases.map((alias) => `alias ${alias}`),
    ...(stage === undefined ? [] : [`stage ${stage}`]),
  ];
  return `registered in MLflow as ${model} version ${version}${also.length > 0 ? ` (${also.join(', ')})` : ''}`;
}
