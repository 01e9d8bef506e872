import { spawnSync } from 'node:child_process';

/**
 * Times whole processes in turn (A B A B …), so that a machine that grows slower slows both alike.
 * @param {Record<string, { command: string, args: string[], cwd?: string, env?: Record<string, string>, before?: () => void }>} commands
 * @param {number} runs counted runs of each, after one that is not counted
 * @returns {Record<string, number[]>} wall seconds of each counted run
 */
export function timeInTurn(commands, runs) {
  const seconds = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let run = -1; run < runs; run++) {
    for (const [name, { command, args, cwd, env, before }] of Object.entries(commands)) {
      before?.();
      const start = process.hrtime.bigint();
      const result = spawnSync(command, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const took = Number(process.hrtime.bigint() - start) / 1e9;
      if (result.error || result.status !== 0) {
        throw new Error(`${name} failed (${result.status}): ${result.error ?? result.stderr}`);
      }
      if (run >= 0) seconds[name].push(took);
    }
  }
  return seconds;
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median of the pairwise ratios a/b. */
export function ratio(a, b) {
  return median(a.map((value, i) => value / b[i]));
}
