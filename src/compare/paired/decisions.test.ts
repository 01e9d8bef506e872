import { describe, expect, it } from 'vitest';
import { scoreBinary } from '../../metrics/binary.js';
import { mcnemar } from '../../statistics/contingency.js';
import { randomOf } from '../../statistics/random.js';
import { decisionEvidence, jointCounts } from './decisions.js';

/** Labels and two models' decisions, each right with its chance. */
function draw(rows: number, seed: number, [first, second]: readonly [number, number] = [0.8, 0.8]) {
  const random = randomOf(seed);
  const decide = (label: number, chance: number) => (random.uniform() < chance ? label : 1 - label);
  const labels = Uint8Array.from({ length: rows }, () => (random.uniform() < 0.4 ? 1 : 0));
  return {
    labels,
    candidate: labels.map((label) => decide(label, first)),
    baseline: labels.map((label) => decide(label, second)),
  };
}

function valuesOf(labels: Uint8Array, predicted: Uint8Array): ReadonlyMap<string, number> {
  const measures = scoreBinary({ labels, predicted, scores: null, weights: null }, 'none');
  return new Map(measures.map(({ name, value }) => [name, value ?? Number.NaN]));
}

describe('the swap test', () => {
  it('equals walking through every swap of two decisions', () => {
    const { labels, candidate, baseline } = draw(14, 4, [0.65, 0.6]);
    const differing = [...labels.keys()].filter((i) => candidate[i] !== baseline[i]);
    expect(differing.length).toBeGreaterThan(3);
    const gap = (a: Uint8Array, b: Uint8Array, name: string) =>
      Math.abs((valuesOf(labels, a).get(name) ?? 0) - (valuesOf(labels, b).get(name) ?? 0));
    const evidence = decisionEvidence(jointCounts({ labels, candidate, baseline }));
    for (const name of [
      'f1_binary',
      'mcc',
      'precision_binary',
      'balanced_accuracy',
      'f1_macro',
      'cohen_kappa',
    ]) {
      const observed = gap(candidate, baseline, name);
      let tail = 0;
      for (let mask = 0; mask < 2 ** differing.length; mask++) {
        const [a, b] = [Uint8Array.from(candidate), Uint8Array.from(baseline)];
        differing.forEach((row, bit) => {
          if ((mask >> bit) & 1) [a[row], b[row]] = [b[row] as number, a[row] as number];
        });
        const reached = gap(a, b, name);
        if (Math.abs(reached - observed) < 1e-12) tail += 0.5;
        else if (reached > observed) tail += 1;
      }
      const expected = observed === 0 ? 1 : tail / 2 ** differing.length;
      expect(evidence.get(name)?.p, name).toBeCloseTo(expected, 10);
    }
  });

  it('is McNemar’s for shares', () => {
    const sample = draw(400, 8, [0.85, 0.75]);
    const counts = jointCounts(sample);
    const [only, other] = [(counts[1] ?? 0) + (counts[6] ?? 0), (counts[2] ?? 0) + (counts[5] ?? 0)];
    const accuracy = decisionEvidence(counts).get('accuracy');
    expect(accuracy?.p).toBe(mcnemar(other, only).pMid);
    expect(accuracy?.method).toBe('paired rows, McNemar');
    const loss = decisionEvidence(counts).get('zero_one_loss');
    expect(loss?.interval?.[0]).toBeCloseTo(-(accuracy?.interval?.[1] ?? 0), 12);
  });
});

describe('intervals from counts', () => {
  it('agree with the delta method over rows where many differ', () => {
    const sample = draw(5000, 3, [0.85, 0.8]);
    const evidence = decisionEvidence(jointCounts(sample));
    const influence = (predicted: Uint8Array) =>
      new Map(
        scoreBinary({ labels: sample.labels, predicted, scores: null, weights: null }, 'none').map(
          (measure) => [measure.name, measure.influence?.()],
        ),
      );
    const [ours, theirs] = [influence(sample.candidate), influence(sample.baseline)];
    expect(evidence.size).toBeGreaterThan(20);
    for (const [name, { standardError }] of evidence) {
      const squares = ours
        .get(name)
        ?.reduce((sum, pull, i) => sum + (pull - (theirs.get(name)?.[i] ?? 0)) ** 2, 0);
      expect(standardError / (Math.sqrt(squares ?? 0) / 5000), name).toBeCloseTo(1, 2);
    }
  });

  it('are not of no width where no row differs', () => {
    const sample = draw(50, 5, [0.98, 0.98]);
    const evidence = decisionEvidence(jointCounts({ ...sample, baseline: sample.candidate }));
    const interval = evidence.get('accuracy')?.interval;
    // z² / (n + z²) on both sides: Tango's, in closed form.
    expect(interval?.[1]).toBeCloseTo(3.8414588 / 53.8414588, 6);
    expect(interval?.[0]).toBeCloseTo(-3.8414588 / 53.8414588, 6);
    expect(evidence.get('f1_binary')?.standardError).toBeGreaterThan(0.01);
    expect(evidence.get('f1_binary')?.p).toBe(1);
  });
});
