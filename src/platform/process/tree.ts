import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** One process as the system lists it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Tells a process from a later one with the same id. */
  readonly started: string;
  readonly dead: boolean;
  /** Seconds of this process and of the children it has waited for. */
  readonly cpuSeconds: number;
}

/** Linux counts time in ticks of 1/100 s towards programs (USER_HZ), whatever the kernel's own rate. */
const TICKS_PER_SECOND = 100;
const LINUX = process.platform === 'linux';

export async function listProcesses(): Promise<readonly ProcessInfo[]> {
  return LINUX ? readProc() : listByPs();
}

function readProc(): ProcessInfo[] {
  const found: ProcessInfo[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    if (stat) found.push(parseStat(stat));
  }
  return found;
}

/** proc_pid_stat(5); the command's name, in parentheses, may hold anything, so fields count from behind it. */
export function parseStat(stat: string): ProcessInfo {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const number = (field: number) => Number(fields[field - 3]);
  return {
    pid: Number.parseInt(stat, 10),
    parent: number(4),
    group: number(5),
    session: number(6),
    started: fields[22 - 3] ?? '',
    dead: fields[0] === 'Z' || fields[0] === 'X',
    cpuSeconds: (number(14) + number(15) + number(16) + number(17)) / TICKS_PER_SECOND,
  };
}

async function listByPs(): Promise<ProcessInfo[]> {
  const columns = 'pid=,ppid=,pgid=,stat=,time=,lstart=';
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', columns], {
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 50_000_000,
  });
  return stdout.split('\n').flatMap((line) => parsePs(line) ?? []);
}

/** One line of `ps -o pid=,ppid=,pgid=,stat=,time=,lstart=`; undefined when it is none. */
export function parsePs(line: string): ProcessInfo | undefined {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):([\d.]+)\s+(.*)$/.exec(line);
  if (!match) return undefined;
  const [, pid, parent, group, stat, days, hours, minutes, seconds, started] = match;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    session: 0,
    started: started ?? '',
    dead: stat?.startsWith('Z') === true,
    cpuSeconds:
      Number(days ?? 0) * 86_400 + Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds),
  };
}

/** Seconds of all children that this process has waited for, and of theirs; null where the system does not tell. */
export function waitedChildrenSeconds(): number | null {
  const stat = LINUX ? read('/proc/self/stat') : undefined;
  if (!stat) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[16 - 3]) + Number(fields[17 - 3])) / TICKS_PER_SECOND;
}

/** Resident memory now and at its highest, in bytes; undefined when the process is gone. */
async function memoryOf(
  pids: readonly number[],
): Promise<readonly { readonly now: number; readonly highest: number }[]> {
  if (!LINUX) {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', pids.join(',')]);
    return stdout
      .split('\n')
      .map((line) => Number(line.trim()) * 1024)
      .map((now) => ({ now, highest: now }));
  }
  return pids.flatMap((pid) => {
    const status = read(`/proc/${pid}/status`);
    const kilobytes = (key: string) =>
      Number(new RegExp(`^${key}:\\s*(\\d+) kB`, 'm').exec(status ?? '')?.[1] ?? 0);
    return status ? [{ now: kilobytes('VmRSS') * 1024, highest: kilobytes('VmHWM') * 1024 }] : [];
  });
}

/**
 * Everything that a command started: its session and group, its descendants, and those that once were (a daemon leaves
 * both). Knows the highest memory and the CPU time of the whole.
 */
export class ProcessTree {
  readonly #root: number;
  readonly #marker: string;
  readonly #seen = new Map<number, string>();
  #peakMemory: number | null = null;
  #mostCpu: number | null = null;

  /** @param marker name of an environment variable that only this tree has */
  constructor(root: number, marker: string) {
    this.#root = root;
    this.#marker = marker;
  }

  get peakMemoryBytes(): number | null {
    return this.#peakMemory;
  }

  /** The most CPU time that its living processes and the children they had waited for had together. */
  get cpuSeconds(): number | null {
    return this.#mostCpu;
  }

  /** Measures the tree once: the sum of resident memory (shared pages count once per process), and CPU time. */
  async measure(): Promise<void> {
    const living = await this.living();
    if (living.length === 0) return;
    const memory = await memoryOf(living.map(({ pid }) => pid));
    const together = memory.reduce((sum, { now }) => sum + now, 0);
    const peak = Math.max(this.#peakMemory ?? 0, together, ...memory.map(({ highest }) => highest));
    if (peak > 0) this.#peakMemory = peak;
    const cpu = living.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
    this.#mostCpu = Math.max(this.#mostCpu ?? 0, cpu);
  }

  /** Its processes that are alive. With `thorough`, also daemons that were never seen as its descendants. */
  async living(options: { readonly thorough?: boolean } = {}): Promise<readonly ProcessInfo[]> {
    const all = await listProcesses();
    const children = new Map<number, ProcessInfo[]>();
    for (const found of all) children.set(found.parent, [...(children.get(found.parent) ?? []), found]);
    const members = new Map<number, ProcessInfo>();
    const add = (found: ProcessInfo): void => {
      if (members.has(found.pid) || found.pid === process.pid) return;
      members.set(found.pid, found);
      for (const child of children.get(found.pid) ?? []) add(child);
    };
    for (const found of all) {
      const known = this.#seen.get(found.pid) === found.started;
      const ours = found.pid === this.#root || found.group === this.#root || found.session === this.#root;
      if (known || ours || (options.thorough && this.#carriesMarker(found.pid))) add(found);
    }
    for (const { pid, started } of members.values()) this.#seen.set(pid, started);
    return [...members.values()].filter(({ dead }) => !dead);
  }

  #carriesMarker(pid: number): boolean {
    return LINUX && read(`/proc/${pid}/environ`)?.includes(`${this.#marker}=`) === true;
  }

  /** Sends a signal to every living process of the tree and tells how many there were. */
  async signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
    const living = await this.living({ thorough: true });
    for (const { pid } of living) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended in the meantime, or belongs to another user, whom we may not stop.
      }
    }
    return living.length;
  }
}

/** Undefined when the process is gone or belongs to another user. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
