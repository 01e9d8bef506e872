import { constants } from 'node:os';

/** Signals that end a process which does not handle them; the shell reports them as 128 + number. */
const FATAL = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGSEGV',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGXCPU',
  'SIGXFSZ',
] as const;

/**
 * How a command ended. The shell between us and the command turns a signal that killed the command into exit code
 * 128 + number, so that is read back as the signal; the exit code is kept beside it.
 */
export function exitOf(
  code: number | null,
  signal: string | null,
): { readonly exitCode: number | null; readonly killedBy: string | null } {
  const byShell = FATAL.find((name) => code !== null && constants.signals[name] === code - 128);
  return { exitCode: code, killedBy: signal ?? byShell ?? null };
}
