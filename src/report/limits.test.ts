import fc from 'fast-check';
import { Marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { cutMarkdown, fitTiers, sizeOf } from './limits.js';

const limit = (max: number) => ({ max, unit: 'utf-16' as const });

describe('fitTiers', () => {
  it('takes the first tier that fits, and makes no other', () => {
    const made: string[] = [];
    const tier = (name: string, length: number) => () => {
      made.push(name);
      return name.repeat(length);
    };
    const text = fitTiers({ tiers: [tier('a', 100), tier('b', 20), tier('c', 1)], limit: limit(50) });
    expect(text).toBe('b'.repeat(20));
    expect(made).toEqual(['a', 'b']);
  });

  it('cuts the last tier when none fits', () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n');
    const text = fitTiers({ tiers: [() => lines], limit: limit(200) });
    expect(text.length).toBeLessThanOrEqual(200);
    expect(text).toMatch(/^line 0\nline 1\n/);
    expect(text).toContain('… cut');
  });

  it('counts bytes where the sink does', () => {
    expect(sizeOf('é日👍', 'bytes')).toBe(9);
    expect(sizeOf('é日👍', 'utf-16')).toBe(4);
  });
});

describe('cutMarkdown', () => {
  const document = [
    '### title 👍👍👍',
    '',
    '| a | b |',
    '| --- | --- |',
    '| 1 | 2 |',
    '| 3 | 4 |',
    '',
    '<details open>',
    '<summary>more</summary>',
    '',
    '````text',
    '```',
    '<details>',
    '````',
    '',
    '<details>',
    '<summary>inner</summary>',
    '',
    '| c | d |',
    '| --- | --- |',
    '| 5 | 6 |',
    '',
    '</details>',
    '',
    '</details>',
    '',
    'the end'.repeat(20),
  ].join('\n');

  it('leaves no row, fence, element or character half open, wherever it cuts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 80, max: document.length - 1 }), (max) => {
        const text = cutMarkdown(document, limit(max));
        expect(text.length).toBeLessThanOrEqual(max);
        expect(text).not.toMatch(/\p{Cs}/u);
        const tokens = new Marked({ gfm: true }).lexer(text);
        const html = tokens
          .filter(({ type }) => type === 'html')
          .map(({ raw }) => raw)
          .join('');
        expect(html.match(/<details/g)?.length ?? 0).toBe(html.match(/<\/details>/g)?.length ?? 0);
        expect(tokens.at(-1)).toMatchObject({ type: 'paragraph', tokens: [{ type: 'em' }] });
        for (const line of text.split('\n'))
          if (line.startsWith('|')) expect(document.split('\n')).toContain(line);
      }),
    );
  });

  it('leaves out a line that alone is too long', () => {
    expect(cutMarkdown('x'.repeat(1000), limit(100))).toContain('… cut');
    expect(cutMarkdown('x'.repeat(1000), limit(10))).toBe('');
  });
});
