import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { twoSidedQuantile } from '../statistics/distributions/student.js';
import type { Noise } from './difference.js';
import { needsFor } from './needs.js';

function noiseOf(fields: { readonly row?: number; readonly seed?: number; readonly seeds?: number }): Noise {
  const { row = 0, seed = 0, seeds = 3 } = fields;
  return {
    standardError: Math.sqrt(row ** 2 + seed ** 2 / seeds),
    degreesOfFreedom: null,
    interval: [-1, 1],
    p: 0.5,
    method: 'test',
    rowVariance: row ** 2,
    seedVariance: seed ** 2,
    seeds,
    rows: row > 0 ? 1000 : null,
  };
}

describe('needsFor', () => {
  it('asks for the fewest seeds whose interval is narrow enough', () => {
    const noise = noiseOf({ seed: 0.01 });
    const { seeds, rows } = needsFor(noise, 0.005);
    expect(rows).toBeNull();
    const width = (k: number) => twoSidedQuantile(0.95, 2 * (k - 1)) * (0.01 / Math.sqrt(k));
    expect(width(seeds ?? 0)).toBeLessThanOrEqual(0.005);
    expect(width((seeds ?? 0) - 1)).toBeGreaterThan(0.005);
  });

  it('asks for rows in proportion to the square', () => {
    const { seeds, rows } = needsFor(noiseOf({ row: 0.01 }), 0.01);
    expect(seeds).toBeNull();
    expect(rows).toBe(Math.ceil(1000 * 1.959963984540054 ** 2));
  });

  it('asks for both when neither alone would do', () => {
    const needs = needsFor(noiseOf({ row: 0.01, seed: 0.02 }), 0.005);
    expect(needs).toMatchObject({ seeds: null, rows: null });
    expect(needs.both?.seeds).toBeGreaterThan(3);
    expect(needs.both?.rows).toBeGreaterThan(1000);
  });

  it('asks for nothing that is out of reason', () => {
    expect(needsFor(noiseOf({ row: 0.01, seed: 0.02 }), 1e-6)).toEqual({
      seeds: null,
      rows: null,
      both: null,
    });
  });

  it('never asks for less than there is', () => {
    const positive = fc.double({ min: 0.001, max: 1, noNaN: true });
    fc.assert(
      fc.property(positive, positive, fc.integer({ min: 2, max: 20 }), (row, seed, seeds) => {
        const noise = noiseOf({ row, seed, seeds });
        const needs = needsFor(noise, (noise.standardError * 1.9599) / 2);
        expect(needs.seeds ?? Number.POSITIVE_INFINITY).toBeGreaterThan(seeds);
        expect(needs.rows ?? Number.POSITIVE_INFINITY).toBeGreaterThan(1000);
        expect(needs.both?.seeds ?? Number.POSITIVE_INFINITY).toBeGreaterThan(seeds);
      }),
    );
  });
});
