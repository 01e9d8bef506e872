import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { OutsideError, UserError } from '../../errors.js';
import {
  type Environment,
  gitEnvironment,
  OLDEST_GIT,
  type OwnRepository,
  type Settings,
} from './environment.js';
import { TRACE_TO_PIPE, watchRetryAfter } from './retry-after.js';

/** Runs git: never by a shell, never with a prompt, never with the surroundings of a hook. */

export type { Environment } from './environment.js';

const TRACE_DRAIN_MS = 250;

interface GitOptions {
  readonly input?: string | Uint8Array;
  /** Added to the environment of this call. */
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: Settings;
  readonly timeoutSeconds?: number;
  /** Whether it talks to a server whose wish to wait is to be known. */
  readonly network?: true;
}

export interface GitResult {
  /** Null when it was stopped by a signal or the timeout. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The header of that name in the last answer of the server, of a call with `network`. */
  readonly retryAfter?: string | undefined;
}

export interface Git {
  readonly folder: string;
  readonly env: Environment;
  /** Any exit code is returned. Throws UserError when git, the repository or the right to use it is missing. */
  run(args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** Standard output without the last newline; throws OutsideError when git fails. */
  text(args: readonly string[], options?: GitOptions): Promise<string>;
  /** A process to talk with; whoever starts it listens to its errors, and ends it. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
  /** What a process that was started said about the repository, git or the right to use it, as an error. */
  explain(failure: { readonly stderr: string } | { readonly cause: Error }): Error | undefined;
}

/** @param options `own` names a repository that is not the one around the folder */
export function openGit(options: {
  readonly folder: string;
  readonly env: Environment;
  readonly own?: OwnRepository;
}): Git {
  const { folder, env, own } = options;
  const run = async (args: readonly string[], call: GitOptions = {}): Promise<GitResult> => {
    const result = await execute(args, { folder, env: gitEnvironment(env, { ...call, own }), call });
    // What is wrong with a repository of Assay's own is not for the user to mend.
    const unusable = own ? undefined : whyUnusable(result.stderr, folder);
    if (unusable) throw unusable;
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
    start: (args) =>
      spawn('git', args, {
        cwd: folder,
        env: gitEnvironment(env, { own }),
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
        detached: process.platform !== 'win32',
      }),
    explain: (failure) =>
      'cause' in failure
        ? notStarted(folder, failure.cause)
        : own
          ? undefined
          : whyUnusable(failure.stderr, folder),
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
  // git does not say why; the usual reason is the first.
  if (/couldn't write/i.test(stderr)) return 'free some disk space, or make the .git folder writable';
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

function execute(
  args: readonly string[],
  surroundings: {
    readonly folder: string;
    readonly env: Record<string, string>;
    readonly call: GitOptions;
  },
): Promise<GitResult> {
  const { folder, call } = surroundings;
  const traces = call.network === true && process.platform !== 'win32';
  const env = traces ? { ...surroundings.env, ...TRACE_TO_PIPE } : surroundings.env;
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      cwd: folder,
      env,
      stdio: ['pipe', 'pipe', 'pipe', ...(traces ? ['pipe' as const] : [])],
      windowsHide: true,
      // Its own process group: Ctrl-C must not stop git while the record of the interrupted run is being written.
      detached: process.platform !== 'win32',
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
    const retryAfter = traces ? followTrace(child) : undefined;
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({
        code,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString('utf8'),
        retryAfter: retryAfter?.(),
      });
    });
  });
}

/** A daemon that git started (credential-cache) inherits the pipe and never closes it: nobody waits for that. */
function followTrace(child: ChildProcess): () => string | undefined {
  const trace = child.stdio[3] as Readable;
  child.on('exit', () => {
    const patience = setTimeout(() => trace.destroy(), TRACE_DRAIN_MS);
    trace.on('close', () => clearTimeout(patience));
  });
  return watchRetryAfter(trace);
}

/** git and the transport it started (ssh, git-remote-https), which would otherwise keep the pipes open. */
function stopTree(child: ChildProcess): void {
  if (child.pid === undefined || process.platform === 'win32') child.kill('SIGKILL');
  else process.kill(-child.pid, 'SIGKILL');
}

function notStarted(folder: string, cause: Error): Error {
  if (!('code' in cause) || cause.code !== 'ENOENT') {
    return new OutsideError(`git could not be started: ${cause.message}`, { cause });
  }
  if (!existsSync(folder)) return new UserError(`there is no folder ${folder}`, { cause });
  return new UserError('git is not on PATH', {
    mend: `install git ${OLDEST_GIT.join('.')} or newer (https://git-scm.com), or keep the history in a folder: history: { directory: .assay/history }`,
    cause,
  });
}

function whyUnusable(stderr: string, folder: string): UserError | undefined {
  const dubious = /dubious ownership in repository at '([^']+)'/.exec(stderr);
  if (dubious) {
    return new UserError(`git refuses the repository ${dubious[1]}: it belongs to another user`, {
      mend: `if you trust it: git config --global --add safe.directory '${dubious[1]}'`,
    });
  }
  if (/not a git repository/i.test(stderr) && !/does not appear to be|remote repository/i.test(stderr)) {
    return new UserError(`${folder} is not in a git repository`, {
      mend: 'make one: git init; or keep the history in a folder: history: { directory: .assay/history }',
    });
  }
  return undefined;
}
