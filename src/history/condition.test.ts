import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.js';
import { type FieldValue, meets, parseCondition, sortedBy } from './condition.js';

describe('conditions', () => {
  test.each([
    ['roc_auc > 0.9', { field: 'roc_auc', operator: '>', value: '0.9' }],
    ['roc_auc>=-1e3', { field: 'roc_auc', operator: '>=', value: '-1e3' }],
    ["status = 'failed'", { field: 'status', operator: '=', value: 'failed' }],
    ['params.note != a = b', { field: 'params.note', operator: '!=', value: 'a = b' }],
    ['f1 score == 1', { field: 'f1 score', operator: '==', value: '1' }],
  ])('%s', (text, condition) => {
    expect(parseCondition(text)).toEqual(condition);
  });

  test.each(['', 'roc_auc', '> 1', 'roc_auc >', '= = ='])('%j is none', (text) => {
    expect(() => parseCondition(text)).toThrow(UserError);
  });

  test('numbers are compared as numbers, text as text, and what is not there meets nothing', () => {
    const check = (value: FieldValue, text: string) => meets(value, parseCondition(text));
    expect(check(10, 'x > 9')).toBe(true);
    expect(check(0.5, 'x = 0.50')).toBe(true);
    expect(check('10', 'x = 10.0')).toBe(false);
    expect(check(true, 'x = true')).toBe(true);
    expect(check('2026-02', 'x >= 2026-01')).toBe(true);
    expect(check(null, 'x != 1')).toBe(false);
    expect(check(undefined, 'x = undefined')).toBe(false);
    expect(() => check(1, 'x > much')).toThrow(/x is a number, and "much" is not/);
  });

  test('of two numbers, exactly one of <, = and > holds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (value, bound) => {
        const holding = ['<', '=', '>'].filter((operator) =>
          meets(value, parseCondition(`x ${operator} ${bound}`)),
        );
        expect(holding).toHaveLength(1);
        expect(meets(value, parseCondition(`x != ${bound}`))).toBe(!holding.includes('='));
      }),
    );
  });
});

test('sorting keeps equals in order, and puts what has no value last either way', () => {
  const field = fc.option(fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(fc.array(field), fc.boolean(), (values, descending) => {
      const items = values.map((value, place) => ({ value, place }));
      const sorted = sortedBy(items, { value: (item) => item.value, descending });
      const there = sorted.filter((item) => item.value !== null);
      expect(sorted.slice(there.length).every((item) => item.value === null)).toBe(true);
      for (const [index, item] of there.slice(1).entries()) {
        const before = there[index] ?? item;
        const step = Number(item.value) - Number(before.value);
        expect(descending ? -step : step).toBeGreaterThanOrEqual(0);
        if (step === 0) expect(item.place).toBeGreaterThan(before.place);
      }
    }),
  );
});
