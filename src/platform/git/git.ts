import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { OutsideError, UserError } from '../../errors.js';

/** Runs git: never by a shell, never with a prompt, never with the surroundings of a hook. */

export type Environment = Readonly<Record<string, string | undefined>>;

interface GitOptions {
  readonly input?: string | Uint8Array;
  /** Added to the environment of this call. */
  readonly env?: Readonly<Record<string, string>>;
  /** Settings of this call by `GIT_CONFIG_*`, which neither show in the process list nor touch a file. */
  readonly config?: readonly (readonly [key: string, value: string])[];
  readonly timeoutSeconds?: number;
}

export interface GitResult {
  /** Null when it was stopped by a signal or the timeout. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Git {
  readonly folder: string;
  readonly env: Environment;
  /** Any exit code is returned. Throws UserError when git, the repository or the right to use it is missing. */
  run(args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** Standard output without the last newline; throws OutsideError when git fails. */
  text(args: readonly string[], options?: GitOptions): Promise<string>;
}

/**
 * Variables by which a hook (or `git --git-dir`) points git at a repository, an index or an object store. Assay finds
 * the repository by the folder of assay.yml, so that a hook of one repository never writes to another one's index.
 */
const POINTERS = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_QUARANTINE_PATH',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_GRAFT_FILE',
  'GIT_SHALLOW_FILE',
  'GIT_CONFIG',
  'GIT_EXTERNAL_DIFF',
];

/** No hooks (they guard the user's own commits and pushes), no housekeeping in the background. */
const SETTINGS = [
  ['core.hooksPath', '/dev/null'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
] as const;

export function openGit(options: { readonly folder: string; readonly env: Environment }): Git {
  const { folder, env } = options;
  const run = async (args: readonly string[], call: GitOptions = {}): Promise<GitResult> => {
    const result = await execute(args, { folder, env: cleanEnvironment(env, call), call });
    throwWhenUnusable(result.stderr, folder);
    return result;
  };
  return {
    folder,
    env,
    run,
    text: async (args, call) => {
      const result = await run(args, call);
      if (result.code !== 0) throw gitFailure(args, result);
      return result.stdout.toString('utf8').replace(/\n$/, '');
    },
  };
}

/** What a failed command says, as an OutsideError: disk and permission errors with their mend. */
export function gitFailure(args: readonly string[], result: GitResult, mend?: string): OutsideError {
  const said = firstComplaint(result.stderr) || `exit ${result.code ?? 'by a signal or after its time'}`;
  return new OutsideError(`git ${args[0]} failed: ${said}`, { mend: mend ?? mendOf(result.stderr) });
}

function mendOf(stderr: string): string | undefined {
  if (/No space left on device/i.test(stderr)) return 'free some disk space, then run the same command again';
  if (
    /Read-only file system|insufficient permission|Permission denied|unable to (create|write)/i.test(stderr)
  ) {
    return 'the .git folder must be writable: check its owner and its rights';
  }
  return undefined;
}

/** The line that matters, without the credentials that a URL may carry. */
export function firstComplaint(stderr: string): string {
  const lines = withoutCredentials(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const complaint =
    lines.find((line) => /^(fatal|error|remote: error|!)/i.test(line)) ?? lines.find(Boolean) ?? '';
  return complaint.replace(/^(fatal|error): /i, '').slice(0, 500);
}

export function withoutCredentials(text: string): string {
  return text.replace(/(\w+:\/\/)[^/\s@]+@/g, '$1***@');
}

function cleanEnvironment(env: Environment, call: GitOptions): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !POINTERS.includes(name)) clean[name] = value;
  }
  Object.assign(clean, {
    LC_ALL: 'C',
    LANGUAGE: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // `git status` would otherwise refresh the user's index file.
    GIT_OPTIONAL_LOCKS: '0',
    GIT_PAGER: 'cat',
    ...call.env,
  });
  // The user may hand over settings in the same way; ours come after theirs.
  const given = Number(clean.GIT_CONFIG_COUNT ?? 0);
  const start = Number.isInteger(given) && given > 0 ? given : 0;
  const settings = [...SETTINGS, ...(call.config ?? [])];
  for (const [index, [key, value]] of settings.entries()) {
    clean[`GIT_CONFIG_KEY_${start + index}`] = key;
    clean[`GIT_CONFIG_VALUE_${start + index}`] = value;
  }
  clean.GIT_CONFIG_COUNT = String(start + settings.length);
  return clean;
}

function execute(
  args: readonly string[],
  process: {
    readonly folder: string;
    readonly env: Record<string, string>;
    readonly call: GitOptions;
  },
): Promise<GitResult> {
  const { folder, env, call } = process;
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      cwd: folder,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
      // Its own process group: Ctrl-C must not stop git while the record of the interrupted run is being written.
      detached: globalThis.process.platform !== 'win32',
    });
    const timer =
      call.timeoutSeconds === undefined
        ? undefined
        : setTimeout(() => stopTree(child), call.timeoutSeconds * 1000);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // git may end before it has read everything; its exit code tells why.
    child.stdin.on('error', () => {});
    child.stdin.end(call.input ?? '');
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(notStarted(folder, cause));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') });
    });
  });
}

/** git and the transport it started (ssh, git-remote-https), which would otherwise keep the pipes open. */
function stopTree(child: ChildProcess): void {
  if (child.pid === undefined || globalThis.process.platform === 'win32') child.kill('SIGKILL');
  else globalThis.process.kill(-child.pid, 'SIGKILL');
}

function notStarted(folder: string, cause: Error): Error {
  if (!('code' in cause) || cause.code !== 'ENOENT') {
    return new OutsideError(`git could not be started: ${cause.message}`, { cause });
  }
  if (!existsSync(folder)) return new UserError(`there is no folder ${folder}`, { cause });
  return new UserError('git is not on PATH', {
    mend: 'install git 2.30 or newer (https://git-scm.com), or keep the history in a folder: history: { directory: .assay/history }',
    cause,
  });
}

function throwWhenUnusable(stderr: string, folder: string): void {
  const dubious = /dubious ownership in repository at '([^']+)'/.exec(stderr);
  if (dubious) {
    throw new UserError(`git refuses the repository ${dubious[1]}: it belongs to another user`, {
      mend: `if you trust it: git config --global --add safe.directory '${dubious[1]}'`,
    });
  }
  if (/not a git repository/i.test(stderr) && !/does not appear to be|remote repository/i.test(stderr)) {
    throw new UserError(`${folder} is not in a git repository`, {
      mend: 'make one: git init; or keep the history in a folder: history: { directory: .assay/history }',
    });
  }
}
