import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { localProcesses } from '../src/platform/process/processes.js';
import type { ProcessRequest } from '../src/runs/ports.js';
import { openScene } from './history-scene.js';

/** Real commands, real signals, real process trees. */

const scene = openScene();
afterAll(() => scene.end());
const clock = { now: () => new Date(0), monotonic: () => Number(process.hrtime.bigint()) / 1e9 };
const never = new AbortController().signal;
const NODE = JSON.stringify(process.execPath);

async function run(
  command: string,
  given: Partial<ProcessRequest> & {
    env?: Record<string, string>;
    world?: Record<string, string>;
    cancel?: AbortSignal;
    grace?: number;
  } = {},
) {
  const { world = {}, cancel = never, grace = 0.5, ...request } = given;
  const lines: string[] = [];
  const processes = localProcesses({
    env: { PATH: process.env.PATH, ...world },
    clock,
    graceSeconds: grace,
  });
  const result = await processes.run(
    { command, cwd: scene.folder, env: {}, onLine: (line) => lines.push(line), ...request },
    cancel,
  );
  return { ...result, lines };
}

function isAlive(file: string): boolean {
  const pid = Number(readFileSync(join(scene.folder, file), 'utf8'));
  expect(pid).toBeGreaterThan(1);
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A dead process that its parent has not yet waited for still answers.
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'latin1') : '';
  return !/\) Z /.test(stat);
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 400 && !condition(); attempt++) await sleep(25);
  expect(condition()).toBe(true);
}

/** The command that runs a script with this Node. */
function nodeScript(name: string, script: string): string {
  writeFileSync(join(scene.folder, `${name}.cjs`), script);
  return `${NODE} ${name}.cjs`;
}

/** A shell that notes its process id and ignores SIGTERM. */
const stubborn = (file: string) => `trap '' TERM; echo $$ > ${file}; while :; do sleep 0.1; done`;
const detached = (file: string) =>
  `require('child_process').spawn('/bin/sh', ['-c', ${JSON.stringify(stubborn(file))}], { detached: true, stdio: 'ignore' }).unref()`;

describe('how a command ends', () => {
  test.each([
    ['true', 0, null],
    ['exit 3', 3, null],
    ['kill -9 $$', null, 'SIGKILL'],
    [`${NODE} -e 'process.kill(process.pid, "SIGSEGV")'; exit $?`, 139, 'SIGSEGV'],
    ['no-such-command-here', 127, null],
    ['/etc/passwd', 126, null],
  ])('%s', async (command, exitCode, killedBy) => {
    expect(await run(command)).toMatchObject({ outcome: 'exited', exitCode, killedBy });
  });

  test('killed from outside', async () => {
    const running = run('echo $$ > victim; sleep 60');
    await until(
      () => existsSync(join(scene.folder, 'victim')) && statSync(join(scene.folder, 'victim')).size > 0,
    );
    process.kill(Number(readFileSync(join(scene.folder, 'victim'), 'utf8')), 'SIGKILL');
    expect(await running).toMatchObject({ outcome: 'exited', exitCode: null, killedBy: 'SIGKILL' });
  });

  test('one that cannot be started says why', async () => {
    const missing = await run('true', { cwd: join(scene.folder, 'missing') });
    expect(missing).toMatchObject({ outcome: 'not-started', exitCode: null });
    expect(missing.log.tail[0]).toMatch(/could not be started: .*ENOENT/);
    expect((await run('true', { env: { HUGE: 'x'.repeat(300_000) } })).log.tail[0]).toMatch(/E2BIG/);
    expect((await run('true\0')).outcome).toBe('not-started');
  });

  test('stdin is closed', async () => {
    expect(await run('cat; read x; echo "read: $?"')).toMatchObject({ exitCode: 0, lines: ['read: 1'] });
  });
});

describe('output', () => {
  test('stdout and stderr in their order, also through /dev/stderr', async () => {
    const { lines } = await run(
      'for i in 1 2 3; do echo out $i; echo err $i >&2; done; echo tee | tee /dev/stderr; printf end',
    );
    expect(lines).toEqual(['out 1', 'err 1', 'out 2', 'err 2', 'out 3', 'err 3', 'tee', 'tee', 'end']);
  });

  test('a flood is read to its end, and its log keeps both ends of it', async () => {
    const logFile = join(scene.folder, 'flood.log');
    const script = `
      const line = 'x'.repeat(999) + '\\n';
      const write = (text) => require('fs').writeSync(1, text);
      write('first\\n');
      for (let i = 0; i < 2000; i++) write(line.repeat(100));
      write('last\\n');`;
    const { log, lines } = await run(nodeScript('flood', script), { logFile });
    expect(log).toMatchObject({ bytes: 200_000_011, truncated: true });
    expect(log.tail.at(-1)).toBe('last');
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([200_002, 'first', 'last']);
    const kept = readFileSync(logFile, 'latin1');
    expect(kept.length).toBeLessThan(10_200_000);
    expect(kept).toMatch(/^first\n/);
    expect(kept).toMatch(/\nlast\n$/);
    expect(kept).toContain(' 190 MB of the log are left out here ');
  });

  test('a line without an end does not fill the memory', async () => {
    const { log, lines } = await run('head -c 100000000 /dev/zero | tr "\\0" x');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.length).toBeLessThan(10_100);
    expect(log).toMatchObject({ bytes: 100_000_000, truncated: true });
  });

  test('secrets are masked in lines, log and tail, however they arrive', async () => {
    const logFile = join(scene.folder, 'secret.log');
    const script = `
      const secret = process.env.MY_TOKEN;
      process.stdout.write('a ' + secret.slice(0, 7));
      setTimeout(() => process.stdout.write(secret.slice(7) + ' b\\n::add-mask::made-up-here\\nmade-up-here\\n'), 100);`;
    const result = await run(`${nodeScript('secret', script)}; echo $OTHER_PASSWORD`, {
      logFile,
      world: { MY_TOKEN: 'never-to-be-seen' },
      env: { OTHER_PASSWORD: 'nor-is-this' },
    });
    const expected = ['a *** b', '::add-mask::***', '***', '***'];
    expect(result.lines).toEqual(expected);
    expect(result.log.tail).toEqual(expected);
    expect(readFileSync(logFile, 'utf8')).toBe(`${expected.join('\n')}\n`);
    expect(statSync(logFile).mode & 0o077).toBe(0);
  });

  test("the runner's command files are out of reach", async () => {
    const output = join(scene.folder, 'output');
    const { exitCode } = await run('echo run=forged >> "$GITHUB_OUTPUT"', {
      world: { GITHUB_OUTPUT: output },
    });
    expect([exitCode, existsSync(output)]).toEqual([0, false]);
  });
});

describe('stopping', () => {
  test('at the timeout the whole tree ends: who ignores SIGTERM, who left the group, who became a daemon', async () => {
    const script = `${detached('left')}; setTimeout(() => {}, 60000)`;
    const daemon = detached('daemon');
    const command = [
      `(${stubborn('grandchild')}) &`,
      `${nodeScript('leaver', script)} &`,
      nodeScript('daemon-starter', daemon),
      'sleep 60',
    ].join('\n');
    const files = ['grandchild', 'left', 'daemon'];
    const result = await run(command, { timeoutSeconds: 1.5 });
    expect(result).toMatchObject({ outcome: 'timeout', exitCode: null });
    for (const file of files) expect(existsSync(join(scene.folder, file)), file).toBe(true);
    expect(files.filter(isAlive)).toEqual([]);
  });

  test('a command that handles SIGTERM has time to finish', async () => {
    const controller = new AbortController();
    const command =
      "trap 'echo saving; sleep 0.2; echo saved; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    const result = await run(command, {
      cancel: controller.signal,
      grace: 10,
      onLine: (line) => line === 'ready' && controller.abort(),
    });
    expect(result.outcome).toBe('cancelled');
    // The shell may say so of the sleep that the signal to the group ended as well.
    expect(result.log.tail.filter((line) => line !== 'Terminated')).toEqual(['ready', 'saving', 'saved']);
    expect(result.seconds).toBeLessThan(8);
  });

  test('one that was cancelled before does not start', async () => {
    const result = await run('touch started', { cancel: AbortSignal.abort() });
    expect([result.outcome, existsSync(join(scene.folder, 'started'))]).toEqual(['cancelled', false]);
  });

  test('what a command leaves behind is stopped only when asked for', async () => {
    const command = (file: string) =>
      `(echo $$ > /dev/null; exec sh -c 'echo $$ > ${file}; sleep 60') > /dev/null 2>&1 & while [ ! -s ${file} ]; do sleep 0.02; done; echo done`;
    expect(await run(command('stopped'), { leftovers: 'stop' })).toMatchObject({
      exitCode: 0,
      lines: ['done'],
    });
    expect(isAlive('stopped')).toBe(false);
    expect(await run(command('kept'))).toMatchObject({ exitCode: 0, lines: ['done'] });
    expect(isAlive('kept')).toBe(true);
    process.kill(Number(readFileSync(join(scene.folder, 'kept'), 'utf8')), 'SIGKILL');
  });

  test('a process left behind that holds the output open does not hold up the end', async () => {
    const { exitCode, seconds, lines } = await run('sleep 20 & echo done');
    expect([exitCode, lines]).toEqual([0, ['done']]);
    expect(seconds).toBeLessThan(10);
  });
});

test.runIf(process.platform === 'linux')('memory and CPU time are those of the whole tree', async () => {
  const script =
    'const b = Buffer.alloc(150e6, 1); const end = process.cpuUsage().user + 4e5; while (process.cpuUsage().user < end) for (let i = 0; i < 1e6; i++);';
  const node = nodeScript('load', script);
  const { peakMemoryBytes, cpuSeconds } = await run(`${node} & ${node}; wait`);
  expect(peakMemoryBytes).toBeGreaterThan(300e6);
  expect(peakMemoryBytes).toBeLessThan(900e6);
  expect(cpuSeconds).toBeGreaterThan(0.75);
  expect(cpuSeconds).toBeLessThan(10);
});
