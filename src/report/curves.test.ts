import { describe, expect, it } from 'vitest';
import type { Curve } from '../metrics/curve.js';
import { mermaidChart, onGrid, parseMermaidChart } from './chart.js';
import { curvesSection } from './curves.js';
import { reportPage } from './html.js';
import { svgPlot, ticks } from './svg.js';

const roc: Curve = {
  kind: 'roc',
  seed: 1,
  class: null,
  false_positive_rate: [0, 0.1, 1],
  true_positive_rate: [0, 0.8, 1],
};

describe('curvesSection', () => {
  it('draws charts from text and tables, of the first seed', () => {
    const confusion: Curve = {
      kind: 'confusion',
      seed: 1,
      classes: ['no', 'ye|s'],
      counts: [
        [90, 10],
        [5, 15],
      ],
    };
    expect(curvesSection([roc, confusion, { ...roc, seed: 2 }])).toMatchInlineSnapshot(`
      "<details>
      <summary>Confusion matrix, ROC</summary>

      Of seed 1, the first of 2 seeds.

      | true \\ predicted | no | ye&#124;s |
      | :-- | --: | --: |
      | **no** | 90 (90 %) | 10 (10 %) |
      | **ye&#124;s** | 5 (25 %) | 15 (75 %) |

      \`\`\`mermaid
      %%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7"}}}}%%
      xychart-beta
          title "ROC"
          x-axis "false positive rate" 0 --> 1
          y-axis "true positive rate" 0 --> 1
          line [0, 0.4, 0.8, 0.8111, 0.8222, 0.8333, 0.8444, 0.8556, 0.8667, 0.8778, 0.8889, 0.9, 0.9111, 0.9222, 0.9333, 0.9444, 0.9556, 0.9667, 0.9778, 0.9889, 1]
      \`\`\`

      </details>"
    `);
  });

  it('says nothing when there are none', () => {
    expect(curvesSection(undefined)).toBe('');
    expect(curvesSection([])).toBe('');
  });
});

describe('charts', () => {
  const chart = {
    title: 'ROC',
    x: { title: 'x', min: 0, max: 1 },
    y: { title: 'y', min: -0.5, max: 1 },
    lines: [
      [0, 0.5, 1],
      [1, 0.25, 1e-7],
    ],
  };

  it('read back what was written, and nothing else', () => {
    const text = mermaidChart(chart).split('\n').slice(1, -1).join('\n');
    expect(parseMermaidChart(text)).toEqual({ ...chart, lines: [chart.lines[0], [1, 0.25, 0]] });
    expect(parseMermaidChart('graph TD; A-->B')).toBeUndefined();
    expect(parseMermaidChart(text.replace('0.5', 'x'))).toBeUndefined();
  });

  it('are pictures in a page, without a script', () => {
    const page = reportPage({ title: 't', markdown: curvesSection([roc]) });
    expect(page).toContain('<svg class="plot"');
    expect(page).not.toContain('xychart');
    expect(page).not.toMatch(/<script|style="/);
  });

  it('escape names', () => {
    const axis = { title: '<b>', min: 0, max: 1 };
    const svg = svgPlot({
      title: '"><script>',
      x: axis,
      y: axis,
      lines: [{ name: '</title>', x: [0, 1], y: [0, null] }],
    });
    expect(svg).not.toMatch(/<b>|<script|<\/title><\/title>/);
  });

  it('are read at any place', () => {
    expect(onGrid([0, 0, 1], [0, 0.5, 1], { from: 0, to: 1, points: 3 })).toEqual([0.5, 0.75, 1]);
    expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(3, 3)).toEqual([3]);
  });
});
