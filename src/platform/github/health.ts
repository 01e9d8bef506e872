import { z } from 'zod';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

/** What can be learned of a repository's settings without changing anything. */

export type Granted = 'granted' | 'missing' | 'unknown';

/**
 * Asks with requests that have nothing in them: GitHub looks at the permission first (403) and at the content then
 * (422), so nothing is ever made. Comments can be probed on a pull request only.
 * @param wanted.names of permissions, as workflows write them
 */
export async function probePermissions(
  client: GitHubClient,
  wanted: { readonly names: readonly string[]; readonly pullRequest: number | null },
): Promise<Readonly<Record<string, Granted>>> {
  const found: Record<string, Granted> = {};
  for (const name of wanted.names) found[name] = await probe(client, name, wanted.pullRequest);
  return found;
}

async function probe(client: GitHubClient, name: string, pullRequest: number | null): Promise<Granted> {
  // The routes' own types do not allow an empty request, which is the point of it.
  const empty = {} as never;
  switch (name) {
    case 'contents':
      return refusal(client.call('POST /repos/{owner}/{repo}/git/refs', empty, z.unknown()));
    case 'checks':
      return refusal(client.call('POST /repos/{owner}/{repo}/check-runs', empty, z.unknown()));
    case 'deployments':
      return refusal(client.call('POST /repos/{owner}/{repo}/deployments', empty, z.unknown()));
    case 'pull-requests':
      if (pullRequest === null) return 'unknown';
      return refusal(
        client.call(
          'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
          { issue_number: pullRequest } as never,
          z.unknown(),
        ),
      );
    default:
      return 'unknown';
  }
}

async function refusal(call: Promise<unknown>): Promise<Granted> {
  try {
    await call;
    return 'granted';
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    if (error.kind === 'permission') return 'missing';
    if (error.kind === 'invalid' || error.kind === 'not-found') return 'granted';
    throw error;
  }
}

/** Rules that stop a plain push of a new commit, in words; empty when nothing does. */
const OBSTACLES: Readonly<Record<string, string>> = {
  update: 'nobody may push to it',
  creation: 'nobody may create it',
  pull_request: 'changes need a pull request',
  required_status_checks: 'commits need status checks',
  required_signatures: 'commits need signatures',
  required_deployments: 'commits need deployments',
  merge_queue: 'changes go through a merge queue',
  commit_message_pattern: 'commit messages must match a pattern',
  commit_author_email_pattern: 'addresses of authors must match a pattern',
  file_path_restriction: 'some paths may not be pushed',
};

export async function protectionOf(client: GitHubClient, branch: string): Promise<readonly string[]> {
  const rules = await client.call(
    'GET /repos/{owner}/{repo}/rules/branches/{branch}',
    { branch },
    z.array(z.object({ type: z.string() })),
  );
  const isProtected = await classicProtection(client, branch);
  const byRules = [...new Set(rules.map(({ type }) => type))].flatMap((type) => OBSTACLES[type] ?? []);
  return [...byRules, ...(isProtected && byRules.length === 0 ? ['a branch protection rule covers it'] : [])];
}

async function classicProtection(client: GitHubClient, branch: string): Promise<boolean> {
  try {
    const found = await client.call(
      'GET /repos/{owner}/{repo}/branches/{branch}',
      { branch },
      z.object({
        protected: z.boolean(),
        protection: z.object({ enabled: z.boolean().optional() }).optional(),
      }),
    );
    return found.protection?.enabled ?? found.protected;
  } catch (error) {
    // Not there yet: the first record makes it.
    if (error instanceof GitHubError && error.kind === 'not-found') return false;
    throw error;
  }
}

/** Paths of workflows that GitHub switched off for want of activity. */
export async function sleepingWorkflows(client: GitHubClient): Promise<readonly string[]> {
  const item = z.object({ path: z.string(), state: z.string() });
  const sleeping: string[] = [];
  const list = { item, key: 'workflows' } as const;
  for await (const { items } of client.pages('GET /repos/{owner}/{repo}/actions/workflows', {}, list)) {
    sleeping.push(...items.filter((one) => one.state === 'disabled_inactivity').map((one) => one.path));
  }
  return sleeping;
}
