import { z } from 'zod';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

/**
 * The merge base of two commits (full ids) as GitHub knows it; for clones that have no history. Undefined when they have
 * none, or it cannot be asked: git then fetches what it takes to find out.
 */
export async function mergeBaseOf(
  client: GitHubClient,
  of: { readonly base: string; readonly head: string },
): Promise<string | undefined> {
  try {
    const { merge_base_commit: found } = await client.call(
      'GET /repos/{owner}/{repo}/compare/{basehead}',
      // The first page holds the changed files, megabytes of them; what is asked for stands on every page.
      { basehead: `${of.base}...${of.head}`, per_page: 1, page: 2 },
      z.object({ merge_base_commit: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) }),
    );
    return found.sha;
  } catch (error) {
    if (error instanceof GitHubError) return undefined;
    throw error;
  }
}
