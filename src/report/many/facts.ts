import type { Leaderboard } from '../../compare/leaderboard.js';
import type { ComparisonRecord } from '../../compare/record.js';
import type { RunRecord } from '../../runs/record.js';

/** Runs of one model that are compared with each other. */
export interface ComparedRuns {
  readonly model: string;
  /** What they are ranked by. */
  readonly metric: string;
  readonly board: Leaderboard;
  /** All of them; the baseline too, when there is one. */
  readonly runs: readonly RunRecord[];
  readonly baseline: RunRecord | undefined;
  /** Why that baseline, or why none. */
  readonly why: string;
  /** With the baseline, by the id of the candidate. */
  readonly comparisons: ReadonlyMap<string, ComparisonRecord>;
  /** Metrics shown first. */
  readonly watched: readonly string[];
}

/** A run as the page shows it: its place, a short name, and a colour where it is among the first. */
export interface ShownRun {
  readonly run: RunRecord;
  /** Place in the ranking, from 0; ties the table, the charts and the switches together. */
  readonly index: number;
  readonly name: string;
  /** 0 to 6 for the first seven, 7 for the baseline; `rest` for all others, which are told apart by pointing at them. */
  readonly colour: number | 'rest';
  readonly isBaseline: boolean;
}

const COLOURS = 7;
const BASELINE_COLOUR = 7;

/** In the order of the ranking, then those without a value. */
export function shownRuns(of: ComparedRuns): readonly ShownRun[] {
  const ordered = [...of.board.standings.map(({ run }) => run), ...of.board.without];
  let next = 0;
  return ordered.map((run, index) => {
    const isBaseline = run.id === of.baseline?.id;
    const colour = isBaseline ? BASELINE_COLOUR : next < COLOURS ? next++ : 'rest';
    return { run, index, name: nameOf(run), colour, isBaseline };
  });
}

/** `24 Nov 03:46 · 89abcdef`: the time says more to a person than the id alone. */
function nameOf(run: RunRecord): string {
  return `${run.time.slice(5, 16).replace('T', ' ')} · ${run.id.slice(-8)}`;
}

export type Cell = string | number | boolean | null | undefined;

/** One row of a table with a column per run. */
export interface RunRow {
  readonly name: string;
  readonly values: readonly Cell[];
  readonly differs: boolean;
}

export function rowsOf(
  names: readonly string[],
  runs: readonly ShownRun[],
  cellOf: (run: RunRecord, name: string) => Cell,
): readonly RunRow[] {
  return names.map((name) => {
    const values = runs.map(({ run }) => cellOf(run, name));
    return { name, values, differs: new Set(values.map((value) => value ?? null)).size > 1 };
  });
}
