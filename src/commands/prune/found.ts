import type { Sweep } from '../../artifacts/sweep.js';
import type { Needs } from './needed.js';

/** A training may store its first seed's files days before it records them; GitHub ends a job after 5 days at the latest. */
export const GRACE_DAYS = 7;

/** What a pruning has found. */
export interface Found extends Needs {
  readonly sweep: Sweep;
  /** Digests of artifacts that are not needed. */
  readonly dead: ReadonlySet<string>;
  readonly place: string;
}
