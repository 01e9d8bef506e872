import { inspect } from 'node:util';
import { Interrupted, OutsideError, UserError } from '../../errors.js';
import type { World } from '../../world.js';

/** Tells the user what went wrong and returns the exit code (2 input, 3 outside, 130 and 143 interrupted, 70 a bug). */
export function explain(error: unknown, world: World): number {
  const { terminal } = world;
  if (error instanceof UserError) {
    const at = error.location;
    const place = at
      ? `${[at.file, at.line, at.column].filter((part) => part !== undefined).join(':')}: `
      : '';
    terminal.error(lines(`${place}${error.message}`, error.excerpt, indented(error.mend)), at);
    if (error.cause !== undefined && world.env.ASSAY_DEBUG) terminal.debug(describeCauses(error));
    return 2;
  }
  if (error instanceof OutsideError) {
    terminal.error(lines(error.message, indented(error.mend)));
    if (error.cause !== undefined) terminal.debug(describeCauses(error));
    return 3;
  }
  if (error instanceof Interrupted) {
    terminal.error(error.message);
    return error.signal === 'SIGINT' ? 130 : 143;
  }
  if (error instanceof AggregateError && error.errors.length > 0) {
    // Several things went wrong at once: each is told, and the gravest code wins (a bug over an outage over wrong input).
    return Math.max(...error.errors.map((inner) => explain(inner, world)));
  }
  terminal.error(
    lines(
      `this is a bug in Assay: ${messageOf(error)}`,
      indented(
        world.env.GITHUB_ACTIONS || world.env.ASSAY_DEBUG
          ? 'please report it with the details below'
          : 'run it again with ASSAY_DEBUG=1 and report it with the details that prints',
      ),
    ),
  );
  terminal.debug(describeCauses(error));
  return 70;
}

function lines(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n');
}

function indented(text: string | undefined): string | undefined {
  return text?.replace(/^/gm, '  ');
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  return typeof error === 'string' ? error : inspect(error);
}

/** The stack of an error and of everything it was caused by; a chain that bites its tail ends after ten. */
function describeCauses(error: unknown): string {
  const parts: string[] = [];
  for (let at = error, depth = 0; at !== undefined && depth < 10; depth++) {
    const text = at instanceof Error ? (at.stack ?? messageOf(at)) : messageOf(at);
    parts.push(depth === 0 ? text : `caused by ${text}`);
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join('\n');
}
