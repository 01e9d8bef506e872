import { describe, expect, test } from 'vitest';
import { firstComplaint, withoutCredentials } from './git.js';
import { remoteProblem, tokenHeader } from './remote.js';

describe('the token', () => {
  const github = 'https://github.com/ada/income.git';
  const basic = (token: string) =>
    `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;

  test("GITHUB_TOKEN goes to GitHub's server only, ASSAY_TOKEN to the remote wherever it is", () => {
    const env = { GITHUB_TOKEN: 'ghs_1' };
    expect(tokenHeader(env, github)).toEqual(['http.https://github.com/.extraheader', basic('ghs_1')]);
    expect(tokenHeader(env, 'https://github.com.evil.example/ada/income')).toBeUndefined();
    expect(tokenHeader(env, 'http://github.com/ada/income')).toBeUndefined();
    expect(tokenHeader({ ...env, ASSAY_TOKEN: 'own' }, 'https://git.example/x')?.[1]).toBe(basic('own'));
    const enterprise = { ...env, GITHUB_SERVER_URL: 'https://ghe.example' };
    expect(tokenHeader(enterprise, 'https://ghe.example/a/b')?.[0]).toBe(
      'http.https://ghe.example/.extraheader',
    );
    expect(tokenHeader(enterprise, github)).toBeUndefined();
  });

  test('never for ssh, files, or an address with credentials of its own', () => {
    const env = { ASSAY_TOKEN: 'own', GITHUB_TOKEN: 'ghs_1' };
    for (const url of [
      'git@github.com:a/b.git',
      'ssh://git@github.com/a/b',
      '/srv/a.git',
      'file:///srv/a.git',
    ]) {
      expect(tokenHeader(env, url), url).toBeUndefined();
    }
    expect(tokenHeader(env, 'https://user:secret@github.com/a/b')).toBeUndefined();
    expect(tokenHeader({}, github)).toBeUndefined();
    expect(tokenHeader({ GITHUB_TOKEN: '' }, github)).toBeUndefined();
  });
});

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
