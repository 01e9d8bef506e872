import { describe, expect, it } from 'vitest';
import { fakeProcesses, handClock } from '../../tests/fakes/processes.js';
import type { CommandTarget } from '../config/model.js';
import type { ProcessRequest } from '../runs/ports.js';
import { type DeployPorts, deploy, healthAddress, outputUrl } from './deploy.js';

type Answer = Parameters<typeof fakeProcesses>[0];

/** A deployment where commands answer by a function, and waiting moves the clock. */
function bench(options: {
  readonly command?: Partial<CommandTarget>;
  readonly answer?: Answer;
  readonly probe?: DeployPorts['probe']['get'];
  readonly output?: string;
}) {
  const clock = handClock();
  const cancelling = new AbortController();
  const processes = fakeProcesses(options.answer ?? (() => ({})));
  const waits: number[] = [];
  const lines: string[] = [];
  const run = () =>
    deploy(
      {
        model: 'income',
        version: '1.1.0',
        target: 'prod',
        command: { run: 'deploy', timeout: 600, ...options.command },
        folder: '/repo',
        artifacts: '/tmp/artifacts',
        outputFile: '/tmp/output',
        previous: '1.0.0',
      },
      {
        processes,
        clock,
        probe: { get: options.probe ?? (async () => ({ healthy: true, detail: 'answered 200' })) },
        wait: async (seconds) => {
          waits.push(seconds);
          clock.advance(seconds);
        },
        output: async () => options.output ?? '',
        onLine: (line) => lines.push(line),
      },
      cancelling.signal,
    );
  const commands = () => processes.requests.map((request: ProcessRequest) => request.command);
  return { run, clock, cancelling, processes, commands, waits, lines };
}

const exits =
  (codes: Readonly<Record<string, number>>): Answer =>
  ({ command }) => ({
    exitCode: codes[command] ?? 0,
    lines: [`line of ${command}`],
  });

describe('deploy', () => {
  it('runs the command with what it needs to know, and tells the url', async () => {
    const { run, processes, lines } = bench({
      answer: exits({}),
      output: 'url=https://a.test/\nother=1\nurl=https://b.test/app',
    });
    const result = await run();
    expect(result).toMatchObject({ status: 'succeeded', reason: null, url: 'https://b.test/app' });
    expect(processes.requests[0]).toMatchObject({ cwd: '/repo', timeoutSeconds: 600 });
    expect(processes.requests[0]?.env).toEqual({
      ASSAY_MODEL: 'income',
      ASSAY_VERSION: '1.1.0',
      ASSAY_TARGET: 'prod',
      ASSAY_ARTIFACTS: '/tmp/artifacts',
      ASSAY_PREVIOUS_VERSION: '1.0.0',
      ASSAY_OUTPUT: '/tmp/output',
      ASSAY_URL: '',
    });
    expect(lines).toEqual(['line of deploy']);
  });

  it('undoes when the command fails, and does not ask for health', async () => {
    const { run, commands } = bench({
      command: { undo: 'undo', health: { run: 'health', timeout: 10, every: 1 } },
      answer: exits({ deploy: 3 }),
    });
    const result = await run();
    expect(result).toMatchObject({ status: 'undone', reason: 'deploy failed: exit code 3; undone' });
    expect(result.steps.map(({ step, ok, tail }) => [step, ok, tail])).toEqual([
      ['deploy', false, ['line of deploy']],
      ['undo', true, ['line of undo']],
    ]);
    expect(commands()).toEqual(['deploy', 'undo']);
  });

  it('is failed when there is no undo, and when undoing fails', async () => {
    const without = await bench({ answer: exits({ deploy: 1 }) }).run();
    expect(without).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('there is no undo command'),
    });
    const broken = await bench({ command: { undo: 'undo' }, answer: exits({ deploy: 1, undo: 2 }) }).run();
    expect(broken).toMatchObject({
      status: 'failed',
      reason: 'deploy failed: exit code 1; undo failed: exit code 2',
    });
  });

  it.each([
    [{ outcome: 'timeout', exitCode: null }, 'stopped after 10 min'],
    [{ outcome: 'not-started', exitCode: null }, 'it could not be started'],
    [{ exitCode: null, killedBy: 'SIGKILL' }, 'killed by SIGKILL'],
  ] as const)('says why: %j', async (answer, detail) => {
    const result = await bench({ answer: () => answer }).run();
    expect(result.steps[0]).toMatchObject({ ok: false, detail });
  });

  it('asks for health until it is well', async () => {
    let asked = 0;
    const { run, waits } = bench({
      command: { health: { run: 'health', timeout: 60, every: 2 } },
      answer: ({ command }) => {
        asked += command === 'health' ? 1 : 0;
        return { exitCode: command === 'health' && asked < 3 ? 1 : 0 };
      },
    });
    const result = await run();
    expect(result.status).toBe('succeeded');
    expect(result.steps[1]).toMatchObject({
      step: 'health',
      ok: true,
      seconds: 4,
      detail: 'healthy after 3 checks',
    });
    expect(waits).toEqual([2, 2]);
  });

  it('gives up when the time is over, undoes, and keeps the last answer', async () => {
    const { run, clock } = bench({
      command: { undo: 'undo', health: { url: '/health', timeout: 5, every: 2 } },
      output: 'url=http://127.0.0.1:8080/',
      probe: async (url) => ({ healthy: false, detail: `answered 503 at ${url}` }),
    });
    const result = await run();
    expect(result.status).toBe('undone');
    expect(result.reason).toBe(
      'health failed: not healthy within 5 s (3 checks, the last: answered 503 at http://127.0.0.1:8080/health); undone',
    );
    expect(clock.monotonic()).toBe(5);
  });

  it('never waits longer than the time there is, and always asks at least once', async () => {
    const limits: number[] = [];
    const { run } = bench({
      command: { health: { url: 'http://a.test/', timeout: 3, every: 60 } },
      probe: async (_url, { timeoutSeconds }) => {
        limits.push(timeoutSeconds);
        return { healthy: false, detail: 'no' };
      },
    });
    await run();
    expect(limits).toEqual([3]);
  });

  it('needs both health checks when both are given', async () => {
    const health = { run: 'health', url: 'http://a.test/', timeout: 1, every: 1 };
    const sick = async () => ({ healthy: false, detail: 'answered 500' });
    expect((await bench({ command: { health }, probe: sick }).run()).status).toBe('failed');
    expect((await bench({ command: { health }, answer: exits({ health: 1 }) }).run()).status).toBe('failed');
    expect((await bench({ command: { health } }).run()).status).toBe('succeeded');
  });

  it('says that a path needs the url of the deployment', async () => {
    const result = await bench({ command: { health: { url: '/health', timeout: 1, every: 1 } } }).run();
    expect(result.reason).toContain('wrote no url= to $ASSAY_OUTPUT');
  });

  it('cancelled during the command: undo still runs, and is not cancelled itself', async () => {
    const { run, cancelling, commands } = bench({
      command: { undo: 'undo' },
      answer: ({ command }, cancel) => {
        if (command === 'undo') return { exitCode: cancel.aborted ? 1 : 0 };
        cancelling.abort();
        return { outcome: 'cancelled', exitCode: null };
      },
    });
    expect(await run()).toMatchObject({ status: 'cancelled', reason: 'interrupted; undone', url: null });
    expect(commands()).toEqual(['deploy', 'undo']);
  });

  it('cancelled during the health check: undone, whatever the last answer was', async () => {
    const { run, cancelling } = bench({
      command: { undo: 'undo', health: { url: 'http://a.test/', timeout: 60, every: 2 } },
      probe: async () => {
        cancelling.abort();
        return { healthy: false, detail: 'no' };
      },
    });
    const result = await run();
    expect(result.status).toBe('cancelled');
    expect(result.steps.map(({ step, detail }) => [step, detail])).toEqual([
      ['deploy', 'exit code 0'],
      ['health', 'interrupted'],
      ['undo', 'exit code 0'],
    ]);
  });
});

describe('addresses', () => {
  it.each([
    ['', null],
    ['url=', null],
    ['url=javascript:alert(1)', null],
    ['url=nonsense', null],
    [' url=https://a.test', null],
    ['url= https://a.test/x \r\n', 'https://a.test/x'],
    [`url=https://a.test/${'x'.repeat(3000)}`, null],
  ])('of the output %j', (text, expected) => expect(outputUrl(text)).toBe(expected));

  it.each([
    ['/health', 'https://a.test/app/', 'https://a.test/health'],
    ['health', 'https://a.test/app/', 'https://a.test/app/health'],
    ['http://b.test/', 'https://a.test/', 'http://b.test/'],
    ['http://b.test/', null, 'http://b.test/'],
    ['/health', null, undefined],
    ['file:///etc/passwd', null, undefined],
  ])('of the health check %j on %j', (health, deployed, expected) => {
    expect(healthAddress(health, deployed)).toBe(expected);
  });
});
