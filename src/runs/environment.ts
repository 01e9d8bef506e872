import { createHash } from 'node:crypto';
import type { Machine, Workspace } from './ports.js';
import type { Environment } from './record.js';

/** What a run needs to be understood later: the machine, the runtimes it plausibly used, and its locked dependencies. */

/** A runtime is asked for when the command names it or when a lockfile of its language is there. */
const RUNTIMES: readonly {
  readonly program: string;
  readonly mentioned: RegExp;
  readonly lockfiles: readonly string[];
}[] = [
  { program: 'node', mentioned: /./s, lockfiles: [] },
  {
    program: 'python',
    mentioned:
      /\b(?:python|pip|pytest|uv|poetry|pipenv|conda|jupyter|papermill|torchrun|accelerate)\b|\.(?:py|ipynb)\b/,
    lockfiles: [
      'requirements*.txt',
      'poetry.lock',
      'uv.lock',
      'Pipfile.lock',
      'pdm.lock',
      'conda-lock.yml',
      'environment.yml',
    ],
  },
  {
    program: 'python3',
    mentioned: /\bpython3\b/,
    lockfiles: [
      'requirements*.txt',
      'poetry.lock',
      'uv.lock',
      'Pipfile.lock',
      'pdm.lock',
      'conda-lock.yml',
      'environment.yml',
    ],
  },
  {
    program: 'java',
    mentioned: /\b(?:java|mvn|gradle|spark-submit)\b|\.jar\b/,
    lockfiles: ['gradle.lockfile'],
  },
  { program: 'julia', mentioned: /\bjulia\b|\.jl\b/, lockfiles: ['Manifest.toml'] },
  { program: 'R', mentioned: /\bRscript\b|\bR\b|\.[rR]\b/, lockfiles: ['renv.lock'] },
  { program: 'go', mentioned: /\bgo\b/, lockfiles: [] },
  { program: 'cargo', mentioned: /\bcargo\b/, lockfiles: [] },
];

export const LOCKFILES: readonly string[] = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'Cargo.lock',
  'go.sum',
  ...new Set(RUNTIMES.flatMap(({ lockfiles }) => lockfiles)),
];
/** Far above any real lockfile; what is larger is something else. */
const LARGEST_LOCKFILE = 50_000_000;

/** @param options.folder folder of assay.yml, where the command runs */
export async function captureEnvironment(options: {
  readonly command: string;
  readonly folder: string;
  readonly workspace: Workspace;
  readonly machine: Machine;
}): Promise<Environment> {
  const files = await options.workspace.glob(LOCKFILES);
  const [machine, lockfiles] = await Promise.all([
    options.machine.describe({ runtimes: runtimesFor(options.command, files), folder: options.folder }),
    Promise.all(
      files.map(async (file) => {
        const digest = await digestOf(file, options.workspace);
        return digest === undefined ? [] : [[file, digest] as const];
      }),
    ),
  ]);
  return { ...machine, lockfiles: Object.fromEntries(lockfiles.flat()) };
}

/** Programs to ask for their version; asking each takes time, so only those that the command may use. */
export function runtimesFor(command: string, lockfiles: readonly string[]): readonly string[] {
  return RUNTIMES.filter(
    (runtime) =>
      runtime.mentioned.test(command) ||
      runtime.lockfiles.some((pattern) => lockfiles.some((file) => isNamedLike(file, pattern))),
  ).map(({ program }) => program);
}

function isNamedLike(file: string, pattern: string): boolean {
  const [before = '', after] = pattern.split('*');
  return after === undefined ? file === pattern : file.startsWith(before) && file.endsWith(after);
}

/** SHA-256 of its bytes; undefined for what cannot be read. */
async function digestOf(file: string, workspace: Workspace): Promise<string | undefined> {
  try {
    const source = await workspace.file(file);
    if (!source || source.bytes > LARGEST_LOCKFILE) return undefined;
    return createHash('sha256')
      .update(await source.head(source.bytes))
      .digest('hex');
  } catch {
    return undefined;
  }
}
