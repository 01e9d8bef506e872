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

/**
 * One whole process with all its children: wall seconds, CPU seconds (user and system) and the peak of its memory in megabytes.
 * Node cannot ask for these of a child, so a line of Python does.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, answers?: number[] }} options answers: exits that are no failure
 */
export function measure(command, args, { cwd, answers = [0] }) {
  const script =
    'import os,subprocess,sys,time;t=time.time();p=subprocess.Popen(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.PIPE);e=p.stderr.read();_,s,u=os.wait4(p.pid,0);print(os.waitstatus_to_exitcode(s),time.time()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1024);sys.stderr.buffer.write(e)';
  const { stdout, stderr } = spawnSync('python3', ['-c', script, command, ...args], {
    cwd,
    encoding: 'utf8',
  });
  const [code, wall, cpu, megabytes] = stdout.trim().split(' ').map(Number);
  if (!answers.includes(code)) throw new Error(`${command} ${args.join(' ')} failed with ${code}: ${stderr}`);
  return { wall, cpu, megabytes };
}
