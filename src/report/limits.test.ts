import fc from 'fast-check';
import { Marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { commentHtml } from '../../tests/beds/github-markdown.js';
import { SCENES } from '../../tests/fakes/report-scenes.js';
import { reportBody } from './comment.js';
import { cutMarkdown, fitTiers, LIMITS, sizeOf } from './limits.js';

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

  it('leaves whole tables, folds and diagrams of any report, as GitHub reads it', () => {
    const bodies = Object.values(SCENES).map((scene) => reportBody(scene(), LIMITS.comment));
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies),
        fc.double({ min: 0.05, max: 0.999, noNaN: true }),
        (body, share) => {
          const max = Math.max(120, Math.floor(body.length * share));
          const text = cutMarkdown(body, limit(max));
          expect(text.length).toBeLessThanOrEqual(max);
          const html = commentHtml(text);
          // Nothing that was written as a table, an element or a fence is shown as text.
          const shown = html.replace(/<pre>[\s\S]*?<\/pre>/g, '').replace(/<[^>]*>/g, '');
          expect(shown).not.toMatch(/:?--+:?|```|&#x3C;\/?[a-z]|\n\|/);
          for (const table of html.match(/<table>[\s\S]*?<\/table>/g) ?? []) {
            const rows = table.match(/<tr>[\s\S]*?<\/tr>/g) ?? [];
            expect(rows.length).toBeGreaterThan(1);
            expect(new Set(rows.map((row) => row.match(/<t[hd][ >]/g)?.length)).size).toBe(1);
          }
          expect(html.match(/<details/g)?.length ?? 0).toBe(html.match(/<summary/g)?.length ?? 0);
          const diagrams = (of: string) => of.match(/```mermaid\n[\s\S]*?\n```/g) ?? [];
          expect(diagrams(text).length).toBe(text.match(/```mermaid/g)?.length ?? 0);
          for (const diagram of diagrams(text)) expect(diagrams(body)).toContain(diagram);
          expect(text.endsWith('shown here._\n')).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);

  it('leaves out a line that alone is too long', () => {
    expect(cutMarkdown('x'.repeat(1000), limit(100))).toContain('… cut');
    expect(cutMarkdown('x'.repeat(1000), limit(10))).toBe('');
  });
});
