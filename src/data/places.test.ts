import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Places } from './places.js';

test('gives back the file and line of every row that was added', () => {
  const file = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(fc.array(file, { maxLength: 4 }), (files) => {
      const places = new Places();
      const expected: { file: string; number: number }[] = [];
      files.forEach((steps, i) => {
        places.startFile(`f${i}`);
        let line = 0;
        for (const [skip, rows] of steps) {
          line += skip;
          places.add(line, rows);
          for (let r = 0; r < rows; r++) expected.push({ file: `f${i}`, number: line + r });
          line += rows - 1;
        }
      });
      expect(places.count).toBe(expected.length);
      expect(expected.map((_, i) => places.at(i))).toEqual(expected);
    }),
  );
});

test('a row that does not exist has no place', () => {
  expect(() => new Places().at(0)).toThrow(/has no place/);
});
