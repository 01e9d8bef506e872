import { OutsideError, UserError } from '../../errors.js';
import type { World } from '../../world.js';

/** When nothing is to be removed at all. */

export function refuseFork(world: World, apply: boolean): void {
  if (!apply || world.runner.pullRequest?.fromFork !== true) return;
  throw new UserError("a fork's pull request prunes nothing", {
    mend: 'run it on the main branch, by a schedule',
  });
}

/** Remembers what is warned of, and with `quiet` says nothing of it. */
export function noting(world: World, doubts: string[], options: { readonly quiet?: true } = {}): World {
  const warn: World['terminal']['warn'] = (text, location) => {
    doubts.push(text);
    if (!options.quiet) world.terminal.warn(text, location);
  };
  return { ...world, terminal: { ...world.terminal, warn } };
}

/** A history of which a part is not here, or cannot be read, may name what would be removed. */
export function refuseDoubts(doubts: readonly string[], outcome = 'nothing was removed'): void {
  const [doubt] = doubts;
  if (doubt === undefined) return;
  throw new OutsideError(`${outcome}, for the history could not be read as a whole: ${doubt}`, {
    mend: 'mend that first, and look with: assay history verify',
  });
}
