import { createHash } from 'node:crypto';
import type { World } from '../../src/world.js';

/** A world for verbs that run inside the test process: a clock that only moves forward, seeded randomness, no CI. */
export function testWorld(options: {
  readonly cwd: string;
  readonly env?: World['env'];
  readonly cancel?: AbortSignal;
  readonly runner?: Partial<World['runner']>;
}): World & { readonly lines: string[] } {
  const lines: string[] = [];
  const say = (kind: string) => (line: string) => {
    lines.push(`${kind}: ${line}`);
  };
  let ticks = 0;
  let draws = 0;
  return {
    lines,
    version: '0.0.0',
    cwd: options.cwd,
    env: options.env ?? {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
    },
    clock: {
      now: () => new Date(Date.UTC(2026, 0, 1) + 1000 * ticks++),
      monotonic: () => Number(process.hrtime.bigint()) / 1e9,
    },
    randomness: {
      bytes: (length) => createHash('sha256').update(String(draws++)).digest().subarray(0, length),
    },
    terminal: {
      interactive: false,
      color: false,
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
      debug: () => {},
      passthrough: say('out'),
      progress: () => ({ update: () => {}, end: () => {} }),
    },
    runner: {
      kind: 'local',
      actor: 'ada',
      trigger: { event: 'local', url: null, attempt: 1 },
      pullRequest: null,
      defaultBranch: null,
      ...options.runner,
    },
    cancel: options.cancel ?? new AbortController().signal,
  };
}
