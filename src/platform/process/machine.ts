import { execFile } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import type { Machine } from '../../runs/ports.js';

/** A runtime that takes longer to say its version is left out: knowing it is not worth the wait. */
const LONGEST_WAIT_MS = 1000;
const VERSION = /\d+(?:\.\d+)+(?:[-+.\w]*)?/;

/** This machine, and versions of runtimes as they say themselves. */
export function localMachine(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
}): Machine {
  return {
    async describe({ runtimes, folder }) {
      const versions = await Promise.all(
        runtimes.map(async (name) => {
          const version = await versionOf(name, { ...options, folder });
          return version === undefined ? [] : [[name, version] as const];
        }),
      );
      return {
        os: `${type()} ${release()}`,
        cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism() },
        memory_bytes: totalmem(),
        runtimes: Object.fromEntries(versions.flat()),
      };
    },
  };
}

/** Undefined when there is no such program on PATH. */
async function versionOf(
  name: string,
  options: { readonly env: Readonly<Record<string, string | undefined>>; readonly folder: string },
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(name, ['--version'], {
      env: options.env,
      cwd: options.folder,
      timeout: LONGEST_WAIT_MS,
      killSignal: 'SIGKILL',
    });
    return VERSION.exec(`${stdout}\n${stderr}`)?.[0];
  } catch {
    return undefined;
  }
}
