import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { metricOf, runOf } from '../../../tests/fakes/run.js';
import { rankRuns } from '../../compare/leaderboard.js';
import type { RunRecord } from '../../runs/record.js';
import { axisOf } from './axes.js';
import { CLIENT } from './client.js';
import type { ComparedRuns } from './facts.js';
import { comparisonPage } from './page.js';

const HOSTILE = `"><img src=x onerror=alert(1)></script><script>alert(2)</script>`;

function compared(runs: readonly RunRecord[], metric = 'roc_auc'): ComparedRuns {
  return {
    model: 'income',
    metric,
    board: rankRuns(runs, (run) => run.metrics.find(({ name }) => name === metric)),
    runs,
    baseline: runs[0],
    why: 'named as the baseline',
    comparisons: new Map(),
    watched: [metric],
  };
}

const runs = ['a', 'b', 'c'].map((letter, i) =>
  runOf({
    id: `2026010${i + 1}T000000000Z-0000000${letter}`,
    params: { depth: i, [HOSTILE]: `${HOSTILE}${i}`, same: 1 },
    metrics: [metricOf('roc_auc', 0.7 + i / 10), metricOf(HOSTILE, i)],
    series: [{ name: HOSTILE, seed: 1, steps: [0, 1], values: [1, null] }],
    curves: [
      { kind: 'roc', seed: 1, class: HOSTILE, false_positive_rate: [0, 1], true_positive_rate: [0, 1] },
      { kind: 'confusion', seed: 1, classes: [HOSTILE], counts: [[1]] },
    ],
  }),
);
const page = comparisonPage({ models: [compared(runs)], version: '1.0.0' });

describe('comparisonPage', () => {
  it('shows text from outside as text', () => {
    const own = [...page.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    expect(own).toEqual(['<script type="application/json">', '<script>']);
    expect(page).not.toMatch(/<img|onerror=alert\(1\)>/);
  });

  it('lets only its own script and style in, by their digests, and loads nothing', () => {
    const digest = (text: string | undefined) =>
      createHash('sha256')
        .update(text ?? '')
        .digest('base64');
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    expect(policy).toContain(`script-src 'sha256-${digest(/<script>([\s\S]*?)<\/script>/.exec(page)?.[1])}'`);
    expect(policy).toContain(`style-src 'sha256-${digest(/<style>([\s\S]*?)<\/style>/.exec(page)?.[1])}'`);
    expect(policy).toMatch(/^default-src 'none'/);
    // Inline styles and handlers would need more than the policy gives; addresses would leave the file.
    expect(page.replace(CLIENT, '')).not.toMatch(/ style=| on[a-z]+="|https?:\/\/(?!www\.w3\.org)/);
  });

  it('hands the script data that cannot end its element', () => {
    const data = /<script type="application\/json">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
    expect(data).not.toMatch(/[<>&]/);
    expect(JSON.parse(data)).toMatchObject({
      runs: [
        { colour: 0, baseline: false },
        { colour: 1, baseline: false },
        { colour: 7, baseline: true },
      ],
      ranked: 'roc_auc',
      axes: [{ places: [1, 0.5, 0] }, { places: [1, 0.5, 0] }, { places: [1, 0.5, 0] }],
    });
  });

  it('has a script that a browser can read', () => {
    expect(() => new Script(CLIENT)).not.toThrow();
    expect(CLIENT).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
  });

  it('gives every switch, line and row the place of its run', () => {
    expect([...page.matchAll(/data-switch="(\d)"/g)].map(([, run]) => run)).toEqual(['0', '1', '2']);
    for (const run of [0, 1, 2]) expect(page.match(new RegExp(`data-run="${run}"`, 'g'))?.length).toBe(3);
  });

  it('says nothing of what there is not', () => {
    const bare = comparisonPage({
      models: [compared([runOf({ metrics: [metricOf('roc_auc', 0.5)] })])],
      version: '1.0.0',
    });
    expect(bare).not.toMatch(/<h2[^>]*>(Curves|Series|Parameters)/);
    expect(bare).toContain('No difference.');
  });
});

describe('axisOf', () => {
  it('takes powers of ten where parameters span them, and steps for texts', () => {
    expect(axisOf('rate', false, [0.001, 0.1, undefined])).toMatchObject({
      scale: 'log',
      places: [0, 1, null],
    });
    expect(axisOf('auc', true, [0.001, 0.1]).scale).toBe('linear');
    expect(axisOf('loss', false, ['log', 'hinge', 'log'])).toMatchObject({
      scale: 'steps',
      places: [1, 0, 1],
    });
    expect(axisOf('one', false, [3, 3]).places).toEqual([0.5, 0.5]);
  });
});
