import { BrokenTransfer } from '../../artifacts/ports.js';

/**
 * Where the body of an answer to `Range: bytes=FROM-` begins. Whoever does not know ranges answers 200 and begins at the
 * beginning; a range may be another than was asked for (RFC 9110, 14.4).
 * @throws BrokenTransfer for one that begins behind what was asked for
 */
export function startOf(response: Pick<Response, 'status' | 'headers'>, asked: number): number {
  if (response.status !== 206) return 0;
  const [, start] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? [];
  const from = start === undefined ? asked : Number(start);
  if (from > asked) throw new BrokenTransfer(`the answer begins at byte ${from} instead of ${asked}`);
  return from;
}
