import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { publish } from '../src/commands/report/publish.js';
import { outcomeOf } from '../src/commands/report.js';
import { githubChecks } from '../src/platform/github/checks.js';
import { openGitHub } from '../src/platform/github/client.js';
import { githubComments } from '../src/platform/github/comments.js';
import { type Scripted, scriptedServer } from './beds/http-script.js';
import { SCENES } from './fakes/report-scenes.js';
import { testWorld } from './fakes/world.js';

/** A report meets every way in which the API fails: it says what to do, keeps what was measured, and fails only when asked to. */

const said = (status: number, message: string, headers: Record<string, string> = {}): Scripted => ({
  status,
  headers,
  body: { message },
});

const FAILURES: Readonly<Record<string, readonly [Scripted, RegExp]>> = {
  '401: the token has expired': [said(401, 'Bad credentials'), /leave `token` to its default/],
  "403: a fork's token": [
    said(403, 'Resource not accessible by integration', {
      'x-accepted-github-permissions': 'issues=write; pull_requests=write',
    }),
    /permissions: \{ issues: write \}.*fork/,
  ],
  '403: a permission that is missing': [
    said(403, 'Resource not accessible by integration', { 'x-accepted-github-permissions': 'checks=write' }),
    /permissions: \{ checks: write \}/,
  ],
  '403: single sign-on': [
    said(403, 'Resource protected by organization SAML enforcement', {
      'x-github-sso': 'required; url=https://github.com/orgs/x/sso',
    }),
    /Configure SSO/,
  ],
  '403: a list of addresses': [
    said(
      403,
      'Although you appear to have the correct authorization credentials, the organization has an IP allow list enabled',
    ),
    /an owner of the organisation/,
  ],
  '403: the primary limit': [
    said(403, 'API rate limit exceeded', {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-limit': '1000',
      'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3000),
    }),
    /starts anew in (49|50) min/,
  ],
  '403: the secondary limit': [
    said(403, 'You have exceeded a secondary rate limit', { 'retry-after': '600' }),
    /in 600 s/,
  ],
  '404: not seen': [said(404, 'Not Found'), /permissions: \{/],
  '409: changed meanwhile': [said(409, 'Conflict'), /run the same command again/],
  '410: switched off': [said(410, 'Issues are disabled for this repo'), /Features/],
  '422: refused': [said(422, 'Validation Failed'), /the field/],
  '429: too many': [said(429, 'Too many requests', { 'retry-after': '900' }), /limit|wait/],
  '500: broken': [{ status: 500, body: 'oops', headers: { 'content-type': 'text/plain' } }, /githubstatus/],
  '502: a proxy': [{ status: 502, body: '<html>', headers: { 'content-type': 'text/html' } }, /githubstatus/],
  '503: away': [said(503, 'Service unavailable'), /run the same command again/],
  'no answer in time': ['silent', /network of this machine/],
  'a closed connection': ['hang up', /network of this machine/],
  'an answer that was cut off': [
    { status: 200, body: { data: 'x'.repeat(5000) }, cut: true },
    /network of this machine/,
  ],
  'an answer of somebody else': [
    { status: 200, body: '<html>Please log in</html>', headers: { 'content-type': 'text/html' } },
    /a proxy between/,
  ],
};

let close: (() => Promise<void>) | undefined;
let cancel: AbortController;
beforeEach(() => {
  cancel = new AbortController();
});
afterEach(async () => {
  cancel.abort();
  await close?.();
});

describe.each(Object.keys(FAILURES))('%s', (name) => {
  test('is told with the next step, and undoes nothing', async () => {
    const [answer, next] = FAILURES[name] ?? [];
    const facts = SCENES.better?.();
    if (!answer || !next || !facts) throw new Error('no such case');
    const server = await scriptedServer([answer]);
    close = server.close;
    const world = testWorld({ cwd: '/' });
    const client = await openGitHub({
      env: { GITHUB_API_URL: server.url, GITHUB_REPOSITORY: 'team/models', GITHUB_TOKEN: 'ghs_0123456789' },
      version: '1',
      now: Date.now,
      cancel: cancel.signal,
      warn: () => {},
      secondMs: 1,
      attemptSeconds: 0.2,
    });
    const told = await publish(
      {
        facts,
        body: 'The report.',
        pullRequest: 7,
        mode: 'update',
        checks: {
          hold: 'action_required',
          folder: '',
          places: {
            rule: () => undefined,
            metricFile: () => undefined,
            check: () => undefined,
            dataLine: () => undefined,
          },
          unverified: false,
        },
      },
      { world, comments: githubComments(client), checks: githubChecks(client) },
    );
    // Comment and check each were tried, and each says what failed and what to do.
    expect(told).toMatchObject({ commentUrl: null, checkUrls: [] });
    expect(told.failures).toHaveLength(2);
    for (const failure of told.failures) expect(failure.mend).toBeTruthy();
    const warnings = world.lines.join('\n');
    expect(warnings).toContain('the comment was not posted');
    expect(warnings).toContain('the check assay/income was not made');
    expect(warnings).toMatch(next);
    const outcome = { facts, text: 'The report.', file: 'comment.md', ...told, bundle: undefined };
    const kept = await outcomeOf({ ...outcome, failOn: [] });
    expect(kept).toMatchObject({ exit: 0, text: 'The report.' });
    expect(kept.summary).toContain('⚠️');
    expect((await outcomeOf({ ...outcome, failOn: ['not-posted'] })).exit).toBe(1);
    // A write whose fate is unknown is not sent a second time without a look in between.
    const writes = server.seen
      .filter(({ path }) => path !== '/graphql')
      .map(({ method, path }) => `${method} ${path}`);
    for (const [at, write] of writes.entries())
      if (write.startsWith('POST')) expect(writes[at + 1]).not.toBe(write);
  });
});
