import { expect, test } from 'vitest';
import type { Runner } from '../world.js';
import { occasionOf } from './auto.js';

function runner(event: string, rest: Partial<Runner> = {}): Runner {
  return {
    kind: 'github',
    actor: 'ada',
    trigger: { event, url: null, attempt: 1 },
    pullRequest: null,
    ref: null,
    defaultBranch: 'main',
    ...rest,
  };
}

const pullRequest = { number: 1, targetBranch: 'main', headCommit: null, fromFork: false };
const main = { kind: 'branch', name: 'main' } as const;

test.each([
  ['a pull request', runner('pull_request', { pullRequest }), 'candidate'],
  ['a merge queue', runner('merge_group', { pullRequest }), 'candidate'],
  ['a terminal', runner('local', { kind: 'local' }), 'candidate'],
  ['a push to main', runner('push', { ref: main }), 'merged'],
  ['a push where the default branch is unknown', runner('ci', { ref: main, defaultBranch: null }), 'merged'],
  ['a dispatch on a branch', runner('workflow_dispatch', { ref: { kind: 'branch', name: 'x' } }), 'merged'],
  ['a schedule', runner('schedule', { ref: main }), 'merged'],
])('%s is %s', (_, given, kind) => {
  expect(occasionOf(given).kind).toBe(kind);
});

test.each([
  ['the tag "v1"', runner('push', { ref: { kind: 'tag', name: 'v1' } })],
  ['the tag "v1"', runner('release', { ref: { kind: 'tag', name: 'v1' } })],
  ['the event "issues"', runner('issues', { ref: main })],
  ['the event "unknown"', runner('unknown')],
  [
    'a push to "topic", which is not the default branch',
    runner('push', { ref: { kind: 'branch', name: 'topic' } }),
  ],
])('nothing is done for %s, and that is said', (why, given) => {
  expect(occasionOf(given)).toMatchObject({ kind: 'none', why: expect.stringContaining(why) });
});
