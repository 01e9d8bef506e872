import { describe, expect, test } from 'vitest';
import { openTerminal, quietTerminal, type TerminalOptions } from './terminal.js';

function terminal(options: { tty?: boolean; env?: TerminalOptions['env']; columns?: number } = {}) {
  let written = '';
  const clock = { seconds: 0 };
  const opened = openTerminal({
    stream: {
      isTTY: options.tty ?? false,
      columns: options.columns ?? 80,
      write: (text) => {
        written += text;
      },
    },
    env: options.env ?? {},
    cwd: '/repo/project',
    seconds: () => clock.seconds,
  });
  return { terminal: opened, clock, written: () => written };
}

const GITHUB = { GITHUB_ACTIONS: 'true', CI: 'true', GITHUB_WORKSPACE: '/repo' };

describe('colour', () => {
  test.each([
    [{ tty: true }, true],
    [{ tty: false }, false],
    [{ tty: true, env: { NO_COLOR: '1' } }, false],
    [{ tty: true, env: { NO_COLOR: '' } }, true],
    [{ tty: false, env: { FORCE_COLOR: '1' } }, true],
    [{ tty: true, env: { FORCE_COLOR: '0' } }, false],
    [{ tty: true, env: { TERM: 'dumb' } }, false],
  ])('%j: %s', (options, color) => {
    const { terminal: opened, written } = terminal(options);
    opened.error('no');
    expect(opened.color).toBe(color);
    expect(written()).toBe(color ? '\u001b[31merror:\u001b[0m no\n' : 'error: no\n');
  });
});

describe('text from outside', () => {
  test('loses its control sequences', () => {
    const { terminal: opened, written } = terminal();
    opened.info('a\u001b[31mred\u001b[0m\u0007 \u202eevil');
    opened.passthrough('\u001b]0;title\u0007epoch 1');
    for (const hidden of ['\u001b', '\u0007', '\u202e']) expect(written()).not.toContain(hidden);
    expect(written()).toContain('epoch 1');
  });

  test('is no command on GitHub', () => {
    const { terminal: opened, written } = terminal({ env: GITHUB });
    opened.passthrough('::set-env name=PATH::/evil');
    opened.info('::error::fake');
    opened.debug('##[add-path]/evil\n::endgroup::\n::error::fake');
    expect(written().match(/^::\S+/gm)).toEqual(['::group::details', '::endgroup::']);
    expect(written()).not.toContain('##[');
  });
});

describe('annotations on GitHub', () => {
  test('stand beside the line, in the file as the repository names it', () => {
    const { terminal: opened, written } = terminal({ env: GITHUB });
    opened.error('wrong unit\n  write 5 %', { file: 'assay.yml', line: 3, column: 7 });
    expect(written()).toBe('::error file=project/assay.yml,line=3,col=7::wrong unit%0A  write 5 %25\n');
  });

  test.each(['/etc/passwd', '../../other.yml'])('a file outside the repository is not named: %s', (file) => {
    const { terminal: opened, written } = terminal({ env: GITHUB });
    opened.warn('odd', { file, line: 1 });
    expect(written()).toBe('::warning::odd\n');
  });

  test('hostile names and messages stay inside the command', () => {
    const { terminal: opened, written } = terminal({ env: GITHUB });
    opened.error('x\n::set-output name=a::b', { file: 'a,line=9::b.yml', line: 1 });
    expect(written().trimEnd().split('\n')).toHaveLength(1);
    expect(written()).toMatch(/^::error file=project\/a%2Cline=9%3A%3Ab\.yml,line=1::x%0A/);
  });
});

describe('details of a bug', () => {
  test('are behind ASSAY_DEBUG', () => {
    const silent = terminal();
    silent.terminal.debug('stack');
    expect(silent.written()).toBe('');
    const loud = terminal({ env: { ASSAY_DEBUG: '1' } });
    loud.terminal.debug('stack\n at x');
    expect(loud.written()).toBe('stack\n at x\n');
  });
});

describe('progress', () => {
  test('without a terminal: one plain line every five seconds', () => {
    const { terminal: opened, clock, written } = terminal();
    const progress = opened.progress('rows');
    for (let second = 1; second <= 12; second++) {
      clock.seconds = second;
      progress.update(second * 100, 1200);
    }
    progress.end();
    expect(written()).toBe(
      'rows 41 % (500 of 1,200)\nrows 83 % (1,000 of 1,200)\nrows: done after 12 seconds\n',
    );
  });

  test('short work says nothing in a log', () => {
    const { terminal: opened, clock, written } = terminal();
    const progress = opened.progress('rows');
    clock.seconds = 2;
    progress.update(5, 10);
    progress.end();
    expect(written()).toBe('');
  });

  test('on a terminal: one bar, within the width, gone at the end, and not mixed with lines', () => {
    const { terminal: opened, clock, written } = terminal({ tty: true, columns: 30 });
    const progress = opened.progress('rows');
    progress.update(5, 10);
    opened.info('a remark');
    clock.seconds = 0.05;
    progress.update(6, 10);
    clock.seconds = 1;
    progress.update(10, 10);
    progress.end();
    const drawn = written().split('\r\u001b[K');
    expect(drawn[1]).toBe(`${'█'.repeat(12)}${'░'.repeat(12)} rows`);
    expect(drawn[2]).toBe('a remark\n');
    expect(drawn[3]).toMatch(/^█{24} rows$/);
    expect(drawn[4]).toBe('');
  });

  test('without a total it counts', () => {
    const { terminal: opened, clock, written } = terminal();
    const progress = opened.progress('reading');
    clock.seconds = 6;
    progress.update(12_000);
    expect(written()).toBe('reading 12,000\n');
  });
});

test('quiet leaves warnings and errors', () => {
  const { terminal: opened, written } = terminal();
  const quiet = quietTerminal(opened);
  quiet.info('no');
  quiet.passthrough('no');
  quiet.progress('no').update(1, 2);
  quiet.warn('careful');
  quiet.error('wrong');
  expect(written()).toBe('warning: careful\nerror: wrong\n');
});
