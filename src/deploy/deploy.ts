import type { CommandTarget } from '../config/model.js';
import { formatSeconds } from '../format.js';
import type { Clock } from '../history/port.js';
import type { Processes, ProcessResult } from '../runs/ports.js';
import type { HealthProbe } from './ports.js';
import type { DeploymentRecord } from './record.js';

/** Deploys by a command of the team's own: run it, watch the health check, undo when either fails. */

export interface DeployPorts {
  readonly processes: Processes;
  readonly probe: HealthProbe;
  readonly clock: Clock;
  /** Resolves after so many seconds, or at once when cancelled. */
  readonly wait: (seconds: number, cancel: AbortSignal) => Promise<void>;
  /** What the deploy command wrote to `$ASSAY_OUTPUT`; empty when nothing. */
  readonly output: () => Promise<string>;
  /** A line of the commands' own output. */
  readonly onLine: (line: string) => void;
}

export interface DeployRequest {
  readonly model: string;
  readonly version: string;
  readonly target: string;
  readonly command: CommandTarget;
  /** Folder of assay.yml (absolute), where commands run. */
  readonly folder: string;
  /** Folder with the version's files (absolute). */
  readonly artifacts: string;
  /** File for `$ASSAY_OUTPUT` (absolute). */
  readonly outputFile: string;
  /** The version that is on the target now; null when none is. */
  readonly previous: string | null;
}

export type DeployResult = Pick<DeploymentRecord, 'status' | 'reason' | 'url' | 'seconds' | 'steps'>;
type Step = DeploymentRecord['steps'][number];

/**
 * Runs the command, then polls the health check until it is well or its timeout is over. When either fails, or
 * `cancel` is aborted, `undo` runs (with the rest of its own timeout, whatever `cancel` says) and the result is `undone`
 * when it succeeds, `failed` when it fails or there is none; a cancelled deployment is `cancelled` either way, and its
 * reason says what became of the undo. Never throws for a deployment that fails.
 */
export async function deploy(
  request: DeployRequest,
  ports: DeployPorts,
  cancel: AbortSignal,
): Promise<DeployResult> {
  const started = ports.clock.monotonic();
  const steps: Step[] = [await runStep('deploy', request.command.run, { request, ports, cancel, url: null })];
  const url = outputUrl(await ports.output());
  if (steps[0]?.ok && request.command.health) {
    steps.push(await checkHealth({ request, ports, cancel, url }));
  }
  const failed = steps.find((step) => !step.ok);
  if (failed) {
    const cancelled = cancel.aborted;
    const why = cancelled ? 'interrupted' : `${failed.step} failed: ${failed.detail}`;
    const undone = await undo({ request, ports, url });
    if (undone) steps.push(undone);
    return {
      status: cancelled ? 'cancelled' : undone?.ok ? 'undone' : 'failed',
      reason: `${why}; ${undoWords(undone)}`,
      url: null,
      seconds: ports.clock.monotonic() - started,
      steps,
    };
  }
  return { status: 'succeeded', reason: null, url, seconds: ports.clock.monotonic() - started, steps };
}

function undoWords(undone: Step | undefined): string {
  if (!undone) return 'there is no undo command, so the target is as the failure left it';
  return undone.ok ? 'undone' : `undo failed: ${undone.detail}`;
}

interface Context {
  readonly request: DeployRequest;
  readonly ports: DeployPorts;
  readonly url: string | null;
}
type Cancellable = Context & { readonly cancel: AbortSignal };

async function undo(context: Context): Promise<Step | undefined> {
  const { undo: command } = context.request.command;
  if (command === undefined) return undefined;
  return runStep('undo', command, { ...context, cancel: new AbortController().signal });
}

async function runStep(step: Step['step'], command: string, context: Cancellable): Promise<Step> {
  const { request } = context;
  const result = await runCommand(command, { ...context, timeoutSeconds: request.command.timeout });
  return {
    step,
    ok: result.outcome === 'exited' && result.exitCode === 0,
    seconds: result.seconds,
    detail: describe(result, request.command.timeout),
    tail: [...result.log.tail],
  };
}

function runCommand(
  command: string,
  context: Cancellable & { readonly timeoutSeconds: number },
): Promise<ProcessResult> {
  const { request, ports, url, cancel, timeoutSeconds } = context;
  const env = {
    ASSAY_MODEL: request.model,
    ASSAY_VERSION: request.version,
    ASSAY_TARGET: request.target,
    ASSAY_ARTIFACTS: request.artifacts,
    ASSAY_PREVIOUS_VERSION: request.previous ?? '',
    ASSAY_OUTPUT: request.outputFile,
    ASSAY_URL: url ?? '',
  };
  return ports.processes.run(
    { command, cwd: request.folder, env, timeoutSeconds, onLine: ports.onLine },
    cancel,
  );
}

function describe(result: ProcessResult, timeoutSeconds: number): string {
  switch (result.outcome) {
    case 'exited':
      return result.killedBy ? `killed by ${result.killedBy}` : `exit code ${result.exitCode}`;
    case 'timeout':
      return `stopped after ${formatSeconds(timeoutSeconds)}`;
    case 'cancelled':
      return 'interrupted';
    case 'not-started':
      return 'it could not be started';
  }
}

/** Polls until well, cancelled or out of time. The log tail is that of the last check. */
async function checkHealth(context: Cancellable): Promise<Step> {
  const { request, ports, cancel } = context;
  const health = request.command.health ?? { timeout: 0, every: 0 };
  const started = ports.clock.monotonic();
  const passed = () => ports.clock.monotonic() - started;
  let last: Check = { healthy: false, detail: 'never checked', tail: [] };
  let checks = 0;
  while (!cancel.aborted && (checks === 0 || passed() < health.timeout)) {
    last = await checkOnce({ ...context, timeoutSeconds: Math.max(health.timeout - passed(), 0.1) });
    checks++;
    if (last.healthy) break;
    await ports.wait(Math.max(0, Math.min(health.every, health.timeout - passed())), cancel);
  }
  const times = `${checks} ${checks === 1 ? 'check' : 'checks'}`;
  return {
    step: 'health',
    ok: last.healthy,
    seconds: passed(),
    detail: last.healthy
      ? `healthy after ${times}`
      : cancel.aborted
        ? 'interrupted'
        : `not healthy within ${formatSeconds(health.timeout)} (${times}, the last: ${last.detail})`,
    tail: [...last.tail],
  };
}

interface Check {
  readonly healthy: boolean;
  readonly detail: string;
  readonly tail: readonly string[];
}

/** Both `run` and `url` must be well when both are given. */
async function checkOnce(context: Cancellable & { readonly timeoutSeconds: number }): Promise<Check> {
  const { health } = context.request.command;
  let tail: readonly string[] = [];
  if (health?.run !== undefined) {
    const result = await runCommand(health.run, context);
    tail = result.log.tail;
    const healthy = result.outcome === 'exited' && result.exitCode === 0;
    if (!healthy) return { healthy, detail: describe(result, context.timeoutSeconds), tail };
  }
  if (health?.url !== undefined) {
    const address = healthAddress(health.url, context.url);
    if (address === undefined) {
      const detail = `${health.url} is no address by itself, and the deploy command wrote no url= to $ASSAY_OUTPUT`;
      return { healthy: false, detail, tail };
    }
    const { timeoutSeconds, cancel } = context;
    return { ...(await context.ports.probe.get(address, { timeoutSeconds, cancel })), tail };
  }
  return { healthy: true, detail: '', tail };
}

/** A path such as `/health` is taken relative to the URL that the deploy command told. */
export function healthAddress(health: string, deployed: string | null): string | undefined {
  try {
    const url = deployed === null ? new URL(health) : new URL(health, deployed);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The last `url=…` line of `$ASSAY_OUTPUT`; null when there is none, or when it is no http(s) address
 * (it is shown as a link).
 */
export function outputUrl(text: string): string | null {
  const last = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('url='))
    .at(-1)
    ?.slice('url='.length)
    .trim();
  if (!last || last.length > 2000) return null;
  return healthAddress(last, null) ?? null;
}
