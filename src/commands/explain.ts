import { Interrupted, OutsideError, UserError } from '../errors.js';
import type { World } from '../world.js';

/** Tells the user what went wrong and returns the exit code (INTERFACE: 2 input, 3 outside, 130/143 interrupted, 70 a bug). */
export function explain(error: unknown, world: World): number {
  const { terminal } = world;
  if (error instanceof UserError) {
    const at = error.location;
    const place = at
      ? `${[at.file, at.line, at.column].filter((part) => part !== undefined).join(':')}: `
      : '';
    terminal.error(`${place}${error.message}`);
    if (error.excerpt) terminal.info(error.excerpt);
    if (error.mend) terminal.info(`  ${error.mend}`);
    return 2;
  }
  if (error instanceof OutsideError) {
    terminal.error(error.message);
    if (error.mend) terminal.info(`  ${error.mend}`);
    return 3;
  }
  if (error instanceof Interrupted) {
    terminal.error(error.message);
    return error.signal === 'SIGINT' ? 130 : 143;
  }
  terminal.error(`this is a bug in Assay: ${error instanceof Error ? error.message : String(error)}`);
  terminal.debug(error instanceof Error ? (error.stack ?? '') : String(error));
  return 70;
}
