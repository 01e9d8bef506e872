import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseInput } from '../src/commands/command-line/input.js';
import { report } from '../src/commands/report.js';
import type { AnyRecord } from '../src/history/record.js';
import type { ModelFacts } from '../src/report/facts.js';
import type { World } from '../src/world.js';
import { modelOf, validationOf } from './fakes/report.js';
import { runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import { git, makeRepository, openHistory, openScene, type Scene, write } from './history-scene.js';

let scene: Scene;
let folder: string;
let head: string;
beforeEach(() => {
  scene = openScene();
  folder = makeRepository(join(scene.folder, 'code'), 1);
  head = git(folder, 'rev-parse', 'HEAD').trim();
  configure(folder);
});
afterEach(() => scene.end());

function configure(at: string): void {
  write(
    at,
    'assay.yml',
    [
      'data: { adult: { source: data.csv } }',
      'models:',
      '  income:',
      '    data: [adult]',
      '    train: { run: node train.mjs }',
      '    metrics: { from: [metrics.json] }',
      '    gate: [{ metric: roc_auc, slices: all }]',
      '  churn: { train: { run: node train.mjs }, metrics: { from: [m.json] } }',
    ].join('\n'),
  );
}

async function assayReport(
  words: readonly string[] = [],
  options: { cwd?: string; runner?: Partial<World['runner']> } = {},
) {
  const world = testWorld({
    cwd: options.cwd ?? folder,
    ...(options.runner ? { runner: options.runner } : {}),
  });
  return { ...(await report.run(parseInput(report.spec, words), world)), lines: world.lines };
}

/** A model with a slice that is worse, as it would be recorded for the commit. */
function rejected(): ModelFacts {
  const facts = modelOf({
    rows: [
      { before: 0.9, after: 0.91, error: 0.001 },
      { slice: { sex: 'Female' }, before: 0.9, after: 0.88, error: 0.001 },
    ],
    run: { data: [{ name: 'adult', digest: 'd'.repeat(64), rows: 48_842 }] },
    validations: [validationOf([{}, {}])],
  });
  return facts;
}

async function record(facts: ModelFacts, commit = head): Promise<void> {
  const records = [facts.run, facts.comparison, facts.decision, ...facts.validations]
    .filter((one) => one !== undefined)
    .map((one) => ({ ...one, commit }) as unknown as AnyRecord);
  await openHistory(folder).append(records);
}

describe('assay report', () => {
  it('shows the newest run, comparison, decision and validation of the commit, everywhere', async () => {
    await record(rejected());
    const { outputs, text, summary, exit, json } = await assayReport(['income']);
    expect(exit).toBe(0);
    expect(text).toContain('### ❌ income: reject — worse for sex=Female: roc_auc −0.0200');
    expect(text).toContain('**Data**: adult valid (48,842 rows, 2 checks passed).');
    expect(outputs['body-file']).toBe(join(folder, '.assay/reports/comment.md'));
    expect(readFileSync(outputs['body-file'] ?? '', 'utf8')).toBe(text);
    expect(readFileSync(outputs['comment-url'] ?? '', 'utf8')).toBe(text);
    expect(summary).toBe(text);
    expect(json).toMatchObject({
      key: 'income',
      commit: head,
      models: [{ model: 'income', answer: 'reject', run: '20260102T000000000Z-00000002' }],
    });
  });

  it('has one comment per pull request, updated', async () => {
    const runner = {
      trigger: { event: 'pull_request', url: 'https://ci.example/runs/7', attempt: 1 },
      pullRequest: { number: 7, targetBranch: 'main', headCommit: head, fromFork: false },
    };
    const before = await assayReport([], { runner });
    expect(before.outputs['comment-url']).toMatch(/comments\/pr-7-all\.md$/);
    await record(rejected());
    const after = await assayReport([], { runner });
    expect(after.outputs['comment-url']).toBe(before.outputs['comment-url']);
    const comment = readFileSync(after.outputs['comment-url'] ?? '', 'utf8');
    expect(comment).toContain('| **income** | ❌ reject |');
    expect(comment).toContain('| **churn** | ⚠️ no run | nothing was measured on this commit |');
    expect(comment).toContain('[CI run](https://ci.example/runs/7)');
  });

  it('says how to get a run when there is none, and does not take that of another commit', async () => {
    await record(rejected(), 'f'.repeat(40));
    const { text, exit } = await assayReport(['income']);
    expect(exit).toBe(0);
    expect(text).toContain('### ⚠️ income: no run — nothing was measured on this commit');
    expect(text).toContain('To get one: `assay train income`.');
  });

  it('shows a failed run although an older one succeeded', async () => {
    await record(rejected());
    const failed = runOf({
      id: '20260103T000000000Z-00000009',
      commit: head,
      status: 'failed',
      reason: 'killed by SIGKILL',
    });
    await openHistory(folder).append([failed as unknown as AnyRecord]);
    const { text } = await assayReport(['income']);
    expect(text).toContain('### ❌ income: the run failed — killed by SIGKILL');
    expect(text).not.toContain('Baseline');
  });

  it('shows the numbers that the decision rests on, and not those of a later comparison', async () => {
    const facts = rejected();
    const later = {
      ...facts.comparison,
      id: '20260104T000000000Z-00000008',
      commit: head,
      metrics: [],
      baseline: { ...facts.comparison?.baseline, why: 'asked for by hand' },
    };
    const decision = facts.decision && { ...facts.decision, comparison: facts.comparison?.id ?? null };
    await record({ ...facts, decision });
    await openHistory(folder).append([later as unknown as AnyRecord]);
    expect((await assayReport(['income'])).text).toContain('merge base with main');
  });

  it('writes where it is told to, and posts only when it may', async () => {
    const { outputs, text } = await assayReport([
      '--no-comment',
      '--output',
      'out/body.md',
      '--html',
      'out/page.html',
    ]);
    expect(outputs).toEqual({ 'comment-url': '', 'body-file': join(folder, 'out/body.md'), bundle: '' });
    expect(readFileSync(join(folder, 'out/body.md'), 'utf8')).toBe(text);
    expect(readFileSync(join(folder, 'out/page.html'), 'utf8')).toContain('<h3>⚠️ 2 of 2 models: no run</h3>');
  });

  it('keeps the comments of the projects of a monorepo apart', async () => {
    const service = join(folder, 'services/churn');
    write(folder, 'services/churn/x', '');
    configure(service);
    const here = await assayReport();
    const there = await assayReport([], { cwd: service });
    expect(there.json).toMatchObject({ key: 'services/churn:all' });
    expect(there.outputs['comment-url']).not.toBe(here.outputs['comment-url']);
    expect(there.text.split('\n')[0]).not.toBe(here.text.split('\n')[0]);
  });

  it('leaves out a record that cannot be read, and says so', async () => {
    const broken = { ...runOf({ id: '20260105T000000000Z-00000007', commit: head }), metrics: 'none' };
    await openHistory(folder).append([broken as unknown as AnyRecord]);
    const { text, lines } = await assayReport(['income']);
    expect(text).toContain('income: no run');
    expect(lines.join('\n')).toContain('20260105T000000000Z-00000007 is left out');
  });

  it('refuses a model that is not in the config', async () => {
    await expect(assayReport(['incomes'])).rejects.toThrow('there is no model "incomes"');
  });
});
