import { z } from 'zod';
import type { GitHubClient } from './client.js';

/**
 * Starts a workflow by workflow_dispatch on the default branch. A release or a tag made with the token of a workflow
 * starts none by itself; this does. Throws GitHubError, among others when the workflow has no `workflow_dispatch`.
 */
export async function dispatchWorkflow(
  client: GitHubClient,
  wanted: {
    /** File name, such as deploy.yml. */
    readonly workflow: string;
    /** Null to look it up. */
    readonly branch: string | null;
    readonly inputs: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const branch = wanted.branch ?? (await defaultBranch(client));
  await client.call(
    'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
    { workflow_id: wanted.workflow, ref: branch, inputs: { ...wanted.inputs } },
    z.unknown(),
  );
}

async function defaultBranch(client: GitHubClient): Promise<string> {
  const answer = z.object({ default_branch: z.string() });
  return (await client.call('GET /repos/{owner}/{repo}', {}, answer)).default_branch;
}
