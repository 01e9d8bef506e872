import { htmlText } from './escape.js';

/**
 * Charts as inline SVG, without a script and without inline styles: a page's Content-Security-Policy needs nothing for them.
 * Colours are classes (`line-0` … `line-7`), so that light and dark mode are the page's to say.
 */

export interface PlotLine {
  /** For the legend, from outside perhaps: escaped here. Empty shows none. */
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  /** One of the eight colours, or the quiet one of the many; by its place in the list when left out. */
  readonly colour?: number | 'rest';
  /** Which of the page's runs it belongs to, for its switches. */
  readonly run?: number;
}

export interface Plot {
  /** Read aloud, and shown above. */
  readonly title: string;
  readonly x: { readonly title: string; readonly min: number; readonly max: number };
  readonly y: { readonly title: string; readonly min: number; readonly max: number };
  readonly lines: readonly PlotLine[];
  /** A thin line from corner to corner: chance, or perfect calibration. */
  readonly diagonal?: boolean;
}

const SIZE = { width: 380, height: 290, left: 50, right: 12, top: 12, bottom: 44 } as const;
const LINE_COLOURS = 8;

export function svgPlot(plot: Plot): string {
  const { width, height, left, right, top, bottom } = SIZE;
  const px = scale(plot.x, left, width - right);
  const py = scale(plot.y, height - bottom, top);
  const grid = [
    ...ticks(plot.x.min, plot.x.max).map((tick) => {
      const at = fixed(px(tick));
      return `<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${height - bottom}"/><text class="tick" x="${at}" y="${height - bottom + 16}" text-anchor="middle">${label(tick)}</text>`;
    }),
    ...ticks(plot.y.min, plot.y.max).map((tick) => {
      const at = fixed(py(tick));
      return `<line class="grid" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/><text class="tick" x="${left - 6}" y="${fixed(py(tick) + 4)}" text-anchor="end">${label(tick)}</text>`;
    }),
  ];
  const diagonal = plot.diagonal
    ? `<line class="diagonal" x1="${fixed(px(plot.x.min))}" y1="${fixed(py(plot.y.min))}" x2="${fixed(px(plot.x.max))}" y2="${fixed(py(plot.y.max))}"/>`
    : '';
  const lines = plot.lines.map(
    (line, index) =>
      `<path class="line line-${line.colour ?? index % LINE_COLOURS}"${line.run === undefined ? '' : ` data-run="${line.run}"`} d="${path(line, px, py)}">${line.name === '' ? '' : `<title>${htmlText(line.name, 120)}</title>`}</path>`,
  );
  return [
    `<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${htmlText(description(plot), 400)}">`,
    ...grid,
    diagonal,
    ...lines,
    `<text class="axis" x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${htmlText(plot.x.title, 60)}</text>`,
    `<text class="axis" transform="translate(13 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${htmlText(plot.y.title, 60)}</text>`,
    '</svg>',
  ].join('');
}

function description(plot: Plot): string {
  const names = plot.lines.map(({ name }) => name).filter((name) => name !== '');
  return `${plot.title}: ${plot.y.title} over ${plot.x.title}${names.length > 0 ? `, of ${names.join(', ')}` : ''}`;
}

function path(line: PlotLine, px: (value: number) => number, py: (value: number) => number): string {
  let drawing = false;
  return line.x
    .map((x, i) => {
      const y = line.y[i];
      if (y === null || y === undefined) {
        drawing = false;
        return '';
      }
      const command = drawing ? 'L' : 'M';
      drawing = true;
      return `${command}${fixed(px(x))} ${fixed(py(y))}`;
    })
    .join('');
}

function scale(axis: { readonly min: number; readonly max: number }, from: number, to: number) {
  const range = axis.max - axis.min;
  return (value: number) => (range > 0 ? from + ((value - axis.min) / range) * (to - from) : (from + to) / 2);
}

/** Four to six round values within a range (Heckbert, Nice Numbers for Graph Labels, 1990). */
export function ticks(min: number, max: number): readonly number[] {
  if (!(max > min)) return [min];
  const rough = (max - min) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((nice) => nice * power >= rough) ?? 10) * power;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function label(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  return size >= 1e5 || size < 1e-3
    ? value.toExponential(1).replace('e+', 'e')
    : String(Number(value.toPrecision(6)));
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}

/** Look of the plots, to go into a page's style: it sets `--line`, `--quiet` and `--line-0` … `--line-7`. */
export const PLOT_STYLE = `
.plot { width: 100%; max-width: 560px; height: auto; display: block; }
.plot .grid { stroke: var(--line); stroke-width: 1; opacity: 0.6; }
.plot .tick { fill: var(--quiet); font-size: 11px; font-variant-numeric: tabular-nums; }
.plot .axis { fill: var(--quiet); font-size: 12px; }
.plot .diagonal { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 3 4; opacity: 0.7; }
.plot .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.plot .line-rest { stroke: var(--line-rest); stroke-width: 1.25; }
${Array.from({ length: LINE_COLOURS }, (_, i) => `.plot .line-${i} { stroke: var(--line-${i}); }`).join('\n')}
`;

/** Eight colours that stay apart for eyes that see red and green alike (Okabe and Ito, 2008; in dark mode lighter). */
export const LINE_COLOURS_LIGHT =
  '--line-0: #0072b2; --line-1: #d55e00; --line-2: #009e73; --line-3: #b5598f; --line-4: #8c6d00; --line-5: #56b4e9; --line-6: #6e4bb8; --line-7: #59636e; --line-rest: #b8c0c9;';
export const LINE_COLOURS_DARK =
  '--line-0: #56b4e9; --line-1: #ff8f4d; --line-2: #2fcb9c; --line-3: #e596c4; --line-4: #f0e442; --line-5: #0f8fd6; --line-6: #b79cf5; --line-7: #9198a1; --line-rest: #4a525c;';
