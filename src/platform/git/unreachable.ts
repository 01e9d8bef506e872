import { OutsideError } from '../../errors.js';
import { firstComplaint, type GitResult } from './git.js';
import { retryAfterSeconds } from './retry-after.js';

/** What may pass: another writer, a busy server, a broken network, a mirror that has to be made anew. */

/** Failed in a way that may pass. */
export class Unreachable extends OutsideError {
  /** Another process of this clone that fetches at the same moment. */
  readonly isLocal: boolean;
  /** A network that just failed is given longer than another writer, and a server that asks for patience the longest. */
  readonly patience: 'short' | 'some' | 'long';
  readonly #retryAfter: string | undefined;

  constructor(message: string, kind: 'refused' | 'busy' | 'unreachable', retryAfter?: string) {
    super(retryAfter === undefined ? message : `${message} (retry-after: ${retryAfter.slice(0, 40)})`, {
      mend:
        kind === 'busy'
          ? 'the server asks for patience: try again later'
          : 'check the network and the address: git remote -v',
    });
    this.#retryAfter = retryAfter;
    this.isLocal = kind === 'refused';
    this.patience = kind === 'refused' ? 'short' : kind === 'busy' ? 'long' : 'some';
  }

  /** How long the server asked to wait, in seconds. */
  askedSeconds(now: Date): number | undefined {
    return retryAfterSeconds(this.#retryAfter, now);
  }
}

/** What was known of the remote was of no use, and is forgotten: asked again, all of it is fetched anew. */
export class MirrorForgotten extends Unreachable {
  constructor(result: GitResult) {
    super(`git fetch failed: ${firstComplaint(result.stderr)}`, 'unreachable');
  }
}

export function unreachable(
  action: 'fetch' | 'push',
  result: GitResult,
  kind: 'refused' | 'busy' | 'unreachable',
): Unreachable {
  const after = kind === 'busy' ? result.retryAfter : undefined;
  return new Unreachable(`git ${action} failed: ${firstComplaint(result.stderr)}`, kind, after);
}

/** What git says when the mirror is damaged, or when a kill left half an object. */
export const DAMAGED =
  /bad object|reference broken|bad shallow|missing (blob|tree|commit)|unable to (read|find) [0-9a-f]{40}|could not read [0-9a-f]{40}|is corrupt|corrupt (loose )?object|did not send all necessary objects|invalid sha1 pointer|inflate|bad config|not a git repository|object file .* is empty|packfile .* (is|cannot)|bad (index|pack) file/i;
