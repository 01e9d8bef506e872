import type { Curve } from '../../metrics/curve.js';
import { htmlText } from '../escape.js';
import { type Plot, type PlotLine, svgPlot } from '../svg.js';
import type { RunAxis } from './axes.js';
import type { ShownRun } from './facts.js';

/** Charts of the comparison page that need no script: curves laid over each other, and parallel coordinates. */

const RATE = { min: 0, max: 1 };

export function curveFigures(runs: readonly ShownRun[]): readonly string[] {
  const classes = [
    ...new Set(
      runs.flatMap(({ run }) => (run.curves ?? []).flatMap((one) => ('class' in one ? [one.class] : []))),
    ),
  ];
  const shown = classes.length > 6 ? classes.slice(0, 6) : classes;
  return shown
    .flatMap((name) => {
      const about = name === null ? '' : ` of ${name}`;
      const lines = <K extends Curve['kind']>(
        kind: K,
        points: (curve: Extract<Curve, { kind: K }>) => {
          readonly x: readonly number[];
          readonly y: readonly number[];
        },
      ): readonly PlotLine[] => linesOf(runs, kind, name, points);
      return [
        figure({
          title: `ROC${about}`,
          x: { title: 'false positive rate', ...RATE },
          y: { title: 'true positive rate', ...RATE },
          diagonal: true,
          lines: lines('roc', (one) => ({ x: one.false_positive_rate, y: one.true_positive_rate })),
        }),
        figure({
          title: `Precision and recall${about}`,
          x: { title: 'recall', ...RATE },
          y: { title: 'precision', ...RATE },
          lines: lines('precision_recall', (one) => ({ x: one.recall, y: one.precision })),
        }),
        figure({
          title: `Calibration${about}`,
          x: { title: 'score', ...RATE },
          y: { title: 'share of positives', ...RATE },
          diagonal: true,
          lines: lines('calibration', (one) => ({ x: one.score, y: one.share })),
        }),
      ];
    })
    .concat(residualFigures(runs))
    .filter((text) => text !== '');
}

/** The drawn ones last, so that the best lie on top. */
function linesOf<K extends Curve['kind']>(
  runs: readonly ShownRun[],
  kind: K,
  name: string | null,
  points: (curve: Extract<Curve, { kind: K }>) => {
    readonly x: readonly number[];
    readonly y: readonly number[];
  },
): readonly PlotLine[] {
  return [...runs].reverse().flatMap((one): readonly PlotLine[] => {
    const found = (one.run.curves ?? []).find(
      (curve): curve is Extract<Curve, { kind: K }> =>
        curve.kind === kind && (!('class' in curve) || curve.class === name),
    );
    if (!found) return [];
    const { x, y } = points(found);
    return [{ name: one.name, x, y, colour: one.colour, run: one.index }];
  });
}

function residualFigures(runs: readonly ShownRun[]): readonly string[] {
  const prediction = linesOf(runs, 'residuals', null, (one) => ({ x: one.prediction, y: one.label }));
  const error = linesOf(runs, 'residuals', null, (one) => ({ x: one.prediction, y: one.median }));
  const range = (of: readonly PlotLine[], axis: 'x' | 'y') => {
    const values = of.flatMap((line) => line[axis].flatMap((value) => value ?? []));
    return { min: Math.min(...values), max: Math.max(...values) };
  };
  const both = prediction.length > 0 ? { x: range(prediction, 'x'), y: range(prediction, 'y') } : undefined;
  if (!both) return [];
  const whole = { min: Math.min(both.x.min, both.y.min), max: Math.max(both.x.max, both.y.max) };
  return [
    figure({
      title: 'Prediction and label',
      x: { title: 'mean prediction of the group', ...whole },
      y: { title: 'mean label', ...whole },
      diagonal: true,
      lines: prediction,
    }),
    figure({
      title: 'Errors by the size of the prediction',
      x: { title: 'mean prediction of the group', ...both.x },
      y: { title: 'median of prediction − label', ...range(error, 'y') },
      lines: error,
    }),
  ];
}

function figure(plot: Plot): string {
  if (plot.lines.length === 0) return '';
  return `<figure><figcaption>${htmlText(plot.title, 120)}</figcaption>${svgPlot(plot)}</figure>`;
}

const PARALLEL = { width: 1160, height: 380, top: 46, bottom: 352, side: 90 } as const;

/** One line per run through all axes. Lines bend, so that runs that meet on an axis can be followed through it. */
export function parallelCoordinates(runs: readonly ShownRun[], axes: readonly RunAxis[]): string {
  const { width, height, top, bottom, side } = PARALLEL;
  const x = (axis: number) => side + (axis * (width - 2 * side)) / Math.max(1, axes.length - 1);
  const y = (place: number) => bottom - place * (bottom - top);
  const rails = axes.map((axis, at) => {
    const end = at === axes.length - 1;
    const marks = axis.marks.map(
      ({ place, text }) =>
        `<text class="tick" x="${num(x(at) + (end ? 9 : -9))}" y="${num(y(place) + 4)}" text-anchor="${end ? 'start' : 'end'}">${htmlText(text, 18)}</text>`,
    );
    const title = axis.name.length > 22 ? `${axis.name.slice(0, 21)}…` : axis.name;
    return `<line class="rail" x1="${num(x(at))}" x2="${num(x(at))}" y1="${top}" y2="${bottom}"/><text class="name" x="${num(x(at))}" y="22" text-anchor="middle">${htmlText(title)}<title>${htmlText(axis.name, 200)}</title></text>${axis.scale === 'log' ? `<text class="tick" x="${num(x(at))}" y="36" text-anchor="middle">log</text>` : ''}${marks.join('')}<rect class="grip" data-axis="${at}" x="${num(x(at) - 16)}" y="${top - 6}" width="32" height="${bottom - top + 12}"/>`;
  });
  const lines = [...runs].reverse().map((one) => {
    const points = axes.flatMap((axis, at) => {
      const place = axis.places[one.index];
      return place === null || place === undefined ? [] : [[x(at), y(place)] as const];
    });
    const path = points
      .map(([px, py], i) => {
        const before = points[i - 1];
        if (!before) return `M${num(px)} ${num(py)}`;
        const middle = (before[0] + px) / 2;
        return `C${num(middle)} ${num(before[1])} ${num(middle)} ${num(py)} ${num(px)} ${num(py)}`;
      })
      .join('');
    return `<path class="line line-${one.colour}" data-run="${one.index}" tabindex="0" role="img" aria-label="${htmlText(one.name)}" d="${path}"><title>${htmlText(one.name)}${one.isBaseline ? ' (baseline)' : ''}</title></path>`;
  });
  return `<div class="scroll"><svg class="plot wide parallel" viewBox="0 0 ${width} ${height}" data-top="${top}" data-bottom="${bottom}" role="group" aria-label="Parallel coordinates of ${axes.length} parameters and metrics">${lines.join('')}${rails.join('')}</svg></div>`;
}

function num(value: number): string {
  return String(Number(value.toFixed(1)));
}
