import { createHash, type Hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import type { FoundFiles } from './files.js';

/**
 * Files tracked by DVC: `data.csv.dvc` stands in git for the content, which is in DVC's cache under its MD5 when it was
 * pulled. What is in the workspace itself is used as it is.
 */

const pointer = z.looseObject({
  outs: z
    .array(
      z.looseObject({
        path: z.string(),
        md5: z.string().regex(/^[0-9a-f]{32}(\.dir)?$/),
        hash: z.string().optional(),
      }),
    )
    .min(1),
});
const listing = z.array(z.object({ md5: z.string().regex(/^[0-9a-f]{32}$/), relpath: z.string() }));

/** The content that a pointer stands for. */
export interface Tracked {
  /** The pointer, as messages name it. */
  readonly pointer: string;
  readonly md5: string;
  /** DVC 2 took text files with CRLF for the same as with LF. */
  readonly eitherLineEnd: boolean;
  /** Read from the cache, where nothing else belongs; else from the workspace, where files are edited. */
  readonly cached: boolean;
}

/** Told every byte of a file, says whether it is the content that its pointer stands for. */
export class TrackedContent {
  readonly tracked: Tracked;
  readonly #plain = createHash('md5');
  readonly #lineFeeds: Hash | undefined;
  #endsWithCr = false;

  constructor(tracked: Tracked) {
    this.tracked = tracked;
    this.#lineFeeds = tracked.eitherLineEnd ? createHash('md5') : undefined;
  }

  update(bytes: Uint8Array): void {
    this.#plain.update(bytes);
    if (!this.#lineFeeds) return;
    // A CR is held back until it is known what follows.
    const text = Buffer.concat([Buffer.from(this.#endsWithCr ? '\r' : ''), bytes]).toString('latin1');
    this.#endsWithCr = text.endsWith('\r');
    const known = this.#endsWithCr ? text.slice(0, -1) : text;
    this.#lineFeeds.update(Buffer.from(known.replaceAll('\r\n', '\n'), 'latin1'));
  }

  /** To be asked once, at the end. */
  matches(): boolean {
    if (this.#plain.digest('hex') === this.tracked.md5) return true;
    if (this.#endsWithCr) this.#lineFeeds?.update('\r');
    return this.#lineFeeds?.digest('hex') === this.tracked.md5;
  }
}

/** Undefined when the source is not tracked by DVC. Throws UserError when its content is not in the cache. */
export async function dvcFiles({
  folder,
  source,
}: {
  readonly folder: string;
  readonly source: string;
}): Promise<FoundFiles | undefined> {
  const file = source.endsWith('.dvc') ? source : `${source.replace(/\/+$/, '')}.dvc`;
  const text = await readFile(resolve(folder, file), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = pointer.safeParse(parse(text));
  const [out] = parsed.success ? parsed.data.outs : [];
  if (!out) throw new UserError(`${file} is not a pointer of DVC`, { location: { file } });
  const data = join(dirname(file), out.path);
  // Checked out beside its pointer.
  const there = await stat(resolve(folder, data)).catch(() => undefined);
  const eitherLineEnd = out.hash === undefined;
  if (there?.isFile()) {
    const md5 = out.md5;
    return { folder, files: [data], tracked: [{ pointer: file, md5, eitherLineEnd, cached: false }] };
  }
  const caches = await cachesOf(resolve(folder, dirname(file)));
  if (!out.md5.endsWith('.dir')) {
    const blob = await cached(caches, out.md5, { file, data });
    return {
      folder: dirname(blob),
      files: [relative(dirname(blob), blob)],
      names: [data],
      tracked: [{ pointer: file, md5: out.md5, eitherLineEnd, cached: true }],
    };
  }
  const list = listing.parse(
    JSON.parse(await readFile(await cached(caches, out.md5, { file, data }), 'utf8')),
  );
  const entries = [...list].sort((a, b) => (a.relpath < b.relpath ? -1 : 1));
  const [cache = ''] = caches;
  const blobs = await Promise.all(
    entries.map(({ md5, relpath }) => cached(caches, md5, { file, data: `${data}/${relpath}` })),
  );
  return {
    folder: cache,
    files: blobs.map((blob) => relative(cache, blob)),
    names: entries.map(({ relpath }) => `${data}/${relpath}`),
    tracked: entries.map(({ md5 }) => ({ pointer: file, md5, eitherLineEnd, cached: true })),
  };
}

async function cached(
  caches: readonly string[],
  md5: string,
  of: { readonly file: string; readonly data: string },
): Promise<string> {
  for (const cache of caches) {
    // DVC 3, then DVC 2.
    for (const way of ['files/md5', '']) {
      const path = join(cache, way, md5.slice(0, 2), md5.slice(2));
      if ((await stat(path).catch(() => undefined))?.isFile()) return path;
    }
  }
  throw new UserError(`the content of ${of.data} is not on this machine; DVC tracks it by ${of.file}`, {
    location: { file: of.file },
    mend: `fetch it: dvc pull ${of.file}`,
  });
}

/** The cache of the repository that a folder is in, and the one its config names. */
async function cachesOf(folder: string): Promise<readonly string[]> {
  for (let at = folder; ; at = dirname(at)) {
    const own = join(at, '.dvc');
    if ((await stat(own).catch(() => undefined))?.isDirectory()) {
      const named: string[] = [];
      for (const config of ['config.local', 'config']) {
        const text = await readFile(join(own, config), 'utf8').catch(() => '');
        const dir = /\[cache\][^[]*?^\s*dir\s*=\s*(.+?)\s*$/ms.exec(text)?.[1];
        if (dir !== undefined) named.push(resolve(own, dir));
      }
      return [...named, join(own, 'cache')];
    }
    if (dirname(at) === at) return [];
  }
}
