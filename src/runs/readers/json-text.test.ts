import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.js';
import { parseJson } from './json-text.js';

function errorOf(text: string): UserError {
  try {
    parseJson(text, 'm.json');
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseJson', () => {
  test('reads any JSON as JSON.parse does, however it is spaced', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t'), (text, space) => {
        const spaced = JSON.stringify(JSON.parse(text), null, space);
        expect(parseJson(text, 'm.json')).toEqual(JSON.parse(text));
        expect(parseJson(spaced, 'm.json')).toEqual(JSON.parse(spaced));
      }),
    );
  });

  test('refuses any text that JSON.parse refuses, but for bare NaN and Infinity', () => {
    const almost = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', ':', '\\', '1', 'e', '-', '.', '0', 't'),
      )
      .map(([text, at, extra]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + extra + text.slice(place + 1);
      });
    const parses = (text: string, parse: (text: string) => unknown) => {
      try {
        parse(text);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(almost, (text) => {
        expect(parses(text, (given) => parseJson(given, 'm.json'))).toBe(parses(text, JSON.parse));
      }),
      { numRuns: 2000 },
    );
  });

  test('reads what Python writes for numbers that are none', () => {
    const text = '{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN, Infinity", "d": 1e999, "NaN": 1}';
    expect(parseJson(text, 'm.json')).toEqual({
      a: Number.NaN,
      b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      c: 'NaN, Infinity',
      d: Number.POSITIVE_INFINITY,
      NaN: 1,
    });
  });

  test('a key __proto__ is a key like any other', () => {
    expect(Object.entries(parseJson('{"__proto__": {"a": 1}}', 'm.json') as object)).toEqual([
      ['__proto__', { a: 1 }],
    ]);
  });

  test.each([
    ['{"a": 1', 1, 8, /cut off/],
    ['{"a": 0.91,\n "b": 0.', 2, 8, /expected a comma/],
    ['{"a": 1}\n{"b": 2}', 2, 1, /more after the end/],
    ["{'a': 1}", 1, 2, /double quotes/],
    ['{"a": 1,}', 1, 9, /double quotes/],
    ['{"a": nan}', 1, 7, /expected a value, found "nan/],
    ['{"a": 01}', 1, 8, /expected a comma/],
    ['{"a\n": 1}', 1, 2, /does not allow/],
    ['{"a": "x', 1, 9, /cut off/],
    ['', 1, 1, /cut off/],
  ])('%j: line %d, column %d', (text, line, column, message) => {
    const error = errorOf(text);
    expect(error.message).toMatch(message);
    expect(error.location).toEqual({ file: 'm.json', line, column });
  });

  test('deep nesting is refused before the stack ends', () => {
    expect(errorOf('['.repeat(1e6)).message).toMatch(/nested deeper than 200/);
    expect(errorOf('{"a":'.repeat(1e5)).message).toMatch(/nested deeper than 200/);
  });
});
