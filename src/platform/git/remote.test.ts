import { describe, expect, test } from 'vitest';
import { remoteName, tokenHeader } from './remote.js';
import type { GitSettings } from './settings.js';

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

describe('which remote', () => {
  const settings = (...all: (readonly [string, string])[]): GitSettings => ({
    all,
    value: (key) => all.findLast(([name]) => name === key)?.[1],
  });
  const remote = (name: string) => [`remote.${name}.url`, 'https://x.example/y'] as const;

  test('origin, the only one, or the one that is chosen; never a guess', () => {
    expect(remoteName(settings())).toBeUndefined();
    expect(remoteName(settings(remote('fork'), remote('origin')))).toBe('origin');
    expect(remoteName(settings(remote('up.stream')))).toBe('up.stream');
    expect(remoteName(settings(remote('a'), remote('b')))).toBeUndefined();
    expect(remoteName(settings(remote('a'), remote('b'), ['checkout.defaultremote', 'b']))).toBe('b');
    expect(remoteName(settings(remote('a'), remote('b'), ['checkout.defaultremote', 'c']))).toBeUndefined();
  });
});
