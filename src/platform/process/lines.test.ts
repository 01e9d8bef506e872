import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { handClock } from '../../../tests/fakes/processes.js';
import { Lines, LONGEST_LINE } from './lines.js';
import { Masker } from './masking.js';

function linesOf(pieces: readonly string[], secrets: readonly string[] = []): string[] {
  const lines = new Lines({ masker: new Masker(secrets), clock: handClock() });
  return [...pieces.flatMap((piece) => lines.push(piece)), ...lines.end()];
}

describe('Lines', () => {
  test('are the same wherever the text is cut, and no secret survives a cut', () => {
    const secret = 'top-secret-value';
    const part = fc.constantFrom('a', ' ', '\n', '\r\n', '\r', secret, 'é', '\n\n', 'tail');
    const cuts = fc.array(fc.nat(), { maxLength: 10 });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), cuts, (parts, at) => {
        const text = parts.join('');
        const places = [
          0,
          ...at.map((place) => place % (text.length + 1)).sort((a, b) => a - b),
          text.length,
        ];
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
        const lines = linesOf(pieces, [secret]);
        expect(lines).toEqual(linesOf([text], [secret]));
        expect(lines.join('\n')).not.toContain(secret);
      }),
    );
  });

  test('a text without carriage returns is split as by split', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ab', '\n', ' '), { maxLength: 20 }), (parts) => {
        const text = parts.join('');
        expect(linesOf(parts)).toEqual(text === '' ? [] : text.replace(/\n$/, '').split('\n'));
      }),
    );
  });

  test('a progress bar leaves its last state', () => {
    expect(linesOf(['10%\r', '50%\r100%', '\r\ndone\n'])).toEqual(['100%', 'done']);
  });

  test('a progress bar is passed on every five seconds', () => {
    const clock = handClock();
    const lines = new Lines({ masker: new Masker([]), clock });
    expect(lines.push('1%\r2%\r')).toEqual([]);
    clock.advance(5);
    expect(lines.push('3%\r4%\r')).toEqual(['3%']);
    expect(lines.push('5%\r6%\r')).toEqual([]);
    expect(lines.push('7%\n')).toEqual(['7%']);
  });

  test('a long line is cut and says so, also in many pieces, and its memory is bounded', () => {
    const long = 'x'.repeat(LONGEST_LINE);
    expect(linesOf([`${long}\n`])).toEqual([long]);
    expect(linesOf([...Array(500).fill('x'.repeat(10_000)), '\nnext\n'])).toEqual([
      `${long} … (4,990,000 characters cut)`,
      'next',
    ]);
  });

  test('a secret across the cut of a long line is masked', () => {
    const secret = 'top-secret-value';
    const [line] = linesOf([`${'x'.repeat(LONGEST_LINE - 5)}${secret}${'y'.repeat(50)}\n`], [secret]);
    expect(line).toMatch(/x\*\*\* … \(61 characters cut\)$/);
  });
});
