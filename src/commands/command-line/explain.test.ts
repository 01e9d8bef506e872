import { expect, test } from 'vitest';
import { Interrupted, OutsideError, UserError } from '../../errors.js';
import { openTerminal } from '../../platform/terminal/terminal.js';
import type { World } from '../../world.js';
import { explain } from './explain.js';

function told(error: unknown, env: Record<string, string> = {}) {
  let written = '';
  const stream = {
    write: (text: string) => {
      written += text;
    },
  };
  const terminal = openTerminal({ stream, env, cwd: '/repo', seconds: () => 0 });
  const world: World = {
    version: '0.0.0',
    cwd: '/repo',
    env,
    terminal,
    clock: { now: () => new Date(0), monotonic: () => 0 },
    randomness: { bytes: (length) => new Uint8Array(length) },
    runner: {
      kind: 'local',
      actor: 'ada',
      trigger: { event: 'local', url: null, attempt: 1 },
      pullRequest: null,
      defaultBranch: null,
    },
    cancel: new AbortController().signal,
  };
  const code = explain(error, world);
  return { code, written };
}

test('wrong input: place, message, excerpt and how to mend it, without a stack', () => {
  const error = new UserError('unknown key "modles"', {
    location: { file: 'assay.yml', line: 2, column: 1 },
    excerpt: '2 | modles: {}\n  | ^^^^^^',
    mend: 'did you mean "models"?',
  });
  expect(told(error)).toEqual({
    code: 2,
    written:
      'error: assay.yml:2:1: unknown key "modles"\n2 | modles: {}\n  | ^^^^^^\n  did you mean "models"?\n',
  });
});

test('on GitHub the same is an annotation beside the line', () => {
  const error = new UserError('100 % wrong', { location: { file: 'assay.yml', line: 2 }, mend: 'a\nb' });
  const { written } = told(error, { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: '/repo' });
  expect(written).toBe('::error file=assay.yml,line=2::assay.yml:2: 100 %25 wrong%0A  a%0A  b\n');
});

test('the outside world: what failed and what resumes it', () => {
  const error = new OutsideError('the push was refused 5 times', {
    mend: 'the run is saved; resume: git push',
  });
  expect(told(error)).toEqual({
    code: 3,
    written: 'error: the push was refused 5 times\n  the run is saved; resume: git push\n',
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s is %i', (signal, code) => {
  expect(told(new Interrupted(signal))).toEqual({ code, written: `error: interrupted by ${signal}\n` });
});

test('a bug: one line, and the stack with its causes only when asked for', () => {
  const bug = new Error('outer', { cause: new TypeError('inner') });
  const plain = told(bug);
  expect(plain.code).toBe(70);
  expect(plain.written).toContain('this is a bug in Assay: outer');
  expect(plain.written).not.toContain('explain.test');
  const debug = told(bug, { ASSAY_DEBUG: '1' });
  expect(debug.written).toMatch(/Error: outer\n.*explain\.test\.ts/);
  expect(debug.written).toContain('caused by TypeError: inner');
});

test('on GitHub the stack is folded away', () => {
  const { written } = told(new Error('x'), { GITHUB_ACTIONS: 'true' });
  expect(written).toMatch(/::group::details for a bug report\nError: x\n[\s\S]*\n::endgroup::\n$/);
});

test('several errors are each told; the gravest gives the code', () => {
  const { code, written } = told(new AggregateError([new OutsideError('network'), new UserError('typo')]));
  expect(code).toBe(3);
  expect(written).toBe('error: network\nerror: typo\n');
});

test.each([[undefined], [null], ['text'], [Object.create(null)], [new AggregateError([])]])(
  'whatever is thrown has an explanation: %s',
  (thrown) => {
    expect(told(thrown).code).toBe(70);
  },
);

test('a chain of causes that bites its tail ends', () => {
  const error = new Error('loop');
  error.cause = error;
  expect(told(error, { ASSAY_DEBUG: '1' }).written.match(/caused by/g)).toHaveLength(9);
});
