import { describe, expect, test } from 'vitest';
import { metricOf, runOf } from '../../tests/fakes/run.js';
import { compareReproduction } from './reproduction.js';

const artifact = (name: string, digit: string) => ({ name, path: name, digest: digit.repeat(64), bytes: 1 });

describe('compareReproduction', () => {
  test('nothing differs: identical, whatever the logs say', () => {
    const run = runOf({
      metrics: [metricOf('acc', 0.1 + 0.2)],
      artifacts: [artifact('model', 'a'), artifact('log', 'a')],
    });
    const again = { ...run, artifacts: [artifact('model', 'a'), artifact('log', 'b')] };
    expect(compareReproduction(run, again)).toEqual({
      identical: true,
      metrics: [],
      artifacts: [],
      environment: [],
    });
  });

  test('the last digit counts, also of one seed', () => {
    const run = runOf({ metrics: [metricOf('acc', 0.3, { seed_values: [0.2, 0.4] })] });
    const digit = runOf({ metrics: [metricOf('acc', 0.1 + 0.2, { seed_values: [0.2, 0.4] })] });
    const seeds = runOf({ metrics: [metricOf('acc', 0.3, { seed_values: [0.4, 0.2] })] });
    expect(compareReproduction(run, digit)).toMatchObject({
      identical: false,
      metrics: [{ name: 'acc', original: 0.3, again: 0.1 + 0.2 }],
    });
    expect(compareReproduction(run, seeds).identical).toBe(false);
  });

  test('metrics that only one has, artifacts, and what may explain it', () => {
    const run = runOf({
      metrics: [metricOf('a', 1)],
      artifacts: [artifact('model', 'a'), artifact('old', 'a')],
    });
    const again = runOf({
      metrics: [metricOf('b', 2)],
      artifacts: [artifact('model', 'b')],
      environment: run.environment && { ...run.environment, runtimes: { node: '24.0.0', python: '3.12.1' } },
    });
    const result = compareReproduction(run, again);
    expect(result.metrics.map(({ name, original, again: now }) => [name, original, now])).toEqual([
      ['a', 1, null],
      ['b', null, 2],
    ]);
    expect(result.artifacts).toEqual(['model', 'old']);
    expect(result.environment).toEqual([
      { what: 'node', original: '20.0.0', again: '24.0.0' },
      { what: 'python', original: 'none', again: '3.12.1' },
    ]);
  });

  test('a repetition that failed is not identical', () => {
    expect(compareReproduction(runOf(), runOf({ status: 'failed' })).identical).toBe(false);
  });
});
