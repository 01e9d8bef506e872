import type { RunRecord } from '../../runs/record.js';
import { ticks } from '../svg.js';
import type { Cell, ShownRun } from './facts.js';

/** Axes of parameters and metrics: numbers linear or by powers of ten, anything else in steps. */

export interface RunAxis {
  readonly name: string;
  readonly isMetric: boolean;
  readonly scale: 'linear' | 'log' | 'steps';
  /** From 0 (least) to 1 for each run; null where it has no value. */
  readonly places: readonly (number | null)[];
  readonly marks: readonly { readonly place: number; readonly text: string }[];
}

const MOST_STEPS = 12;

export function axisOf(name: string, isMetric: boolean, values: readonly Cell[]): RunAxis {
  const known = values.filter((value) => value !== undefined && value !== null);
  if (known.length > 0 && known.every((value) => typeof value === 'number')) {
    return numberAxis(name, isMetric, values as readonly (number | null | undefined)[]);
  }
  const steps = [...new Set(known.map(String))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const place = (text: string) => (steps.length > 1 ? steps.indexOf(text) / (steps.length - 1) : 0.5);
  const every = Math.ceil(steps.length / MOST_STEPS);
  return {
    name,
    isMetric,
    scale: 'steps',
    places: values.map((value) => (value === undefined || value === null ? null : place(String(value)))),
    marks: steps.filter((_, i) => i % every === 0).map((text) => ({ place: place(text), text })),
  };
}

function numberAxis(
  name: string,
  isMetric: boolean,
  values: readonly (number | null | undefined)[],
): RunAxis {
  const known = values.filter((value) => value !== null && value !== undefined);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const isLog = !isMetric && low > 0 && high / low >= 30;
  const of = isLog ? Math.log10 : (value: number) => value;
  const [from, to] = [of(low), of(high)];
  const place = (value: number) => (to > from ? (of(value) - from) / (to - from) : 0.5);
  const marks = isLog
    ? powers(low, high)
    : ticks(low, high).length > 1
      ? ticks(low, high)
      : [...new Set([low, high])];
  return {
    name,
    isMetric,
    scale: isLog ? 'log' : 'linear',
    places: values.map((value) => (value === null || value === undefined ? null : place(value))),
    marks: marks.map((value) => ({ place: place(value), text: numberText(value) })),
  };
}

function powers(low: number, high: number): readonly number[] {
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const found = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(`1e${first + i}`));
  return found.length > 1 ? found : [low, high];
}

export function numberText(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size >= 1e6 || size < 1e-4)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(4)));
}

/** The axes worth looking at: parameters that differ, then metrics, the one that is ranked by last. */
export function axesOf(
  runs: readonly ShownRun[],
  of: {
    readonly params: readonly { readonly name: string; readonly values: readonly Cell[] }[];
    readonly metrics: readonly string[];
    readonly metricOf: (run: RunRecord, metric: string) => number | null;
  },
): readonly RunAxis[] {
  return [
    ...of.params.map(({ name, values }) => axisOf(name, false, values)),
    ...of.metrics.map((name) =>
      axisOf(
        name,
        true,
        runs.map(({ run }) => of.metricOf(run, name)),
      ),
    ),
  ];
}
