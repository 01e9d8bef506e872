import { explain } from '../src/commands/command-line/explain.js';
import { parseConfig } from '../src/config/load.js';
import type { Terminal, World } from '../src/world.js';

/** What a person sees of an error: the message as it is printed, `no error` when nothing is thrown. */
export function printed(error: unknown): string {
  const lines: string[] = [];
  const world = { env: {}, terminal: { error: (text: string) => lines.push(text), debug: () => {} } };
  explain(error, world as unknown as World);
  return lines.join('\n');
}

/** The printed form of what is wrong with an assay.yml of this text. */
export function problemsOf(text: string): string {
  try {
    parseConfig(text, 'assay.yml');
    return 'no error';
  } catch (error) {
    return printed(error);
  }
}

/** A terminal that keeps what it is told. */
export function listeningTerminal(lines: string[] = []): Terminal {
  const keep = (text: string) => void lines.push(text);
  return {
    interactive: false,
    color: false,
    info: keep,
    warn: keep,
    error: keep,
    debug: () => {},
    passthrough: keep,
    progress: () => ({ update: () => {}, end: () => {} }),
  };
}

/** A world of a laptop whose working directory is `cwd`; git sees no settings of the machine. */
export function testWorld(cwd: string, changes: Partial<World> = {}): World {
  return {
    version: '0.1.0',
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
    },
    clock: { now: () => new Date('2026-11-24T03:46:02.123Z'), monotonic: () => 0 },
    randomness: { bytes: (length) => new Uint8Array(length) },
    terminal: listeningTerminal(),
    runner: {
      kind: 'local',
      actor: 'ada',
      trigger: { event: 'local', url: null, attempt: 1 },
      pullRequest: null,
      defaultBranch: null,
    },
    cancel: new AbortController().signal,
    ...changes,
  };
}
