import fc from 'fast-check';
import { Marked, type Token } from 'marked';
import { describe, expect, it } from 'vitest';
import {
  cut,
  fileName,
  htmlText,
  markdownBlock,
  markdownCell,
  markdownCode,
  markdownHtml,
  markdownText,
  markdownUrl,
  plainText,
  terminalText,
  workflowCommandData,
  workflowCommandProperty,
} from './escape.js';

const marked = new Marked({ gfm: true });

/** Text as people and attackers write it: the characters that some sink interprets are as likely as all others. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'\\`*_{}[]()<>#+-.!|~&=:/@$"\'^',
        ...['\n', '\r\n', '\t', ' ', '  ', '```', '~~~', '---', '| a |', '1. ', '- ', '# ', '> ', '    '],
        ...[
          'http://x.y',
          'www.x.y',
          'a@b.co',
          '@team',
          '#1',
          'GH-2',
          '&amp;',
          '&#64;',
          '<b>',
          '<!--',
          '-->',
          '</details>',
        ],
        ...[
          '![i](u)',
          '[l](u)',
          '[^1]',
          '::set-output name=a::b',
          '##[error]',
          '\u001b[31m',
          '\u001b]8;;u\u0007',
          '\u009b1m',
        ],
        ...[
          '\u202e',
          '\u2066',
          '\u200b',
          '\u00ad',
          '\ufeff',
          '\u{e0041}',
          '\ud800',
          '\udc00',
          '👩‍👩‍👧',
          'é',
          '日本',
          'שלום',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

/** Types of all tokens, inner ones included. */
function types(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) => {
    const inner = 'tokens' in token && token.tokens ? types(token.tokens) : [];
    return [token.type, ...inner];
  });
}

function decoded(html: string): string {
  return html
    .replace(/<\/?(?:p|span|code|td|b)>/g, '')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&lrm;/g, '\u200e')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/[\u200b\u200e]/g, '');
}

describe('plainText and terminalText', () => {
  it('removes terminal sequences, makes invisible characters visible, and keeps emoji', () => {
    expect(plainText('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007x\u009b2Jy\u001bcz')).toBe('red xyz');
    expect(plainText('\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\')).toBe('link');
    expect(plainText('\u001b]0;never ended')).toBe('0;never ended');
    expect(plainText('a\u202eb\u2066c\u200bd')).toBe('a\\u{202e}b\\u{2066}c\\u{200b}d');
    expect(plainText('a\r\nb\tc\u2028d\u0000\u0007')).toBe('a b c d');
    expect(plainText('\ud800x')).toBe('\ufffdx');
    expect(plainText('👩‍👩‍👧 ❤️ 1️⃣ 🇨🇭')).toBe('👩‍👩‍👧 ❤️ 1️⃣ 🇨🇭');
    expect(plainText(`z${'\u0301'.repeat(100)}`)).toBe(`z${'\u0301'.repeat(8)}`);
  });

  it('starts no workflow command', () => {
    expect(terminalText('::set-output name=x::y')).toBe(': :set-output name=x::y');
    expect(terminalText('  \u200b::error::x')).not.toMatch(/^\s*::/);
    expect(terminalText('log ##[error]x')).toBe('log ## [error]x');
  });

  it('has no control, bidirectional or line character, whatever comes in', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const safe = terminalText(text);
        expect(safe).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]/u);
        expect(safe).not.toMatch(/^\s*::|##\[/);
        expect(
          safe.replace(/\p{Extended_Pictographic}[\ufe0f\u200d]+/gu, '').replace(/\ufe0f\u20e3/g, ''),
        ).not.toMatch(/\p{Cf}/u);
      }),
    );
  });
});

describe('cut', () => {
  it('keeps what fits and ends what does not with an ellipsis', () => {
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('abcd', 3)).toBe('ab…');
    expect(cut('👩‍👩‍👧👩‍👩‍👧', 8)).toBe('👩‍👩‍👧…');
    expect(cut('e\u0301e\u0301e\u0301', 4)).toBe('e\u0301…');
    expect(cut('x', 0)).toBe('');
    expect(cut('a'.repeat(10_000), 120)).toHaveLength(120);
  });

  it('never splits a surrogate pair and is never longer than asked', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (given, max) => {
        const short = cut(given, max);
        expect(short).not.toMatch(/\p{Cs}/u);
        expect([...short].length).toBeLessThanOrEqual(max);
        expect([...given].length <= max ? short : short.replace(/…$/, '')).toSatisfy((head: string) =>
          given.startsWith(head),
        );
      }),
    );
  });
});

describe('markdown', () => {
  it('shows the text and nothing else, in a paragraph', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const tokens = marked.lexer(markdownText(text));
        const allowed = ['paragraph', 'text', 'escape', 'html', 'space'];
        expect(types(tokens).filter((type) => !allowed.includes(type))).toEqual([]);
        const html = marked.parser(tokens);
        expect(html.match(/<(?!\/?(?:p|span)>)[^>]*>/g)).toBeNull();
        expect(decoded(html).trim()).toBe(cut(plainText(text), 600).trim());
      }),
    );
  });

  it('keeps the columns of a table, in every cell', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (a, b, c) => {
        const table = `| a | b | c |\n| --- | --- | --- |\n| ${markdownCell(a)} | ${markdownCode(b)} | ${markdownCell(c)} |\n| x | y | z |`;
        const [token, ...others] = marked.lexer(table);
        expect(others).toEqual([]);
        if (token?.type !== 'table') throw new Error(`a ${token?.type}`);
        expect(token.rows).toHaveLength(2);
        expect(token.rows[1].map((cell: { text: string }) => cell.text)).toEqual(['x', 'y', 'z']);
        expect(types(token.rows[0].flatMap((cell: { tokens: Token[] }) => cell.tokens))).not.toContain(
          'link',
        );
        const html = marked.parser([token]);
        expect(html.match(/<(?!\/?(?:table|thead|tbody|tr|th|td|span|code)>)[^>]*>/g)).toBeNull();
      }),
    );
  });

  it('pings, links and formats nothing', () => {
    const html = marked.parse(
      markdownText(
        '@team #123 GH-7 _GH-7 www.x.com _www.x.com WWW.x.com http://a.b deadbeef1234 me@x.org :tada: $x$ **b** <i> [l](u) ~~s~~',
      ),
      { async: false },
    );
    expect(html).not.toMatch(/<(?!\/?(?:p|span)>)/);
    // What GitHub looks for in the text nodes after rendering.
    expect(html).not.toMatch(/@\w|#\d|GH-\d|www\.|:\/\/|\b[0-9a-f]{7,40}\b|:tada:|\$x\$/i);
  });

  it('leaves common names legible in the source', () => {
    expect(markdownText('f1_macro is +0.002, 1.2.3')).toBe('f1_macro is +0.002, 1.2.3');
    expect(markdownText('__init__')).toBe('\\_\\_init\\_\\_');
    expect(markdownText('# a')).toBe('\\# a');
    expect(markdownText('12) a')).toBe('12\\) a');
    expect(markdownCell('')).toBe('—');
  });

  it('keeps what follows right-to-left letters in its place', () => {
    expect(markdownText('שלום')).toBe('שלום&lrm;');
  });

  it('writes code with a fence longer than what is inside', () => {
    expect(markdownCode('a')).toBe('`a`');
    expect(markdownCode('a``b')).toBe('```a``b```');
    expect(markdownCode('`')).toBe('`` ` ``');
    expect(markdownCode('')).toBe('(empty)');
    expect(markdownCode('a|b<c')).toBe('<code>a&#124;b&#60;c</code>');
    fc.assert(
      fc.property(hostile, (text) => {
        const [paragraph, ...others] = marked.lexer(`x ${markdownCode(text)} y`);
        expect(others).toEqual([]);
        const inner = paragraph && 'tokens' in paragraph ? (paragraph.tokens ?? []) : [];
        const shown = terminalText(text, 200).replace(/<!--/g, '<! --');
        if (shown.trim() === '') expect(inner.map(({ type }) => type)).toEqual(['text']);
        else if (shown.includes('|')) expect(types(inner)).not.toContain('link');
        else expect(inner[1]).toMatchObject({ type: 'codespan', text: shown });
      }),
    );
  });

  it('fences log lines whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), (lines) => {
        const tokens = marked
          .lexer(`before\n\n${markdownBlock(lines)}\n\nafter`)
          .filter(({ type }) => type !== 'space');
        expect(tokens.map(({ type }) => type)).toEqual(['paragraph', 'code', 'paragraph']);
      }),
    );
  });

  it('is safe inside our own HTML elements', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const html = marked.parse(`<details>\n<summary>${markdownHtml(text)}</summary>\n\nx\n\n</details>`, {
          async: false,
        });
        expect(html.match(/<(?!\/?(?:details|summary|p|span)>)[^>]*>/g)).toBeNull();
      }),
    );
  });

  it('links http addresses only, and none that ends the link', () => {
    expect(markdownUrl('https://github.com/o/r/actions/runs/1')).toBe(
      'https://github.com/o/r/actions/runs/1',
    );
    expect(markdownUrl('javascript:alert(1)')).toBeUndefined();
    expect(markdownUrl('https://')).toBeUndefined();
    expect(markdownUrl('https://x/a)b (c|d')).toBe('https://x/a%29b%20%28c%7Cd');
  });
});

describe('html and workflow commands', () => {
  it('escapes', () => {
    expect(htmlText(`<a href="x" id='y'>&\``)).toBe('&#60;a href=&#34;x&#34; id=&#39;y&#39;&#62;&#38;&#96;');
    expect(workflowCommandData('50%\r\nb: c, d\u001b[1m')).toBe('50%25%0Ab: c, d');
    expect(workflowCommandProperty('a:b,c%\n')).toBe('a%3Ab%2Cc%25%0A');
  });

  it('never ends the command', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(workflowCommandData(text)).not.toMatch(/[\r\n]/);
        expect(workflowCommandProperty(text)).not.toMatch(/[\r\n:,]/);
        expect(htmlText(text)).not.toMatch(/[<>"']/);
      }),
    );
  });
});

describe('fileName', () => {
  it('leaves good names alone and tells changed ones apart', () => {
    expect(fileName('model.json')).toBe('model.json');
    expect(fileName('a/b')).toMatch(/^a-b-[0-9a-f]{8}$/);
    expect(fileName('a/b')).not.toBe(fileName('a:b'));
    expect(fileName('..')).toMatch(/^x-[0-9a-f]{8}$/);
    expect(fileName('')).toMatch(/^x-[0-9a-f]{8}$/);
    expect(fileName('NUL.txt')).toMatch(/^x-[0-9a-f]{8}$/);
    expect(fileName('é')).toMatch(/^e-[0-9a-f]{8}$/);
  });

  it('is safe for any text', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ maxLength: 300 })), (text) => {
        const name = fileName(text);
        expect(name).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,79}$/);
        expect(name).not.toMatch(/\.\.|\.$/);
      }),
    );
  });
});
