import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { OutsideError, UserError } from '../../errors.js';
import { formatBytes } from '../../format.js';
import type { FindOptions, FoundFiles } from './files.js';

/**
 * Files by HTTPS, kept between runs and asked for again only when the server says that they changed. A broken transfer is
 * resumed where it stopped, as long as the file is still the same.
 */

const ATTEMPTS = 5;
const MOST_REDIRECTS = 10;
/** Nothing for so long ends an attempt. */
const STALLED_MS = 60_000;
/** Larger files are refused; ASSAY_MAX_DOWNLOAD (bytes) says otherwise. */
const LARGEST = 100e9;

const memo = z.object({ etag: z.string().nullable(), modified: z.string().nullable() });
type Memo = z.infer<typeof memo>;

interface Place {
  readonly file: string;
  readonly part: string;
  readonly memo: string;
  readonly partMemo: string;
}

/** Throws UserError when there is no such file or it is too large, OutsideError when the server does not answer after retries. */
export async function download(options: FindOptions): Promise<FoundFiles> {
  const url = new URL(options.source);
  const name = shownName(url);
  const folder = join(
    options.downloads,
    createHash('sha256').update(options.source).digest('hex').slice(0, 16),
  );
  await mkdir(folder, { recursive: true });
  const place: Place = {
    file: join(folder, name),
    part: join(folder, `${name}.part`),
    memo: join(folder, `${name}.json`),
    partMemo: join(folder, `${name}.part.json`),
  };
  const found = { folder, files: [name], names: [withoutQuery(url)] };
  for (let attempt = 1; ; attempt++) {
    try {
      await attemptOnce(url, place, options);
      return found;
    } catch (error) {
      options.cancel.throwIfAborted();
      if (!(error instanceof Passing)) throw error;
      if (attempt === ATTEMPTS) {
        throw new OutsideError(`${withoutQuery(url)} cannot be fetched: ${error.message}`, {
          mend: 'what has come so far is kept; run it again to go on from there',
          cause: error,
        });
      }
      const pause = Math.max(error.retryAfterSeconds, 0.5 * 2 ** attempt * (0.5 + Math.random()));
      options.notice(`${withoutQuery(url)}: ${error.message}; trying again in ${Math.ceil(pause)} s`);
      await sleep(pause * 1000, undefined, { signal: options.cancel }).catch(() =>
        options.cancel.throwIfAborted(),
      );
    }
  }
}

/** A trouble that may pass. */
class Passing extends Error {
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds = 0, cause?: unknown) {
    super(message, { cause });
    this.retryAfterSeconds = Math.min(retryAfterSeconds, 120);
  }
}

async function attemptOnce(url: URL, place: Place, options: FindOptions): Promise<void> {
  const have = (await stat(place.file).catch(() => undefined)) ? await readMemo(place.memo) : undefined;
  const begun = (await stat(place.part).catch(() => undefined))?.size ?? 0;
  const partMemo = begun > 0 ? await readMemo(place.partMemo) : undefined;
  const strong =
    partMemo?.etag && !partMemo.etag.startsWith('W/') ? partMemo.etag : (partMemo?.modified ?? null);
  const headers: Record<string, string> = {
    'user-agent': 'assay',
    accept: '*/*',
    // As the file is, so that sizes and ranges are its own.
    'accept-encoding': 'identity',
    ...(strong !== null && begun > 0
      ? { range: `bytes=${begun}-`, 'if-range': strong }
      : have?.etag
        ? { 'if-none-match': have.etag }
        : have?.modified
          ? { 'if-modified-since': have.modified }
          : {}),
  };
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), STALLED_MS);
  try {
    const response = await follow(
      url,
      headers,
      AbortSignal.any([options.cancel, stalled.signal]),
      options.env,
    );
    if (response.status === 304) return;
    if (response.status === 416) {
      await rm(place.part, { force: true });
      throw new Passing('the part that was kept does not belong to the file any more');
    }
    refuse(response, url);
    await receive(response, {
      place,
      options,
      begun: response.status === 206 ? begun : 0,
      alive: () => timer.refresh(),
    });
  } catch (error) {
    options.cancel.throwIfAborted();
    if (error instanceof UserError || error instanceof Passing) throw error;
    if (stalled.signal.aborted) throw new Passing('nothing came for a minute');
    throw new Passing(reason(error), 0, error);
  } finally {
    clearTimeout(timer);
  }
}

/** Follows redirects by hand: credentials go only to the host they are for, and never from https to http. */
async function follow(
  first: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  env: FindOptions['env'],
): Promise<Response> {
  let url = first;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await fetch(url, {
      headers: { ...headers, ...credentials(url, env) },
      redirect: 'manual',
      signal,
    });
    const to = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || response.status === 304 || to === null)
      return response;
    await response.body?.cancel();
    const next = new URL(to, url);
    if (!/^https?:$/.test(next.protocol))
      throw new UserError(`${withoutQuery(first)} redirects to ${next.protocol}, which is not followed`);
    if (url.protocol === 'https:' && next.protocol === 'http:') {
      throw new UserError(`${withoutQuery(first)} redirects from https to http, which is not followed`);
    }
    url = next;
  }
  throw new UserError(`${withoutQuery(first)} redirects more than ${MOST_REDIRECTS} times`);
}

/** `ASSAY_TOKEN_DATA_EXAMPLE_COM` is sent to data.example.com as a bearer token, by https alone (and to this machine). */
function credentials(url: URL, env: FindOptions['env']): Readonly<Record<string, string>> {
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !local) return {};
  const token = env[tokenVariable(url)];
  return token ? { authorization: /^(Basic|Bearer) /.test(token) ? token : `Bearer ${token}` } : {};
}

function tokenVariable(url: URL): string {
  return `ASSAY_TOKEN_${url.hostname.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
}

function refuse(response: Response, url: URL): void {
  const { status } = response;
  if (status === 200 || status === 206) return;
  const shown = withoutQuery(url);
  if (status === 401 || status === 403) {
    throw new UserError(`${shown} is not open to us (${status})`, {
      mend: `give the token in the environment variable ${tokenVariable(url)}`,
    });
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new Passing(`the server answered ${status}`, Number(response.headers.get('retry-after')) || 0);
  }
  throw new UserError(`${shown} is not there: the server answered ${status}`);
}

async function receive(
  response: Response,
  of: { readonly place: Place; readonly options: FindOptions; readonly begun: number; alive(): void },
): Promise<void> {
  const { place, options } = of;
  const { headers } = response;
  const length = Number(headers.get('content-length') ?? Number.NaN);
  const total = of.begun + length;
  const largest = Number(options.env.ASSAY_MAX_DOWNLOAD) || LARGEST;
  const tooLarge = (bytes: number) =>
    new UserError(`the file is larger than ${formatBytes(largest)} (${formatBytes(bytes)} so far)`, {
      mend: 'set ASSAY_MAX_DOWNLOAD to a number of bytes to allow it',
    });
  if (total > largest) throw tooLarge(total);
  const now: Memo = { etag: headers.get('etag'), modified: headers.get('last-modified') };
  await writeFile(place.partMemo, JSON.stringify(now));
  const file = await open(place.part, of.begun > 0 ? 'a' : 'w');
  let done = of.begun;
  try {
    for await (const chunk of response.body ?? []) {
      of.alive();
      done += chunk.length;
      if (done > largest) throw tooLarge(done);
      await file.writeFile(chunk);
      options.onTransfer?.(done, Number.isNaN(total) ? undefined : total);
    }
  } finally {
    await file.close();
  }
  if (!Number.isNaN(total) && done !== total) throw new Passing(`it stopped after ${done} of ${total} bytes`);
  await rename(place.part, place.file);
  await rename(place.partMemo, place.memo);
}

async function readMemo(path: string): Promise<Memo | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return memo.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The last part of the path, as a file name that leads nowhere else. */
function shownName(url: URL): string {
  const last = decodeURIComponent(url.pathname.split('/').at(-1) ?? '').replace(/[^\w.-]+/g, '_');
  return /^\.*$/.test(last) ? 'data' : last.slice(-100);
}

/** Queries can hold signatures. */
function withoutQuery(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return String(cause);
}
