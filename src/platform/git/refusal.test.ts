import { describe, expect, test } from 'vitest';
import { firstComplaint, withoutCredentials } from './git.js';
import { refusal, remoteProblem } from './refusal.js';
import { retryAfterSeconds } from './retry-after.js';

describe('what git says', () => {
  const result = (stderr: string) => ({ code: 1, stdout: Buffer.alloc(0), stderr });

  test.each([
    ["fatal: couldn't find remote ref refs/heads/assay", 'absent'],
    [' ! [rejected]        abc -> assay (fetch first)', 'refused'],
    [' ! [remote rejected] abc -> assay (cannot lock ref)', 'refused'],
    // Digits of a commit are no status of HTTP.
    ["remote: error: cannot lock ref 'refs/heads/assay': is at a403401 but expected b401403", 'refused'],
    [' ! [remote rejected] abc -> assay (pre-receive hook declined)', 'denied'],
    ['remote: error: GH006: Protected branch update failed', 'denied'],
    ['remote: Permission to a/b.git denied to github-actions[bot].', 'denied'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 403", 'denied'],
    ["fatal: could not read Username for 'https://x': terminal prompts disabled", 'denied'],
    ["fatal: unable to access 'https://x/': Could not resolve host: x", 'unreachable'],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 502", 'unreachable'],
    ['fatal: the remote end hung up unexpectedly', 'unreachable'],
  ])('%s', (stderr, problem) => {
    expect(remoteProblem(result(stderr))).toBe(problem);
  });

  test('credentials in an address are never shown', () => {
    expect(firstComplaint("warning: x\nfatal: unable to access 'https://me:s3cret@x/y/'")).toBe(
      "unable to access 'https://***@x/y/'",
    );
    expect(withoutCredentials('see https://x.example/y@z')).toBe('see https://x.example/y@z');
  });
});

describe('a refusal names the reason and the next step', () => {
  const push = (stderr: string, stdout = '') =>
    refusal('push', { stdout: Buffer.from(stdout), stderr }, 'assay');

  test.each([
    [
      'remote: error: GH006: Protected branch update failed for refs/heads/assay.\nremote: error: Changes must be made through a pull request.\nTo https://x\nerror: failed to push some refs',
      '!\tabc:refs/heads/assay\t[remote rejected] (protected branch hook declined)',
      'git push failed: the server refused it (protected branch hook declined): GH006: Protected branch update failed for refs/heads/assay. / Changes must be made through a pull request.',
      /the branch assay is protected .* leave it out of the rule/,
    ],
    [
      'remote: no \u001b[31mrecords\u0007 today\u001b[0m\nerror: failed to push some refs',
      '!\tabc:refs/heads/assay\t[remote rejected] (pre-receive hook declined)',
      'git push failed: the server refused it (pre-receive hook declined): no records today',
      /a hook of the server decides about pushes to assay/,
    ],
    [
      "fatal: could not read Username for 'https://me:s3cret@x': terminal prompts disabled",
      '',
      "git push failed: could not read Username for 'https://***@x': terminal prompts disabled",
      /the token is missing, wrong or has expired/,
    ],
    [
      "fatal: '/srv/gone.git' does not appear to be a git repository",
      '',
      "git push failed: '/srv/gone.git' does not appear to be a git repository",
      /git remote set-url/,
    ],
    [
      'remote: fatal: write error: No space left on device\nerror: remote unpack failed',
      '',
      'git push failed: the server refused it: fatal: write error: No space left on device',
      /make room/,
    ],
    [
      'remote: Permission to a/b.git denied to github-actions[bot].\nfatal: unable to access',
      '',
      'git push failed: the server refused it: Permission to a/b.git denied to github-actions[bot].',
      /contents: write/,
    ],
  ])('%j', (stderr, stdout, message, mend) => {
    const error = push(stderr, stdout);
    expect(error.message).toBe(message);
    expect(error.mend).toMatch(mend);
  });
});

test('retry-after is seconds or a date', () => {
  const now = new Date('2026-11-25T12:00:00Z');
  expect(retryAfterSeconds('60', now)).toBe(60);
  expect(retryAfterSeconds('Wed, 25 Nov 2026 12:00:30 GMT', now)).toBe(30);
  expect(retryAfterSeconds('Wed, 25 Nov 2026 11:00:00 GMT', now)).toBe(0);
  expect(retryAfterSeconds('soon', now)).toBeUndefined();
  expect(retryAfterSeconds(undefined, now)).toBeUndefined();
});
