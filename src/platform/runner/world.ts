import { randomBytes } from 'node:crypto';
import { Interrupted } from '../../errors.js';
import type { Terminal, World } from '../../world.js';
import { openTerminal } from '../terminal/terminal.js';
import { readRunner } from './runner.js';

/** The real world of one process: its clock, environment, terminal and signals. */
export async function startWorld(options: {
  readonly process: NodeJS.Process;
  readonly version: string;
}): Promise<World> {
  const { process, version } = options;
  const { env } = process;
  const cwd = process.cwd();
  const seconds = () => Number(process.hrtime.bigint()) / 1e9;
  const terminal = openTerminal({ stream: process.stderr, env, cwd, seconds });
  return {
    version,
    cwd,
    env,
    clock: { now: () => new Date(), monotonic: seconds },
    randomness: { bytes: (length) => randomBytes(length) },
    terminal,
    runner: await readRunner(env, terminal.warn),
    cancel: cancelOnSignals(process, terminal),
  };
}

/**
 * The first SIGINT or SIGTERM asks the verb to stop its children and record what was measured. A second SIGINT is a
 * person who will not wait. A second SIGTERM is not: GitHub sends SIGINT, then SIGTERM 7.5 s later, and the recording may
 * still be going on.
 */
function cancelOnSignals(process: NodeJS.Process, terminal: Terminal): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        if (signal === 'SIGINT') process.exit(130);
        return;
      }
      terminal.info(`${signal} received: stopping, and recording what was measured`);
      controller.abort(new Interrupted(signal));
    });
  }
  return controller.signal;
}
