/**
 * A chart of lines over an even grid, as text that GitHub draws (Mermaid's xychart), and back again for pages that draw it
 * themselves. Only words of our own go in: names from outside stand beside the chart, escaped.
 */

export interface LineChart {
  readonly title: string;
  readonly x: Axis | Labels;
  readonly y: Axis;
  /** Each with the same number of values, evenly from the axis's least to its greatest x, or one for each label. */
  readonly lines: readonly (readonly number[])[];
  /** Of the lines, in their order; LINE_COLOURS when left out. */
  readonly colours?: readonly string[];
}

/** Each is seen on white and on black, where Mermaid's own first one is all but white. */
export const LINE_COLOURS = ['#2f81f7', '#d29922', '#3fb950', '#a371f7', '#f85149'] as const;

export interface Axis {
  readonly title: string;
  readonly min: number;
  readonly max: number;
}

/** An axis of things in their order, such as commits. */
export interface Labels {
  readonly title: string;
  readonly labels: readonly string[];
}

export function mermaidChart(chart: LineChart): string {
  const short = shortFor(chart.y);
  const axis = (letter: 'x' | 'y', at: Axis | Labels) =>
    'labels' in at
      ? `    ${letter}-axis "${at.title}" [${at.labels.map((label) => `"${label}"`).join(', ')}]`
      : `    ${letter}-axis "${at.title}" ${shortFor(at)(at.min)} --> ${shortFor(at)(at.max)}`;
  return [
    '```mermaid',
    `${PALETTE}${(chart.colours ?? LINE_COLOURS.slice(0, chart.lines.length)).join(', ')}${PALETTE_END}`,
    'xychart-beta',
    `    title "${chart.title}"`,
    axis('x', chart.x),
    axis('y', chart.y),
    ...chart.lines.map((line) => `    line [${line.map(short).join(', ')}]`),
    '```',
  ].join('\n');
}

const PALETTE = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "';
const PALETTE_END = '"}}}}%%';
const NUMBER = '(-?[0-9.e+-]+)';

/** The chart that `mermaidChart` wrote (without the fence); undefined for anything else. */
export function parseMermaidChart(text: string): LineChart | undefined {
  const [kind, title, x, y, ...lines] = text
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith(PALETTE));
  const axisOf = (letter: string, line: string | undefined): Axis | undefined => {
    const found = new RegExp(`^ {4}${letter}-axis "([^"]*)" ${NUMBER} --> ${NUMBER}$`).exec(line ?? '');
    return found ? { title: found[1] ?? '', min: Number(found[2]), max: Number(found[3]) } : undefined;
  };
  const labelled = /^ {4}x-axis "([^"]*)" \[("[^"]*"(?:, "[^"]*")*)\]$/.exec(x ?? '');
  const name = /^ {4}title "([^"]*)"$/.exec(title ?? '')?.[1];
  const values = lines.map((line) => /^ {4}line \[([^\]]*)\]$/.exec(line)?.[1]?.split(', ').map(Number));
  const ofX = labelled
    ? { title: labelled[1] ?? '', labels: (labelled[2] ?? '').slice(1, -1).split('", "') }
    : axisOf('x', x);
  const ofY = axisOf('y', y);
  if (kind !== 'xychart-beta' || name === undefined || !ofX || !ofY || values.length === 0) return undefined;
  const parsed = values.flatMap((line) => (line?.every(Number.isFinite) ? [line] : []));
  return parsed.length === values.length ? { title: name, x: ofX, y: ofY, lines: parsed } : undefined;
}

/** Finer than anyone sees in the picture: a ten thousandth of the axis. Never with an exponent, which Mermaid does not read. */
function shortFor({ min, max }: { readonly min: number; readonly max: number }): (value: number) => string {
  const range = Math.max(max - min, Number.MIN_VALUE);
  const decimals = Math.min(20, Math.max(0, 4 - Math.floor(Math.log10(range))));
  return (value) => {
    const text = value.toFixed(decimals);
    return text.includes('.') ? text.replace(/\.?0+$/, '').replace(/^-0$/, '0') : text;
  };
}

/** y at evenly spaced x, by straight lines between points with ascending x; where x repeats, the last of them. */
export function onGrid(
  x: readonly number[],
  y: readonly number[],
  grid: { readonly from: number; readonly to: number; readonly points: number },
): readonly number[] {
  let at = 0;
  return Array.from({ length: grid.points }, (_, index) => {
    const wanted = grid.from + (index * (grid.to - grid.from)) / (grid.points - 1);
    while (at + 1 < x.length && (x[at + 1] as number) <= wanted) at++;
    const [x0, y0] = [x[at] ?? 0, y[at] ?? 0];
    const [x1, y1] = [x[at + 1] ?? x0, y[at + 1] ?? y0];
    return x1 > x0 && wanted > x0 ? y0 + ((wanted - x0) * (y1 - y0)) / (x1 - x0) : y0;
  });
}
