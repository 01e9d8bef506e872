import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { metricOf, runOf } from '../../tests/fakes/run.js';
import type { ComparisonRecord } from '../compare/record.js';
import type { DecisionRecord } from '../gate/record.js';
import { type CardFacts, modelCard } from './card.js';

const envelope = {
  id: '20260102T000000000Z-00000002',
  time: '2026-01-02T00:00:00.000Z',
  commit: null,
  actor: 'ada',
  trigger: { event: 'local', url: null, attempt: 1 },
};
const decision: DecisionRecord = {
  schema: 'assay/decision@1',
  ...envelope,
  model: 'income',
  run: 'R',
  comparison: null,
  decision: 'promote',
  rules: [
    {
      rule: 'roc_auc at least 0.8',
      metric: 'roc_auc',
      slice: null,
      outcome: 'promote',
      reason: '0.91 is above 0.8',
    },
  ],
  override: null,
};
const comparison: ComparisonRecord = {
  schema: 'assay/comparison@1',
  ...envelope,
  model: 'income',
  candidate: { run: 'R', commit: null },
  baseline: {
    run: '20260101T000000000Z-00000001',
    commit: null,
    why: 'live on prod',
    first: false,
    behind: null,
  },
  verdict: 'better',
  metrics: [
    {
      name: 'roc_auc',
      split: 'test',
      slice: null,
      direction: 'higher',
      candidate: { value: 0.91, n: 100, stderr: 0.01, seed_values: null },
      baseline: { value: 0.9, n: 100, stderr: 0.01, seed_values: null },
      difference: 0.01,
      interval: null,
      level: 0.95,
      standard_error: null,
      degrees_of_freedom: null,
      p: null,
      p_adjusted: null,
      method: 'none',
      tolerance: 0,
      verdict: 'better',
      reason: '',
      needs: null,
    },
  ],
  params: [],
  data: [],
  costs: [],
  warnings: [],
};
const facts = (changes: Partial<CardFacts> = {}): CardFacts => ({
  version: '1.2.0',
  run: runOf({
    params: { depth: 6, layers: [64, 32] },
    data: [{ name: 'adult', digest: 'd'.repeat(64), rows: 48_842 }],
    metrics: [
      metricOf('roc_auc', 0.88, { slice: { sex: 'Female' } }),
      metricOf('roc_auc', 0.91, { n: 100, stderr: 0.01 }),
      metricOf('log_loss', null, { reason: 'NaN in out/metrics.json' }),
    ],
  }),
  decision,
  comparison,
  files: [{ name: 'model.joblib', digest: 'a'.repeat(64), bytes: 1_500_000 }],
  ...changes,
});

describe('modelCard', () => {
  it('holds the facts', () => {
    const card = modelCard(facts());
    expect(card).toContain('# income 1.2.0');
    expect(card).toContain('| roc_auc | test | – | 0.91 | 0.01 | 100 | 0.9 | +0.01 | better |');
    expect(card).toContain('| roc_auc | test | sex=Female | 0.88 | – | – | – | – | – |');
    expect(card).toContain('| log_loss | test | – | NaN in out/metrics.json |');
    expect(card).toContain(`| adult | 48,842 rows | \`${'d'.repeat(64)}\` |`);
    expect(card).toContain('| layers | `[64,32]` |');
    expect(card).toMatch(/\| roc_auc at least 0.8 \| promote \| 0\\?\.91 is above 0.8 \|/);
    expect(card).toContain(`| model.joblib | 1.5 MB | \`${'a'.repeat(64)}\` |`);
    expect(card).toContain('(live on prod)');
    expect(card.indexOf('log_loss')).toBeLessThan(card.indexOf('sex=Female'));
  });

  it('says what is not known, and invents nothing', () => {
    const run = runOf({
      commit: null,
      params: {},
      code: { commit: null, dirty: false, branch: null, pull_request: null },
    });
    const card = modelCard(facts({ run, decision: undefined, comparison: undefined, files: [] }));
    for (const words of [
      'outside git',
      'This model has no gate',
      'None were recorded.',
      'No dataset was declared.',
      'The run kept no files',
      'Not recorded. This card holds only what was measured',
    ]) {
      expect(card).toContain(words);
    }
    expect(card).not.toMatch(/undefined|null|NaN|\[object/);
  });

  it('says when the code was not committed and who went over the gate', () => {
    const override = { by: 'ada', reason: 'hotfix', was: 'reject' } as const;
    const card = modelCard(facts({ run: runOf({ dirty: true }), decision: { ...decision, override } }));
    expect(card).toContain('**with changes that were not committed**');
    expect(card).toContain('**promote**, by ada over the gate, which said **reject**: hotfix');
  });

  it('shows hostile text as text', () => {
    const hostile = '<img src=x onerror=alert(1)> | [a](javascript:b) `c` @team\n# heading \u202e\u001b[31m';
    const run = runOf({
      actor: hostile,
      command: hostile,
      params: { [hostile]: hostile },
      data: [{ name: hostile, digest: hostile, rows: null }],
      metrics: [metricOf(hostile, 1, { slice: { [hostile]: hostile }, split: hostile })],
      environment: {
        os: hostile,
        cpu: { model: hostile, cores: 1 },
        memory_bytes: 1,
        runtimes: { [hostile]: hostile },
        lockfiles: { [hostile]: hostile },
      },
    });
    const rules = [{ rule: hostile, metric: null, slice: null, outcome: 'hold' as const, reason: hostile }];
    const override = { by: hostile, reason: hostile, was: 'hold' as const };
    const card = modelCard(
      facts({
        run,
        decision: { ...decision, rules, override },
        files: [{ name: hostile, digest: 'a'.repeat(64), bytes: 1 }],
      }),
    );
    expect(card).not.toContain('\u202e');
    expect(card).not.toContain('\u001b');
    const html = marked.parse(card, { async: false });
    expect(html).not.toMatch(/<img|<a |<script/);
    expect(html.match(/<h[12]/g)).toHaveLength(8);
    // Every row of every table has as many cells as its heading: no pipe got through.
    for (const table of html.match(/<table>[\s\S]*?<\/table>/g) ?? []) {
      const widths = (table.match(/<tr>[\s\S]*?<\/tr>/g) ?? []).map((row) => row.match(/<t[hd]/g)?.length);
      expect(new Set(widths).size).toBe(1);
    }
    expect(html).not.toMatch(/@team/);
  });

  it('fits a release whatever there is, and gives the same bytes', () => {
    const many = Array.from({ length: 5000 }, (_, index) => index);
    const run = runOf({
      params: Object.fromEntries(many.map((index) => [`p${index}`, 'x'.repeat(5000)])),
      metrics: many.map((index) => metricOf(`m${index}`, index)),
    });
    const card = modelCard(facts({ run }));
    expect(card).toContain('4,900 more are in `run.json`.');
    expect(card.length).toBeLessThan(100_000);
    expect(modelCard(facts({ run }))).toBe(card);
  });
});
