import { z } from 'zod';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

/** What answering a comment needs of GitHub: may this person, a reaction, a reply, a run to repeat. */

export type Reaction = '+1' | '-1' | 'eyes' | 'confused' | 'rocket';

/** Looked up, never taken from the event: write (also maintain) and admin may. */
export async function mayWrite(client: GitHubClient, login: string): Promise<boolean> {
  try {
    const { permission } = await client.call(
      'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
      { username: login },
      z.object({ permission: z.string() }),
    );
    return permission === 'admin' || permission === 'write';
  } catch (error) {
    // Who is no collaborator of a private repository is not found.
    if (error instanceof GitHubError && error.kind === 'not-found') return false;
    throw error;
  }
}

/** A sign that nobody needs: when it cannot be given, the answer still is. */
export async function react(client: GitHubClient, comment: number, content: Reaction): Promise<void> {
  try {
    await client.call(
      'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
      { comment_id: comment, content },
      z.unknown(),
      { repeatable: true },
    );
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
  }
}

export async function reply(
  client: GitHubClient,
  issue: number,
  body: string,
): Promise<{ readonly url: string }> {
  const made = await client.call(
    'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
    { issue_number: issue, body },
    z.object({ html_url: z.string() }),
  );
  return { url: made.html_url };
}

export async function headOfPullRequest(client: GitHubClient, number: number): Promise<string> {
  const { head } = await client.call(
    'GET /repos/{owner}/{repo}/pulls/{pull_number}',
    { pull_number: number },
    z.object({ head: z.object({ sha: z.string() }) }),
  );
  return head.sha;
}

const runs = z.object({
  workflow_runs: z.array(
    z.object({ id: z.number(), head_sha: z.string(), status: z.string().nullable(), html_url: z.string() }),
  ),
});

/**
 * Starts the newest run of the workflow for that commit again, which keeps its event: the comment, the check and the
 * rights are those of the pull request. Undefined when there is none; `running` when it has not ended yet.
 */
export async function runAgain(
  client: GitHubClient,
  wanted: { readonly workflow: string; readonly commit: string },
): Promise<{ readonly url: string; readonly running: boolean } | undefined> {
  const { workflow_runs: found } = await client.call(
    'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs',
    { workflow_id: wanted.workflow, head_sha: wanted.commit, event: 'pull_request', per_page: 1 },
    runs,
  );
  const [newest] = found;
  if (newest?.head_sha !== wanted.commit) return undefined;
  if (newest.status !== 'completed') return { url: newest.html_url, running: true };
  await client.call(
    'POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun',
    { run_id: newest.id },
    z.unknown(),
  );
  return { url: newest.html_url, running: false };
}
