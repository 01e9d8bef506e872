import { expect, test } from 'vitest';
import { outcomeOf } from './outcome.js';
import type { ProcessResult } from './ports.js';

const result: ProcessResult = {
  outcome: 'exited',
  exitCode: 0,
  killedBy: null,
  seconds: 1,
  peakMemoryBytes: 3_000_000_000,
  cpuSeconds: 1,
  log: { bytes: 0, truncated: false, tail: [] },
};
const of = { command: './train.sh', timeoutSeconds: 90 };
const tail = (line: string) => ({ log: { bytes: 9, truncated: false, tail: [line] } });

test.each([
  [{}, 'succeeded', null, false],
  [{ exitCode: 1 }, 'failed', 'the command ended with exit code 1', false],
  [{ outcome: 'timeout', exitCode: null }, 'failed', 'stopped at its timeout of 1 min 30 s', false],
  [{ outcome: 'cancelled', exitCode: null }, 'cancelled', 'cancelled while the command ran', false],
  [
    { exitCode: 137, killedBy: 'SIGKILL' },
    'failed',
    'the command was killed (SIGKILL): often because the machine ran out of memory (it used up to 3 GB)',
    false,
  ],
  [
    { exitCode: null, killedBy: 'SIGSEGV', peakMemoryBytes: null },
    'failed',
    'the command crashed in native code (SIGSEGV)',
    false,
  ],
  [{ exitCode: 143, killedBy: 'SIGTERM' }, 'failed', 'the command was ended by SIGTERM', false],
  [
    { exitCode: 127, ...tail('sh: 1: nosuch: not found') },
    'failed',
    'the command was not found: sh: 1: nosuch: not found',
    true,
  ],
  [{ exitCode: 127, ...tail('my own 127') }, 'failed', 'the command ended with exit code 127', false],
  [
    { exitCode: 126, ...tail('sh: ./train.sh: Permission denied') },
    'failed',
    'the command cannot be run: sh: ./train.sh: Permission denied',
    true,
  ],
  [
    { outcome: 'not-started', exitCode: null, ...tail('the command could not be started: E2BIG') },
    'failed',
    'the command could not be started: E2BIG',
    true,
  ],
] as const)('%j', (fields, status, reason, isProblem) => {
  const outcome = outcomeOf({ ...result, ...fields }, of);
  expect([outcome.status, outcome.reason]).toEqual([status, reason]);
  expect(outcome.problem?.message).toBe(isProblem ? reason : undefined);
});
