import { describe, expect, it } from 'vitest';
import { evaluateConfig } from '../config/model.js';
import { curve } from './curve.js';
import { curvesOf } from './curves.js';
import { parsePredictions } from './predictions.js';

function curves(lines: readonly string[], settings: Record<string, unknown>) {
  const config = evaluateConfig.parse({ predictions: 'p.csv', ...settings });
  const found = curvesOf(parsePredictions(`${lines.join('\n')}\n`, { file: 'p.csv', config }), 3);
  for (const one of found) expect(curve.parse(one)).toEqual(one);
  return found;
}

/** Area under straight lines. */
const area = (x: readonly number[], y: readonly number[]) =>
  x.reduce(
    (sum, at, i) => (i === 0 ? 0 : sum + ((at - (x[i - 1] ?? 0)) * ((y[i] ?? 0) + (y[i - 1] ?? 0))) / 2),
    0,
  );

const many = Array.from({ length: 5000 }, (_, i) => {
  const label = (i * 7919) % 10 < 3 ? 1 : 0;
  const score = ((i * 104729) % 1000) / 2000 + label * 0.3;
  return { label, score: Math.min(0.999, score) };
});

describe('curvesOf', () => {
  it('keeps a hundred points of a ROC curve, with its area', () => {
    const found = curves(['y_true,y_score', ...many.map(({ label, score }) => `${label},${score}`)], {
      task: 'binary',
    });
    expect(found.map(({ kind, seed }) => [kind, seed])).toEqual([
      ['roc', 3],
      ['precision_recall', 3],
      ['calibration', 3],
      ['confusion', 3],
    ]);
    const [roc] = found;
    if (roc?.kind !== 'roc') throw new Error('no ROC');
    expect(roc.false_positive_rate.length).toBeLessThanOrEqual(100);
    expect([roc.false_positive_rate[0], roc.true_positive_rate.at(-1)]).toEqual([0, 1]);
    const [positive, negative] = [
      many.filter(({ label }) => label === 1),
      many.filter(({ label }) => label === 0),
    ];
    let wins = 0;
    for (const a of positive)
      for (const b of negative) wins += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
    const auc = wins / positive.length / negative.length;
    expect(area(roc.false_positive_rate, roc.true_positive_rate)).toBeCloseTo(auc, 3);
  });

  it('counts what was predicted of each class, by weight', () => {
    const found = curves(['y_true,y_pred,w', 'a,a,1', 'a,b,2', 'b,b,4'], {
      task: 'multiclass',
      columns: { weight: 'w' },
    });
    expect(found).toEqual([
      {
        kind: 'confusion',
        seed: 3,
        classes: ['a', 'b'],
        counts: [
          [1, 2],
          [0, 4],
        ],
      },
    ]);
  });

  it('has no curve of one class, and no residuals that would show single rows', () => {
    expect(
      curves(['y_true,y_score', '1,0.2', '1,0.9'], { task: 'binary', positive: 1 }).map(({ kind }) => kind),
    ).toEqual(['calibration', 'confusion']);
    const few = Array.from({ length: 19 }, (_, i) => `${i},${i}`);
    expect(curves(['y_true,y_pred', ...few], { task: 'regression' })).toEqual([]);
    const [residuals] = curves(['y_true,y_pred', ...few, '19,21'], { task: 'regression' });
    expect(residuals).toMatchObject({ kind: 'residuals', n: [10, 10], median: [0, 0], high: [0, 0] });
  });
});
