import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascending, RowOrder } from './order.js';

describe('ascending', () => {
  it('orders as a comparison does, also by the radix sort of many rows', () => {
    const value = fc.oneof(
      fc.constantFrom(0, -0, 0.5, -0.5, 1e300, -1e300, 5e-324, -5e-324),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), fc.boolean(), (values, many) => {
        // Repeated until the radix sort takes over.
        const all = Float64Array.from(
          { length: many ? 5000 : values.length },
          (_, i) => values[i % values.length] ?? 0,
        );
        const expected = Array.from(all.keys()).sort((a, b) => (all[a] ?? 0) - (all[b] ?? 0) || a - b);
        expect([...ascending(all)]).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});

describe('RowOrder', () => {
  it('gives the order of some rows', () => {
    const order = new RowOrder(Float64Array.of(3, 1, 2, 1, 0));
    expect([...order.all]).toEqual([4, 1, 3, 2, 0]);
    expect([...order.of(Int32Array.of(0, 2, 3))]).toEqual([2, 1, 0]);
    expect([...order.of(Int32Array.of())]).toEqual([]);
  });
});
