import { randomBytes } from 'node:crypto';
import { Interrupted } from '../../errors.js';
import type { Runner, World } from '../../world.js';
import { openTerminal } from '../terminal/terminal.js';

/** The real world of one process: its clock, environment, terminal and signals. */
export function startWorld(process: NodeJS.Process): World {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => controller.abort(new Interrupted(signal)));
  }
  return {
    cwd: process.cwd(),
    env: process.env,
    clock: { now: () => new Date(), monotonic: () => Number(process.hrtime.bigint()) / 1e9 },
    randomness: { bytes: (length) => randomBytes(length) },
    terminal: openTerminal({ stream: process.stderr, env: process.env }),
    runner: readRunner(process.env),
    cancel: controller.signal,
  };
}

function readRunner(env: NodeJS.ProcessEnv): Runner {
  return {
    kind: 'local',
    actor: env.USER ?? 'unknown',
    trigger: { event: 'local', url: null, attempt: 1 },
    pullRequest: null,
    defaultBranch: null,
  };
}
