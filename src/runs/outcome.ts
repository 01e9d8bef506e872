import { assertNever, UserError } from '../errors.js';
import { formatBytes, formatSeconds } from '../format.js';
import type { ProcessResult } from './ports.js';
import type { RunRecord } from './record.js';

export interface CommandOutcome {
  readonly status: RunRecord['status'];
  /** Null when it succeeded. */
  readonly reason: string | null;
  /** When it is the configuration that is wrong: the command is not there. */
  readonly problem?: UserError;
}

/** What a finished command means for its training. */
export function outcomeOf(
  result: ProcessResult,
  of: { readonly command: string; readonly timeoutSeconds: number | undefined },
): CommandOutcome {
  switch (result.outcome) {
    case 'exited':
      return exited(result, of.command);
    case 'timeout':
      return {
        status: 'failed',
        reason: `stopped at its timeout of ${formatSeconds(of.timeoutSeconds ?? result.seconds)}`,
      };
    case 'cancelled':
      return { status: 'cancelled', reason: 'cancelled while the command ran' };
    case 'not-started':
      return wrongCommand(result.log.tail.at(-1) ?? 'the command could not be started');
    default:
      return assertNever(result.outcome);
  }
}

function exited(result: ProcessResult, command: string): CommandOutcome {
  const { exitCode, killedBy, log } = result;
  if (exitCode === 0) return { status: 'succeeded', reason: null };
  if (killedBy !== null) return { status: 'failed', reason: killed(killedBy, result.peakMemoryBytes) };
  const lastLine = log.tail.at(-1) ?? '';
  if (exitCode === 127 && /not found/i.test(lastLine)) {
    return wrongCommand(`the command was not found: ${lastLine}`, `the command is: ${command}`);
  }
  if (exitCode === 126 && /permission denied|cannot execute|exec format|is a directory/i.test(lastLine)) {
    return wrongCommand(`the command cannot be run: ${lastLine}`, 'make it executable: chmod +x FILE');
  }
  return { status: 'failed', reason: `the command ended with exit code ${exitCode}` };
}

function wrongCommand(reason: string, mend?: string): CommandOutcome {
  return { status: 'failed', reason, problem: new UserError(reason, mend === undefined ? {} : { mend }) };
}

function killed(signal: string, peakMemoryBytes: number | null): string {
  const peak = peakMemoryBytes === null ? '' : ` (it used up to ${formatBytes(peakMemoryBytes)})`;
  switch (signal) {
    case 'SIGKILL':
      return `the command was killed (SIGKILL): often because the machine ran out of memory${peak}`;
    case 'SIGSEGV':
    case 'SIGBUS':
    case 'SIGILL':
      return `the command crashed in native code (${signal})${peak}`;
    default:
      return `the command was ended by ${signal}`;
  }
}
