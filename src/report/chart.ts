/**
 * A chart of lines over an even grid, as text that GitHub draws (Mermaid's xychart), and back again for pages that draw it
 * themselves. Only words of our own go in: names from outside stand beside the chart, escaped.
 */

export interface LineChart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Each with the same number of values, evenly from the axis's least to its greatest x. */
  readonly lines: readonly (readonly number[])[];
}

export interface Axis {
  readonly title: string;
  readonly min: number;
  readonly max: number;
}

export function mermaidChart(chart: LineChart): string {
  const axis = (letter: 'x' | 'y', { title, min, max }: Axis) =>
    `    ${letter}-axis "${title}" ${short(min)} --> ${short(max)}`;
  return [
    '```mermaid',
    'xychart-beta',
    `    title "${chart.title}"`,
    axis('x', chart.x),
    axis('y', chart.y),
    ...chart.lines.map((line) => `    line [${line.map(short).join(', ')}]`),
    '```',
  ].join('\n');
}

const NUMBER = '(-?[0-9.e+-]+)';

/** The chart that `mermaidChart` wrote (without the fence); undefined for anything else. */
export function parseMermaidChart(text: string): LineChart | undefined {
  const [kind, title, x, y, ...lines] = text.trimEnd().split('\n');
  const axisOf = (letter: string, line: string | undefined): Axis | undefined => {
    const found = new RegExp(`^ {4}${letter}-axis "([^"]*)" ${NUMBER} --> ${NUMBER}$`).exec(line ?? '');
    return found ? { title: found[1] ?? '', min: Number(found[2]), max: Number(found[3]) } : undefined;
  };
  const name = /^ {4}title "([^"]*)"$/.exec(title ?? '')?.[1];
  const values = lines.map((line) => /^ {4}line \[([^\]]*)\]$/.exec(line)?.[1]?.split(', ').map(Number));
  const [ofX, ofY] = [axisOf('x', x), axisOf('y', y)];
  if (kind !== 'xychart-beta' || name === undefined || !ofX || !ofY || values.length === 0) return undefined;
  const parsed = values.flatMap((line) => (line?.every(Number.isFinite) ? [line] : []));
  return parsed.length === values.length ? { title: name, x: ofX, y: ofY, lines: parsed } : undefined;
}

function short(value: number): string {
  return String(Number(value.toFixed(4)));
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
