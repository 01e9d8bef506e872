import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { OutsideError } from '../../errors.js';

/**
 * Finds DuckDB, whose native library cannot be part of the bundled action. The npm package has it as a dependency; the
 * bundle installs it once per runner, from the lockfile in `actions/duckdb`, into the runner's tool cache.
 */

export type Duckdb = typeof import('@duckdb/node-api');

const MODULE = '@duckdb/node-api';
/** Written last, so that a folder with it is a whole installation. */
const COMPLETE = '.complete';

export interface InstallOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told what is happening; an installation takes some seconds. */
  notice(line: string): void;
}

/** Throws OutsideError when DuckDB is neither there nor can be installed. */
export async function loadDuckdb(options: InstallOptions): Promise<Duckdb> {
  try {
    // The comment keeps the bundler from making this an import that every verb pays for, and that must be there.
    return await import(/* webpackIgnore: true */ '@duckdb/node-api');
  } catch (error) {
    if (!isNotFound(error)) throw unusable(error);
  }
  const folder = await installDuckdb(options);
  try {
    return createRequire(join(folder, 'package.json'))(MODULE) as Duckdb;
  } catch (error) {
    throw unusable(error);
  }
}

/** Installs DuckDB unless it is installed, and returns the folder that holds its node_modules. Safe to run concurrently. */
export async function installDuckdb({ env, notice }: InstallOptions): Promise<string> {
  const source = lockfileFolder();
  const version = await pinnedVersion(source);
  const name = `duckdb-${version}-${process.platform}${isMusl() ? '-musl' : ''}-${process.arch}`;
  const parent = join(env.RUNNER_TOOL_CACHE || join(homedir(), '.cache'), 'assay');
  const folder = join(parent, name);
  if (existsSync(join(folder, COMPLETE))) return folder;

  notice(`installing DuckDB ${version} (once on this machine, about 25 MB)`);
  await mkdir(parent, { recursive: true }).catch((cause) => {
    throw new OutsideError(`cannot write ${parent}, where DuckDB is to be installed`, {
      mend: 'set RUNNER_TOOL_CACHE to a folder that can be written',
      cause,
    });
  });
  const temporary = await mkdtemp(join(parent, `${name}-`));
  try {
    await cp(source, temporary, { recursive: true });
    await runNpm(temporary, env);
    await writeFile(join(temporary, COMPLETE), '');
    await publish(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folder;
}

/** A rename either succeeds as a whole or finds that another process was faster. */
async function publish(temporary: string, folder: string): Promise<void> {
  if (!existsSync(join(folder, COMPLETE))) await rm(folder, { recursive: true, force: true });
  try {
    await rename(temporary, folder);
  } catch (error) {
    if (!existsSync(join(folder, COMPLETE))) throw error;
  }
}

async function runNpm(folder: string, env: InstallOptions['env']): Promise<void> {
  const words = ['ci', '--ignore-scripts', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  try {
    await promisify(execFile)(process.platform === 'win32' ? 'npm.cmd' : 'npm', words, {
      cwd: folder,
      // A runner's own Node is often not on PATH; its npm stands beside it.
      env: { ...env, PATH: [env.PATH, dirname(process.execPath)].filter(Boolean).join(delimiter) },
      shell: process.platform === 'win32',
      maxBuffer: 16 * 1024 * 1024,
    });
  } catch (cause) {
    throw new OutsideError(`DuckDB could not be installed: ${npmReason(cause)}`, {
      mend: 'Assay needs npm and its registry for this once; on a runner without network, keep RUNNER_TOOL_CACHE from a run that had it',
      cause,
    });
  }
}

function npmReason(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'there is no npm on PATH';
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const lines = stderr.split('\n').filter((line) => line.startsWith('npm error'));
  return lines.slice(0, 2).join('; ') || (error instanceof Error ? error.message : String(error));
}

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string };
  };
  return report.header?.glibcVersionRuntime === undefined;
}

async function pinnedVersion(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return manifest.dependencies[MODULE] ?? '';
}

/** `actions/duckdb` of this checkout: above `dist/` of the action as above `build/` and `src/`. */
function lockfileFolder(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const folder = join(at, 'actions', 'duckdb');
    if (existsSync(join(folder, 'package-lock.json'))) return folder;
    if (dirname(at) === at) {
      throw new OutsideError('DuckDB is not installed with this copy of Assay', {
        mend: 'install Assay again, with its optional dependencies: npm install --include=optional',
      });
    }
  }
}

function isNotFound(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}

function unusable(cause: unknown): OutsideError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OutsideError(`DuckDB cannot be loaded on ${process.platform}-${process.arch}: ${reason}`, {
    mend: 'it runs on Linux, macOS and Windows, on x64 and arm64',
    cause,
  });
}
