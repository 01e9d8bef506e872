import { formatNumber } from '../../format.js';
import { htmlText } from '../escape.js';

/**
 * Histograms as inline SVG, of one side or of two over the same bars. No script and no inline style: the page's
 * Content-Security-Policy needs nothing for them. Beside each stands the same in words, for who cannot see it.
 */

export interface Bars {
  /** Read aloud before the bars; from outside perhaps: escaped here. */
  readonly title: string;
  /** What each bar holds; names from outside are escaped here. */
  readonly labels: readonly string[];
  /** Written below the axis at the edges of bars: one more than labels; left out for named bars. */
  readonly edges?: readonly string[];
  /** One or two series, each with as many values (counts or shares) as labels. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** How a value is said: `1,204 rows`, `12 %`. */
  say(value: number): string;
}

const SIZE = { width: 360, height: 120, top: 6, bottom: 22 } as const;

/** Bars between numbers: one beside the other, the axis below. */
export function histogram(bars: Bars): string {
  const { width, height, top, bottom } = SIZE;
  const floor = height - bottom;
  const most = Math.max(1e-300, ...bars.series.flatMap(({ values }) => values));
  const step = width / Math.max(1, bars.labels.length);
  const gap = step > 4 ? 1 : 0;
  const slot = (step - gap) / bars.series.length;
  const rects = bars.series.flatMap(({ values, name }, side) =>
    values.flatMap((value, i) => {
      if (value <= 0) return [];
      // Whatever is there is seen.
      const tall = Math.max(1, (value / most) * (floor - top));
      const text = `${name === '' ? '' : `${name}, `}${bars.labels[i] ?? ''}: ${bars.say(value)}`;
      return `<rect class="bar side-${side}" x="${fixed(i * step + side * slot)}" y="${fixed(floor - tall)}" width="${fixed(Math.max(0.5, slot))}" height="${fixed(tall)}"><title>${htmlText(text, 200)}</title></rect>`;
    }),
  );
  return `<svg class="bars" viewBox="0 0 ${width} ${height}" role="img" aria-label="${htmlText(inWords(bars), 900)}">${rects.join('')}<line class="floor" x1="0" x2="${width}" y1="${floor}" y2="${floor}"/>${axis(bars, step)}</svg>`;
}

function axis({ edges }: Bars, step: number): string {
  if (!edges || edges.length < 2) return '';
  const last = edges.length - 1;
  const middle = Math.round(last / 2);
  const shown = new Map([
    [0, 'start'],
    ...(last > 2 ? ([[middle, 'middle']] as const) : []),
    [last, 'end'],
  ] as const);
  return [...shown]
    .map(
      ([i, anchor]) =>
        `<text class="tick" x="${fixed(i * step)}" y="${SIZE.height - 6}" text-anchor="${anchor}">${htmlText(edges[i] ?? '', 40)}</text>`,
    )
    .join('');
}

/** Named bars, one below the other, longest names cut: an HTML list that reads as one. */
export function namedBars(bars: Bars): string {
  const most = Math.max(1e-300, ...bars.series.flatMap(({ values }) => values));
  const rows = bars.labels.map((label, i) => {
    const cells = bars.series.map(({ values, name }, side) => {
      const value = values[i] ?? 0;
      const width = value > 0 ? Math.max(0.5, (value / most) * 100) : 0;
      const said = `${name === '' ? '' : `<span class="aloud">${htmlText(name, 60)}: </span>`}${htmlText(bars.say(value))}`;
      return `<span class="along"><svg class="strip" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar side-${side}" width="${fixed(width)}" height="8"/></svg><span class="amount">${said}</span></span>`;
    });
    return `<li${bars.series.length === 1 ? ' class="single"' : ''}><span class="name">${htmlText(label, 80)}</span>${cells.join('')}</li>`;
  });
  return `<ul class="named" aria-label="${htmlText(bars.title, 200)}">${rows.join('')}</ul>`;
}

/** Which colour is which side; nothing for one side. */
export function legend(names: readonly string[]): string {
  return `<p class="legend" aria-hidden="true">${names
    .map((name, side) => `<span><i class="key side-${side}"></i>${htmlText(name, 80)}</span>`)
    .join('')}</p>`;
}

const MOST_SAID = 12;

function inWords({ title, labels, series, say }: Bars): string {
  const said = series.map(({ name, values }) => {
    const ranked = values
      .map((value, i) => ({ value, i }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value)
      .slice(0, MOST_SAID)
      .sort((a, b) => a.i - b.i);
    const most = ranked.map(({ value, i }) => `${labels[i] ?? ''}: ${say(value)}`).join('; ');
    return `${name === '' ? '' : `${name}: `}${most}`;
  });
  return `${title}. ${said.join('. ')}`;
}

/** Edges as labels of the bars between them. */
export function intervals(edges: readonly string[]): readonly string[] {
  return edges.slice(1).map((to, i) => `${edges[i]} to ${to}`);
}

export function edgeTexts(edges: readonly number[]): readonly string[] {
  return edges.map((edge) => formatNumber(edge, 4));
}

/** Seconds since 1970 as days, or as times where the days do not tell them apart. */
export function timeTexts(seconds: readonly number[]): readonly string[] {
  const texts = seconds.map((second) => {
    const date = new Date(second * 1000);
    return Number.isNaN(date.getTime()) ? `${formatNumber(second)} s` : date.toISOString();
  });
  const days = texts.map((text) => text.slice(0, 10));
  return new Set(days).size === days.length ? days : texts.map((text) => text.replace(/\.\d+Z$/, 'Z'));
}

function fixed(value: number): string {
  return String(Number(value.toFixed(2)));
}
