import type { Readable } from 'node:stream';

/**
 * The header `Retry-After` of an answer of 429 or 503, which git reads past. Git can be told to trace the talk with the
 * server (git(1), GIT_TRACE_CURL) to an open file: a pipe that nobody else sees, of which this one line is kept. Git
 * itself leaves credentials out of the trace.
 */

/** The number of the pipe in the process of git. */
const PIPE = 3;
const LINE = /<= recv header[^\n]*?: retry-after: *([^\r\n]+)/gi;
const LONGEST_LINE = 4096;

export const TRACE_TO_PIPE: Readonly<Record<string, string>> = {
  GIT_TRACE_CURL: String(PIPE),
  GIT_TRACE_CURL_NO_DATA: '1',
  GIT_TRACE_REDACT: '1',
};

/** @returns what the last such header said, when it is asked */
export function watchRetryAfter(trace: Readable): () => string | undefined {
  let rest = '';
  let found: string | undefined;
  trace.on('error', () => {});
  trace.on('data', (chunk: Buffer) => {
    const text = rest + chunk.toString('latin1');
    for (const [, value] of text.matchAll(LINE)) found = value?.trim();
    rest = text.slice(text.lastIndexOf('\n') + 1).slice(-LONGEST_LINE);
  });
  return () => found;
}

/** Seconds to wait, of seconds or of a date (RFC 9110, 10.2.3); undefined for anything else. */
export function retryAfterSeconds(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now.getTime()) / 1000));
}
