import { z } from 'zod';
import type { Annotation, Check, Checks } from '../../report/ports.js';
import type { GitHubClient, Parameters } from './client.js';
import { GitHubError } from './failure.js';

/** Annotations GitHub takes in one request; more are added by further ones. */
const PER_REQUEST = 50;
/** Of one check: what no reader reads any more. */
const MOST_ANNOTATIONS = 100;

const checkRun = z.object({
  id: z.number(),
  html_url: z.string().nullable(),
  external_id: z.string().nullable().optional(),
});
type CheckRun = z.infer<typeof checkRun>;

/** Check runs: GitHub shows the newest of each name. */
export function githubChecks(client: GitHubClient): Checks {
  return {
    publish: async (check) => {
      const annotations = check.annotations.slice(0, MOST_ANNOTATIONS).map(annotationOf);
      const made = await create(client, check, annotations.slice(0, PER_REQUEST));
      for (let from = PER_REQUEST; from < annotations.length; from += PER_REQUEST) {
        await client.call(
          'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}',
          {
            check_run_id: made.id,
            output: { ...outputOf(check), annotations: annotations.slice(from, from + PER_REQUEST) },
          },
          checkRun,
        );
      }
      return { url: made.html_url };
    },
  };
}

async function create(
  client: GitHubClient,
  check: Check,
  annotations: readonly ReturnType<typeof annotationOf>[],
): Promise<CheckRun> {
  const parameters = {
    name: check.name,
    head_sha: check.commit,
    external_id: check.id,
    status: 'completed',
    conclusion: check.conclusion,
    ...(check.url === null ? {} : { details_url: check.url }),
    output: { ...outputOf(check), ...(annotations.length > 0 ? { annotations: [...annotations] } : {}) },
  } as Parameters<'POST /repos/{owner}/{repo}/check-runs'>;
  const post = () => client.call('POST /repos/{owner}/{repo}/check-runs', parameters, checkRun);
  try {
    return await post();
  } catch (error) {
    if (!(error instanceof GitHubError) || !error.mayHaveHappened) throw error;
    return (await made(client, check)) ?? (await post());
  }
}

/** The check run that a request without an answer made after all. */
async function made(client: GitHubClient, check: Check): Promise<CheckRun | undefined> {
  const { check_runs: found } = await client.call(
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    { ref: check.commit, check_name: check.name, per_page: 100 },
    z.object({ check_runs: z.array(checkRun) }),
  );
  return found.find((one) => one.external_id === check.id);
}

function outputOf(check: Check): { readonly title: string; readonly summary: string } {
  return { title: check.title, summary: check.summary };
}

function annotationOf(annotation: Annotation) {
  return {
    path: annotation.path,
    start_line: annotation.line,
    end_line: annotation.line,
    annotation_level: annotation.level,
    title: annotation.title,
    message: annotation.message,
  };
}
