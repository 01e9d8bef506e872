import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportBody } from '../src/report/comment.js';
import { LIMITS } from '../src/report/limits.js';
import { CHROMIUM, openPages } from './beds/github-page.js';
import { SCENES } from './fakes/report-scenes.js';

/** Comments drawn as GitHub draws them. ASSAY_PICTURES=DIR keeps the pictures, for looking at. */

const folder = process.env.ASSAY_PICTURES;

describe.skipIf(CHROMIUM === undefined)('comments in a browser (left out where there is no Chromium)', () => {
  let pages: Awaited<ReturnType<typeof openPages>>;
  beforeAll(async () => {
    pages = await openPages();
  }, 60_000);
  afterAll(() => pages.close(), 60_000);

  test.each(Object.keys(SCENES))('%s', { timeout: 240_000 }, async (name) => {
    const facts = SCENES[name]?.();
    if (!facts) throw new Error(`no scene ${name}`);
    const body = reportBody(facts, LIMITS.comment);
    for (const width of [900, 390]) {
      // As it comes is only for looking at: what is folded is drawn when it is unfolded.
      for (const unfolded of folder === undefined ? [true] : [true, false]) {
        const shown = await pages.show(body, { width, unfolded, dark: width === 390 });
        expect(shown.errors).toEqual([]);
        expect(shown.diagrams).toBe(body.match(/^```mermaid$/gm)?.length ?? 0);
        expect(shown.overflow).toBe(0);
        if (folder) {
          mkdirSync(folder, { recursive: true });
          const file = `${name.replaceAll(' ', '-')}-${width}${unfolded ? '-unfolded' : ''}.png`;
          writeFileSync(join(folder, file), shown.picture);
        }
      }
    }
  });

  test('a diagram that cannot be drawn is found out, and so is what would be loaded', {
    timeout: 240_000,
  }, async () => {
    const broken = await pages.show('```mermaid\nxychart-beta\n    line [1, two]\n```', { width: 900 });
    expect(broken).toMatchObject({ diagrams: 0, errors: [expect.any(String)] });
    const loading = await pages.show('![x](https://images.test/x.png)', { width: 900 });
    expect(loading.errors).toEqual([expect.stringContaining('images.test')]);
  });
});
