import { formatNumber, plural, shortCommit } from '../format.js';
import type { Metric } from '../metrics/metric.js';
import { LINE_COLOURS, mermaidChart } from './chart.js';
import { markdownHtml, markdownText } from './escape.js';
import type { ModelFacts, Trend } from './facts.js';
import { blocks, details } from './markdown.js';
import { condense, sparkline } from './sparkline.js';

/** The main metric over the runs before this one, as a chart that GitHub draws, and in words for who does not see it. */

const COLOURS = { seeds: '#8b949e', baseline: LINE_COLOURS[1], value: LINE_COLOURS[0] } as const;

/** Nothing without a run before this one, or a value in this one. */
export function trendSection({ trend, run, comparison }: ModelFacts): string {
  const now = run?.metrics.find((metric) => metric.slice === null && metric.name === trend?.metric);
  if (!trend || trend.points.length === 0 || !now || now.value === null) return '';
  const before = trend.points.map(({ value }) => value);
  const values = [...before, now.value];
  const spread = seedSpread(now);
  const baseline = comparison?.metrics.find(
    (metric) => metric.slice === null && metric.name === trend.metric && metric.split === now.split,
  )?.baseline?.value;
  const shape = sparkline(condense(values, 24));
  const where = trend.branch === null ? '' : ` on ${markdownText(trend.branch, 80)}`;
  const ends = `${formatNumber(before[0] ?? 0, 5)} → ${formatNumber(before.at(-1) ?? 0, 5)}`;
  return details(
    `History of ${markdownHtml(trend.metric, 80)}: ${shape}`,
    blocks([
      mermaidChart({
        title: 'Main metric, run by run',
        x: { title: 'commit', labels: [...trend.points.map(labelOf), 'this run'] },
        y: { title: 'value', ...rangeOf([...values, ...(spread ?? []), ...(baseline ? [baseline] : [])]) },
        // What is drawn last lies on top.
        lines: [
          ...(spread ?? []).map((end) => [...before, end]),
          ...(typeof baseline === 'number' ? [values.map(() => baseline)] : []),
          values,
        ],
        colours: [
          ...(spread ?? []).map(() => COLOURS.seeds),
          ...(typeof baseline === 'number' ? [COLOURS.baseline] : []),
          COLOURS.value,
        ],
      }),
      [
        `${plural(trend.points.length, 'run')}${where}, oldest first: ${ends}; this run **${formatNumber(now.value, 5)}**.`,
        typeof baseline === 'number' ? `The level line is the baseline, ${formatNumber(baseline, 5)}.` : '',
        spread
          ? `The grey lines end at the least and the greatest of its seeds, ${formatNumber(spread[0], 5)} and ${formatNumber(spread[1], 5)}.`
          : '',
      ]
        .filter((sentence) => sentence !== '')
        .join(' '),
    ]),
  );
}

function seedSpread({ seed_values }: Metric): readonly [number, number] | undefined {
  const known = (seed_values ?? []).filter((value) => value !== null);
  return known.length > 1 ? [Math.min(...known), Math.max(...known)] : undefined;
}

function labelOf({ commit }: Trend['points'][number]): string {
  return commit !== null && /^[0-9a-f]{7,64}$/.test(commit) ? shortCommit(commit) : '–';
}

/** With some air, so that no line lies on the frame; never empty, which Mermaid does not draw. */
function rangeOf(values: readonly number[]): { readonly min: number; readonly max: number } {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const air = (greatest - least) * 0.1 || Math.abs(least) * 0.01 || 1;
  return { min: least - air, max: greatest + air };
}
