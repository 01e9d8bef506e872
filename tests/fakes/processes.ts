import type { Clock } from '../../src/history/port.js';
import type { Processes, ProcessRequest, ProcessResult } from '../../src/runs/ports.js';

/** A clock that stands still until it is moved, in seconds. */
export function handClock(start = '2026-11-24T00:00:00.000Z'): Clock & { advance(seconds: number): void } {
  let passed = 0;
  return {
    now: () => new Date(Date.parse(start) + passed * 1000),
    monotonic: () => passed,
    advance: (seconds) => {
      passed += seconds;
    },
  };
}

type Answer = Partial<ProcessResult> & { readonly lines?: readonly string[] };

/** Processes that answer by a function of the request instead of running anything; exit code 0 when it says nothing. */
export function fakeProcesses(
  answer: (request: ProcessRequest, cancel: AbortSignal) => Answer | Promise<Answer>,
): Processes & { readonly requests: ProcessRequest[] } {
  const requests: ProcessRequest[] = [];
  return {
    requests,
    run: async (request, cancel) => {
      requests.push(request);
      const { lines = [], ...result } = await answer(request, cancel);
      for (const line of lines) request.onLine?.(line);
      return {
        outcome: 'exited',
        exitCode: 0,
        killedBy: null,
        seconds: 1,
        peakMemoryBytes: null,
        cpuSeconds: null,
        log: { bytes: 0, truncated: false, tail: lines },
        ...result,
      };
    },
  };
}
