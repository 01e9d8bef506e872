import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { commentHtml } from './github-markdown.js';

/**
 * A comment as GitHub shows it: its flavour of markdown, what its sanitizer lets through, its stylesheet, and its diagrams
 * drawn by Mermaid in a real browser.
 */

const require = createRequire(import.meta.url);
const MERMAID = require.resolve('@mermaid-js/tiny');
const STYLE = require.resolve('github-markdown-css/github-markdown.css');

/** Debian's, or the one of GitHub's runners; undefined where there is none. */
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'].find(
  (path) => existsSync(path),
);

export interface Shown {
  /** PNG of the whole comment, with everything unfolded when asked. */
  readonly picture: Buffer;
  /** How many diagrams were drawn. */
  readonly diagrams: number;
  /** What Mermaid, or the browser, complained of. */
  readonly errors: readonly string[];
  /** Pixels by which the comment is wider than the place it has; tables scroll in it and do not count. */
  readonly overflow: number;
}

export async function openPages(): Promise<{
  show(
    markdown: string,
    how: { readonly width: number; readonly dark?: boolean; readonly unfolded?: boolean },
  ): Promise<Shown>;
  close(): Promise<void>;
}> {
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM ?? '',
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  return {
    show: async (markdown, { width, dark = false, unfolded = false }) => {
      const page = await browser.newPage({
        viewport: { width, height: 800 },
        colorScheme: dark ? 'dark' : 'light',
        deviceScaleFactor: 1,
      });
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      // Nothing may be loaded from anywhere.
      await page.route('**', (route) => {
        errors.push(`the comment loads ${route.request().url()}`);
        return route.abort();
      });
      await page.setContent(pageOf(commentHtml(markdown)));
      if (unfolded) {
        await page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true })');
      }
      const drawn = await draw(page, dark ? 'dark' : 'default');
      const overflow = (await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )) as number;
      const picture = await page.screenshot({ fullPage: true });
      await page.close();
      return { picture, diagrams: drawn.count, errors: [...errors, ...drawn.errors], overflow };
    },
    close: () => browser.close(),
  };
}

interface Drawn {
  readonly count: number;
  readonly errors: readonly string[];
}

async function draw(page: Page, theme: string): Promise<Drawn> {
  if ((await page.locator('code.language-mermaid').count()) === 0) return { count: 0, errors: [] };
  await page.addScriptTag({ path: MERMAID });
  return page.evaluate<Drawn>(`(${DRAW})(${JSON.stringify(theme)})`);
}

function pageOf(html: string): string {
  return `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>${readFileSync(STYLE, 'utf8')}
body { margin: 16px; background: var(--bgColor-default, #fff); } .markdown-body { font-size: 14px; max-width: 860px; }
pre.drawn { background: none !important; text-align: center; }</style></head>
<body><article class="markdown-body">${html}</article></body></html>`;
}

/** Runs in the page: each diagram is drawn where its text stands, as GitHub does. */
const DRAW = `async (theme) => {
  mermaid.initialize({ startOnLoad: false, theme, securityLevel: 'strict' });
  const errors = [];
  const found = [...document.querySelectorAll('pre > code.language-mermaid')];
  let count = 0;
  for (const code of found) {
    try {
      const { svg } = await mermaid.render('diagram' + count, code.textContent);
      code.parentElement.classList.add('drawn');
      code.parentElement.innerHTML = svg;
      count++;
    } catch (error) { errors.push(String(error)); }
  }
  return { count, errors };
}`;
