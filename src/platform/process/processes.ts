import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../history/port.js';
import type { Processes, ProcessRequest, ProcessResult } from '../../runs/ports.js';
import { makeScratch } from '../local/scratch.js';
import { commandEnvironment } from './environment.js';
import { exitOf } from './exit.js';
import { Lines } from './lines.js';
import { BoundedLog } from './log.js';
import { Masker, secretValues } from './masking.js';
import { type OutputPipe, openOutputPipe } from './pipe.js';
import { ProcessTree, waitedChildrenSeconds } from './tree.js';

/** From SIGTERM to SIGKILL. A job that GitHub cancels has 7.5 s before the runner kills it. */
const GRACE_SECONDS = 5;
const MEASURE_EVERY_MS = process.platform === 'linux' ? 100 : 1000;
/** After the command has ended, its output is read until the pipe closes or nothing came for this long. */
const QUIET_MS = 300;
/** A process left behind that keeps writing is listened to for this long. */
const LONGEST_DRAIN_MS = 5000;
/** setTimeout counts in 32 bits; longer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface LocalProcessesOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly graceSeconds?: number;
}

/** Commands on this machine (Linux and macOS). */
export function localProcesses(options: LocalProcessesOptions): Processes {
  return {
    async run(request, cancel) {
      const scratch = await makeScratch('command');
      try {
        return await runIn(scratch, { ...options, request, cancel });
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}

interface Running extends LocalProcessesOptions {
  readonly request: ProcessRequest;
  readonly cancel: AbortSignal;
}

async function runIn(scratch: string, running: Running): Promise<ProcessResult> {
  const { request, cancel, clock } = running;
  const marker = `ASSAY_TREE_${randomBytes(8).toString('hex')}`;
  const env = commandEnvironment({
    world: running.env,
    request: { ...request.env, [marker]: '1' },
    scratchFile: (name) => join(scratch, name),
  });
  await Promise.all(
    Object.entries(env).map(([name, path]) => path === join(scratch, name) && writeFile(path, '')),
  );
  const output = readOutput(running, env);
  const began = clock.monotonic();
  if (cancel.aborted) return output.result('cancelled', { seconds: 0 });
  const pipe = await openOutputPipe(join(scratch, 'output'));
  const waitedBefore = waitedChildrenSeconds();
  const child = start(request, { env, pipe });
  if (child instanceof Error || child.pid === undefined) {
    const error = child instanceof Error ? child : ((await once(child, 'error'))[0] as Error);
    pipe.stream.destroy();
    output.line(`the command could not be started: ${error.message}`);
    return output.result('not-started', { seconds: clock.monotonic() - began });
  }
  const tree = new ProcessTree(child.pid, marker);
  const drained = output.follow(pipe);
  const end = await guard(child, { tree, running });
  const seconds = clock.monotonic() - began;
  const waited = waitedChildrenSeconds();
  if (end.outcome === 'exited' && request.leftovers === 'stop') await stopTree(tree, running);
  await drained(end.outcome === 'exited');
  const ownChildren = waited === null || waitedBefore === null ? null : waited - waitedBefore;
  return output.result(end.outcome, {
    seconds,
    ...(end.outcome === 'exited' ? exitOf(end.code, end.signal) : {}),
    peakMemoryBytes: tree.peakMemoryBytes,
    cpuSeconds: largest(ownChildren, tree.cpuSeconds),
  });
}

/** Either measure may miss some: processes that were never waited for, and those that lived between two looks. */
function largest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function start(
  request: ProcessRequest,
  given: { readonly env: Record<string, string>; readonly pipe: OutputPipe },
): ChildProcess | Error {
  try {
    return spawn('/bin/sh', ['-c', request.command], {
      cwd: request.cwd,
      env: given.env,
      stdio: ['ignore', given.pipe.writeEnd, given.pipe.writeEnd],
      detached: true,
    });
  } catch (error) {
    return error as Error;
  } finally {
    given.pipe.closeWriteEnd();
  }
}

/** Takes the output in as fast as it comes: lines to the listener and to the log, both bounded. */
function readOutput(running: Running, env: Readonly<Record<string, string>>) {
  const { request, clock } = running;
  const masker = new Masker([...secretValues(running.env), ...secretValues(env)]);
  const lines = new Lines({ masker, clock });
  const log = new BoundedLog(request.logFile);
  const decoder = new StringDecoder('utf8');
  let bytes = 0;
  let lastHeard = 0;
  const keep = (complete: readonly string[]): void => {
    log.write(complete);
    if (request.onLine) for (const line of complete) request.onLine(line);
  };
  return {
    line: (text: string) => keep([masker.mask(text, text.length)]),
    /** Starts reading; the function it returns waits until all of it is read. */
    follow(pipe: OutputPipe) {
      const closed = once(pipe.stream, 'close').catch(() => undefined);
      pipe.stream.on('error', () => pipe.stream.destroy());
      pipe.stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        lastHeard = clock.monotonic();
        keep(lines.push(decoder.write(chunk)));
      });
      return async (patient: boolean): Promise<void> => {
        const drainEnds = clock.monotonic() + (patient ? LONGEST_DRAIN_MS : QUIET_MS) / 1000;
        lastHeard = clock.monotonic();
        while (!pipe.stream.closed && clock.monotonic() < drainEnds) {
          if (clock.monotonic() - lastHeard > QUIET_MS / 1000) break;
          await Promise.race([closed, sleep(20, undefined, { ref: true })]);
        }
        pipe.stream.destroy();
        keep([...lines.push(decoder.end()), ...lines.end()]);
      };
    },
    result(outcome: ProcessResult['outcome'], of: Partial<ProcessResult>): ProcessResult {
      log.end();
      return {
        exitCode: null,
        killedBy: null,
        seconds: 0,
        peakMemoryBytes: null,
        cpuSeconds: null,
        ...of,
        outcome,
        log: { bytes, truncated: log.truncated || lines.cut, tail: log.tail },
      };
    },
  };
}

type End =
  | { readonly outcome: 'exited'; readonly code: number | null; readonly signal: string | null }
  | { readonly outcome: 'timeout' | 'cancelled' };

/** Measures the tree while the command runs; on timeout and on cancel stops all of it. */
async function guard(
  child: ChildProcess,
  given: { readonly tree: ProcessTree; readonly running: Running },
): Promise<End> {
  const { tree, running } = given;
  const watching = new AbortController();
  const exited = once(child, 'exit').then(([code, signal]): End => ({ outcome: 'exited', code, signal }));
  const { timeoutSeconds } = running.request;
  const stops: Promise<End>[] = [
    exited,
    aborted(running.cancel, watching.signal).then((): End => ({ outcome: 'cancelled' })),
  ];
  if (timeoutSeconds !== undefined) {
    const milliseconds = Math.min(timeoutSeconds * 1000, LONGEST_TIMER_MS);
    stops.push(later(milliseconds, watching.signal).then((): End => ({ outcome: 'timeout' })));
  }
  const measuring = measureUntil(tree, watching.signal);
  const end = await Promise.race(stops);
  if (end.outcome !== 'exited') {
    await stopTree(tree, running);
    await exited;
  }
  watching.abort();
  await measuring;
  return end;
}

/** SIGTERM, time to finish, then SIGKILL until nothing is left. */
async function stopTree(tree: ProcessTree, options: LocalProcessesOptions): Promise<void> {
  const { clock } = options;
  await tree.measure().catch(() => undefined);
  if ((await tree.signal('SIGTERM')) === 0) return;
  const killFrom = clock.monotonic() + (options.graceSeconds ?? GRACE_SECONDS);
  while (clock.monotonic() < killFrom) {
    await sleep(25);
    if ((await tree.living()).length === 0) break;
  }
  // Processes stuck in the kernel do not die at once; after 2 s they are left to it.
  for (let attempt = 0; attempt < 80 && (await tree.signal('SIGKILL')) > 0; attempt++) await sleep(25);
}

/** Looks often at first, because short commands end soon; never spends more than a tenth of the time looking. */
async function measureUntil(tree: ProcessTree, stop: AbortSignal): Promise<void> {
  for (let pause = 10; !stop.aborted; ) {
    const began = process.hrtime.bigint();
    try {
      await tree.measure();
    } catch {
      return; // The system does not let us look; the figures stay unknown.
    }
    const took = Number(process.hrtime.bigint() - began) / 1e6;
    await later(Math.max(pause, took * 10), stop).catch(() => undefined);
    pause = Math.min(MEASURE_EVERY_MS, pause * 2);
  }
}

/** Never settles when `forget` comes first: the race it was in has been won. */
function later(milliseconds: number, forget: AbortSignal): Promise<void> {
  return sleep(milliseconds, undefined, { signal: forget });
}

function aborted(signal: AbortSignal, forget: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true, signal: forget });
  });
}
