import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.js';
import { compareValues, conditionTest, type FieldValue, fieldsOf, parseCondition } from './condition.js';

type Fields = Readonly<Record<string, FieldValue>>;
const meets = (fields: Fields, text: string) =>
  conditionTest(parseCondition(text), (record: Fields, name) => record[name])(fields);

describe('conditions', () => {
  test.each([
    ['roc_auc > 0.9', { field: 'roc_auc', operator: '>', value: '0.9' }],
    ['roc_auc>=-1e3', { field: 'roc_auc', operator: '>=', value: '-1e3' }],
    ["status = 'failed'", { field: 'status', operator: '=', value: 'failed' }],
    ['params.note != "a = b \\" c"', { field: 'params.note', operator: '!=', value: 'a = b " c' }],
    ['f1 score == 1', { field: 'f1 score', operator: '==', value: '1' }],
    ['`and` = or more', undefined],
    ["'android and ios' = android", { field: 'android and ios', operator: '=', value: 'android' }],
    ['branch ~ /^feature-\\d+ (x|y)$/', { field: 'branch', operator: '~', value: '/^feature-\\d+ (x|y)$/' }],
    ['branch=feature/x', { field: 'branch', operator: '=', value: 'feature/x' }],
  ])('%s', (text, comparison) => {
    if (comparison) expect(parseCondition(text)).toEqual({ kind: 'comparison', ...comparison });
    else expect(() => parseCondition(text)).toThrow(UserError);
  });

  test.each([
    ['', 1, 'a field is expected where the text ends'],
    ['roc_auc', 8, 'one of >= <= != == > < = ~ is expected where the text ends'],
    ['> 1', 1, 'a field is expected where there is ">"'],
    ['roc_auc >', 10, 'a value is expected where the text ends'],
    ['= = =', 1, 'a field is expected where there is "="'],
    ['a = 1 and', 10, 'a field is expected where the text ends'],
    ['(a = 1', 7, '"and", "or" or ")" is expected where the text ends'],
    ['a = 1)', 6, '"and" or "or" is expected where there is ")"'],
    ['a = 1 "b" = 2', 7, '"and" or "or" is expected where there is "b"'],
    ['a = "b', 5, '"\\"" is not understood'],
    ['a ~ "/(/"', 3, 'the pattern is wrong'],
    ['not', 4, 'a field is expected where the text ends'],
  ])('%j is none: says where (character %i) and why', (text, place, why) => {
    expect(() => parseCondition(text)).toThrow(UserError);
    expect(() => parseCondition(text)).toThrow(why);
    expect(() => parseCondition(text)).toThrow(`(at character ${place})`);
  });

  test('numbers are compared as numbers, text as text, and what is not there meets nothing', () => {
    const check = (x: FieldValue, text: string) => meets({ x }, text);
    expect(check(10, 'x > 9')).toBe(true);
    expect(check(0.5, 'x = 0.50')).toBe(true);
    expect(check('10', 'x = 10.0')).toBe(false);
    expect(check(true, 'x = true')).toBe(true);
    expect(check('2026-02', 'x >= 2026-01')).toBe(true);
    expect(check('Out of memory', 'x ~ "OF mem"')).toBe(true);
    expect(check('a.b', 'x ~ .')).toBe(true);
    expect(check('ab', 'x ~ .')).toBe(false);
    for (const text of ['x != 1', 'not x = 1', 'not x ~ a', 'x = null', 'not (x = 1 and x = 2)']) {
      expect(check(null, text), text).toBe(false);
      expect(check(undefined, text), text).toBe(false);
    }
    expect(() => check(1, 'x > much')).toThrow(/x is a number, and "much" is not/);
  });

  test('not binds closer than and, and closer than or; parentheses closest', () => {
    const record = { a: 1, b: 2 };
    expect(meets(record, 'a = 1 or b = 9 and b = 8')).toBe(true);
    expect(meets(record, '(a = 1 or b = 9) and b = 8')).toBe(false);
    expect(meets(record, 'not a = 1 and b = 2')).toBe(false);
    expect(meets(record, 'NOT (a = 1 AND b = 3)')).toBe(true);
    expect(meets(record, 'c = 1 or b = 2')).toBe(true);
    expect(fieldsOf(parseCondition('a = 1 or not (b = 2 and c = 3)'))).toEqual(['a', 'b', 'c']);
  });

  test('of two numbers, exactly one of <, = and > holds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (x, bound) => {
        const holding = ['<', '=', '>'].filter((operator) => meets({ x }, `x ${operator} ${bound}`));
        expect(holding).toHaveLength(1);
        expect(meets({ x }, `x != ${bound}`)).toBe(!holding.includes('='));
      }),
    );
  });

  test('any text is a condition or an error that says where', () => {
    const word = fc.constantFrom(
      'a',
      '1',
      '=',
      '>',
      '(',
      ')',
      'and',
      'or',
      'not',
      '"',
      "'x'",
      '~',
      '/x/',
      '\\',
      'é',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        try {
          parseCondition(words.join(' '));
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});

test('sorting keeps equals in order, and puts what has no value last either way', () => {
  const field = fc.option(fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(fc.array(field), fc.boolean(), (values, descending) => {
      const items = values.map((value, place) => ({ value, place }));
      const sorted = items.sort((a, b) => compareValues(a.value, b.value, descending));
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
