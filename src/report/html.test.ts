import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SCENES } from '../../tests/fakes/report-scenes.js';
import { reportBody } from './comment.js';
import { reportPage } from './html.js';
import { LIMITS } from './limits.js';

const page = (markdown: string) => reportPage({ title: 'a <b> "c"', markdown });

describe('the page', () => {
  it('forbids scripts and network, and allows its own style alone', () => {
    const html = page('x');
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(html).toContain(
      `content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(html).toContain('<title>a &#60;b&#62; &#34;c&#34;</title>');
    expect(style).not.toMatch(/url\(|@import/);
  });

  it('keeps the elements of a report', () => {
    for (const scene of Object.values(SCENES)) {
      const markdown = reportBody(scene(), LIMITS.comment);
      const html = page(markdown).split('<main>')[1] ?? '';
      expect(html.match(/<details[ >]/g)?.length).toBe(markdown.match(/<details[ >]/g)?.length);
      expect(html).not.toContain('&#60;');
      expect(html.match(/<table>/g)?.length).toBe(markdown.match(/^\| :--/gm)?.length);
    }
  });

  it.each([
    '<script>alert(1)</script>',
    'text <img src=x onerror=alert(1)> text',
    '<details onclick=alert(1)>',
    '<!-- a --><iframe src="x"></iframe>',
    '<svg><script>1</script></svg>',
    '<style>*{}</style>',
    '<a href="javascript:alert(1)">x</a>',
    '<sub\nonclick=1>x</sub>',
    '<img src=x onerror=alert(1) ',
    '<!-- > <img src=x onerror=alert(1)> -->',
  ])('does not let %j through', (markdown) => {
    const body = page(markdown).split('<main>')[1] ?? '';
    const allowed = /^<(?:\/?(?:p|sub|main|body|html)|!-- a --)>$/;
    expect((body.match(/<[^>]*>?/g) ?? []).filter((tag) => !allowed.test(tag))).toEqual([]);
  });

  it('links nothing but web addresses, and shows no image', () => {
    const html = page(
      '[a](javascript:alert(1)) [b](https://x.example/?a=1&b="2) ![c](https://x.example/y.png)',
    );
    expect(html).toContain(
      '<p>a <a href="https://x.example/?a=1&#38;b=&#34;2" rel="noopener noreferrer">b</a> c</p>',
    );
  });
});
