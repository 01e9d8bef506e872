import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteSize, changeBound, duration, margin, share } from './quantities.js';

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const BYTES = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

const amount = fc.integer({ min: 1, max: 1_000_000 }).map((thousandths) => thousandths / 1000);
const space = fc.constantFrom('', ' ');

describe('what is written with a unit is read as that many of the base unit', () => {
  test('durations', () => {
    fc.assert(
      fc.property(
        amount,
        fc.constantFrom(...Object.entries(SECONDS)),
        space,
        (value, [unit, factor], gap) => {
          expect(duration.parse(`${value}${gap}${unit}`)).toBe(value * factor);
        },
      ),
    );
  });

  test('sizes, whole bytes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.constantFrom(...Object.entries(BYTES)),
        (value, [unit, factor]) => {
          expect(byteSize.parse(`${value}${unit}`)).toBe(value * factor);
        },
      ),
    );
  });

  test('bare numbers are seconds and bytes', () => {
    expect(duration.parse(90)).toBe(90);
    expect(byteSize.parse(1_048_576)).toBe(1_048_576);
  });

  test('margins and shares, absolute or in percent', () => {
    fc.assert(
      fc.property(amount, (value) => {
        expect(margin.parse(value)).toEqual({ kind: 'absolute', amount: value });
        expect(margin.parse(`${value}%`)).toEqual({ kind: 'relative', share: value / 100 });
      }),
    );
    expect(share.parse('1%')).toBe(0.01);
    expect(share.parse(0.25)).toBe(0.25);
    expect(margin.parse(0)).toEqual({ kind: 'absolute', amount: 0 });
    expect(margin.parse(1e-7)).toEqual({ kind: 'absolute', amount: 1e-7 });
  });

  test('changes with a sign', () => {
    expect(changeBound.parse('>= -1%')).toEqual({
      comparison: '>=',
      sign: -1,
      margin: { kind: 'relative', share: 0.01 },
    });
    expect(changeBound.parse('<0.5')).toEqual({
      comparison: '<',
      sign: 1,
      margin: { kind: 'absolute', amount: 0.5 },
    });
  });
});

describe('what is not a quantity is refused', () => {
  test.each([
    [duration, ['', '0', 0, -1, '1 hour', '2H', '1m30s', 'h', '٣s', true, null, [], {}, Number.NaN, '1e3s']],
    [byteSize, ['', 0, -5, '10 megabytes', '1mb', '1 Mb', 'MB', null, []]],
    [margin, ['', -0.1, '-5%', '5 percent', '5%%', null, {}]],
    [share, ['', -0.1, 1.01, '101%', 'half', null]],
    [changeBound, ['', '1%', '=> 1%', '>= one', '>= -', '>= 5%%', 1, null]],
  ])('%#', (schema, wrong) => {
    for (const text of wrong) expect([text, schema.safeParse(text).success]).toEqual([text, false]);
  });

  test('an amount too small to be one byte', () => {
    expect(byteSize.safeParse('0.1B').success).toBe(false);
  });

  test('any text at all either parses to a finite number or is refused', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const schema of [duration, byteSize, share]) {
          const result = schema.safeParse(text);
          if (result.success) expect(Number.isFinite(result.data)).toBe(true);
        }
      }),
    );
  });
});
