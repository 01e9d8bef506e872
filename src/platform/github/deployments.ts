import { z } from 'zod';
import type { Deployments } from '../../deploy/ports.js';
import { cut, plainText } from '../../report/escape.js';
import { LIMITS } from '../../report/limits.js';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

const made = z.object({ id: z.number(), sha: z.string(), description: z.string().nullable() });

/**
 * GitHub Deployments: the list of environments beside the code. `required_contexts: []` and `auto_merge: false`, for
 * otherwise GitHub waits for checks, or merges the default branch into what is deployed.
 */
export function githubDeployments(client: GitHubClient, run: { readonly url: string | null }): Deployments {
  return {
    create: async ({ environment, commit, description }) => {
      const fields = {
        ref: commit ?? 'HEAD',
        environment,
        description: short(description),
        required_contexts: [],
        auto_merge: false,
        production_environment: /^prod/i.test(environment),
      };
      const post = () => client.call('POST /repos/{owner}/{repo}/deployments', fields, made);
      try {
        return { id: String((await post()).id) };
      } catch (error) {
        if (!(error instanceof GitHubError) || !error.mayHaveHappened) throw error;
        // No answer is no proof that it was not made.
        const [newest] = await client.call(
          'GET /repos/{owner}/{repo}/deployments',
          { environment, per_page: 1 },
          z.array(made),
        );
        const isOurs = newest?.sha === commit && newest?.description === fields.description;
        return { id: String(isOurs && newest ? newest.id : (await post()).id) };
      }
    },
    update: async (id, status, { description, url }) => {
      await client.call(
        'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
        {
          deployment_id: Number(id),
          state: status,
          description: short(description),
          ...(url !== null && /^https?:\/\//.test(url) && URL.canParse(url) ? { environment_url: url } : {}),
          ...(run.url === null ? {} : { log_url: run.url }),
        },
        z.object({ state: z.string() }),
        // The same status twice in a list harms nobody.
        { repeatable: true },
      );
    },
  };
}

function short(text: string): string {
  return cut(plainText(text), LIMITS.statusDescription.max);
}
