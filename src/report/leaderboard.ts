import type { Leaderboard, Standing } from '../compare/leaderboard.js';
import type { MetricComparison } from '../compare/record.js';
import { formatNumber, plural, shortCommit } from '../format.js';
import { textTable } from './table.js';

/** Runs ranked by a metric, for a terminal: values with their intervals drawn to one scale. */

/** Columns of the picture of the intervals. */
const WIDTH = 28;

export interface LeaderboardText {
  readonly metric: string;
  readonly board: Leaderboard;
  /** Verdict of each run against one baseline, by run id, where runs were compared. */
  readonly verdicts?: ReadonlyMap<string, MetricComparison | undefined>;
  readonly baseline?: string;
  /** How many runs have no value, where the board does not hold them all. */
  readonly without?: number;
  /** Parameters that differ between the runs, with their values. */
  readonly params: readonly { readonly name: string; readonly of: (runId: string) => string }[];
}

export function leaderboardText(options: LeaderboardText): string {
  const { board, metric, verdicts, params } = options;
  if (board.standings.length === 0) return `No run has a value of ${metric}.`;
  const decimals = decimalsOf(board.standings);
  const scale = scaleOf(board.standings);
  const table = textTable({
    columns: [
      { title: '#', align: 'right' },
      { title: 'run' },
      { title: 'commit' },
      { title: metric, align: 'right' },
      { title: '95 % interval', align: 'right' },
      { title: scale ? `${formatNumber(scale.min, 3)} … ${formatNumber(scale.max, 3)}` : '' },
      ...(verdicts ? [{ title: 'against the baseline' }] : []),
      ...params.map(({ name }) => ({ title: name })),
    ],
    rows: board.standings.map((standing) => [
      `${standing.rank}${standing.level === true && standing.rank > 1 ? '=' : ''}`,
      standing.run.id,
      standing.run.commit === null
        ? '-'
        : `${shortCommit(standing.run.commit)}${standing.run.code.dirty ? '+' : ''}`,
      standing.metric.value.toFixed(decimals),
      standing.interval?.map((end) => end.toFixed(decimals)).join(' … ') ?? '',
      scale ? picture(standing, scale) : '',
      ...(verdicts ? [verdictText(standing, options)] : []),
      ...params.map(({ of }) => of(standing.run.id)),
    ]),
  });
  return [table, '', ...remarks(options)].join('\n');
}

function verdictText(standing: Standing, { verdicts, baseline }: LeaderboardText): string {
  if (standing.run.id === baseline) return 'baseline';
  return verdicts?.get(standing.run.id)?.verdict ?? '';
}

function remarks({ board, metric, without = board.without.length }: LeaderboardText): readonly string[] {
  const level = board.standings.filter((one) => one.level === true && one.rank > 1).length;
  const unknown = board.standings.filter((one) => one.level === null).length;
  return [
    board.direction === 'none'
      ? `No side of ${metric} is known to be better: metrics: { rules: { ${metric}: { direction: higher } } } says which.`
      : '',
    level > 0
      ? `= cannot be told from the best by its interval (${plural(level, 'run')}); the best of many also looks better than it is.`
      : '',
    unknown > 0
      ? `${plural(unknown, 'run')} without known noise: seeds or kept predictions would give an interval.`
      : '',
    without > 0 ? `${plural(without, 'run')} without a value of ${metric}.` : '',
  ].filter((line) => line !== '');
}

/** Two digits of the narrowest interval; without one, as many as set the values apart, up to six. */
export function decimalsOf(standings: readonly Standing[]): number {
  const widths = standings.flatMap(({ interval }) => (interval ? [(interval[1] - interval[0]) / 2] : []));
  const values = standings.map(({ metric }) => metric.value);
  const spread = Math.max(...values) - Math.min(...values);
  const step =
    widths.length > 0 ? Math.min(...widths) : spread > 0 ? spread / 10 : Math.abs(values[0] ?? 1) / 1000;
  if (!(step > 0)) return 0;
  return Math.max(0, Math.min(7, 1 - Math.floor(Math.log10(step))));
}

interface Scale {
  readonly min: number;
  readonly max: number;
}

/** Undefined when there is nothing to tell apart. */
export function scaleOf(standings: readonly Standing[]): Scale | undefined {
  const ends = standings.flatMap(({ metric, interval }) => [metric.value, ...(interval ?? [])]);
  const [min, max] = [Math.min(...ends), Math.max(...ends)];
  return max > min ? { min, max } : undefined;
}

/** `   ├──●───┤  `: the value in its interval. */
function picture({ metric, interval }: Standing, { min, max }: Scale): string {
  const at = (value: number) => Math.round(((value - min) / (max - min)) * (WIDTH - 1));
  const cells = Array.from({ length: WIDTH }, () => ' ');
  if (interval) {
    for (let cell = at(interval[0]); cell <= at(interval[1]); cell++) cells[cell] = '─';
    cells[at(interval[0])] = '├';
    cells[at(interval[1])] = '┤';
  }
  cells[at(metric.value)] = '●';
  return cells.join('');
}
