import { z } from 'zod';
import { OutsideError, UserError } from '../../errors.js';
import { shortCommit } from '../../format.js';
import type { Verified } from '../../report/bundle.js';
import { terminalText } from '../../report/escape.js';
import { fileFromZip } from './archive.js';
import type { GitHubClient } from './client.js';

/** What the API knows of the job whose report is published: the only source that is believed. */

const runAnswer = z.object({
  id: z.number(),
  head_sha: z.string(),
  head_branch: z.string().nullable(),
  event: z.string(),
  html_url: z.string(),
  head_repository: z.object({ full_name: z.string(), owner: z.object({ login: z.string() }) }).nullable(),
});
const pulls = z.array(
  z.object({
    number: z.number(),
    head: z.object({ sha: z.string(), repo: z.object({ full_name: z.string() }).nullable() }),
  }),
);

/**
 * Finds the pull request of a workflow run by where its head is, since GitHub names none for forks. `claimed` only chooses
 * among several of the same branch. Throws UserError when the run was of no open pull request.
 */
export async function verifyRun(
  client: GitHubClient,
  run: number,
  claimed: number,
): Promise<Verified & { readonly url: string }> {
  const found = await client.call(
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
    { run_id: run },
    runAnswer,
  );
  if (found.event !== 'pull_request') {
    throw new UserError(
      `workflow run ${run} was started by ${terminalText(found.event, 40)}, not by pull_request`,
      {
        mend: 'let the publishing workflow follow the one that measures pull requests',
      },
    );
  }
  const { head_repository: repository, head_branch: branch } = found;
  if (!repository || branch === null) {
    throw new UserError(`the fork of workflow run ${run} is gone, so its pull request cannot be told`);
  }
  const open = await client.call(
    'GET /repos/{owner}/{repo}/pulls',
    { head: `${repository.owner.login}:${branch}`, state: 'open', per_page: 100 },
    pulls,
  );
  const ofFork = open.filter((pull) => pull.head.repo?.full_name === repository.full_name);
  const pull = ofFork.find((one) => one.number === claimed) ?? ofFork[0];
  if (!pull) {
    throw new UserError(`no open pull request comes from the branch of workflow run ${run}`, {
      mend: `it was merged or closed meanwhile, at ${shortCommit(found.head_sha)}: nothing to do`,
    });
  }
  return { pullRequest: pull.number, commit: found.head_sha, head: pull.head.sha, url: found.html_url };
}

const artifacts = z.object({
  artifacts: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      size_in_bytes: z.number(),
      expired: z.boolean(),
      workflow_run: z.object({ id: z.number().optional() }).nullish(),
    }),
  ),
});

/**
 * One file of an artifact of that very run, in memory: nothing of it is written to disk, and both the packed and the
 * unpacked size are bounded while they arrive. Undefined when there is no such artifact. Throws UserError when it is not what
 * it should be.
 */
export async function fileOfArtifact(
  client: GitHubClient,
  wanted: {
    readonly run: number;
    readonly artifact: string;
    readonly file: string;
    readonly maximumBytes: number;
  },
): Promise<string | undefined> {
  const { run, artifact, file, maximumBytes } = wanted;
  const { artifacts: found } = await client.call(
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts',
    { run_id: run, name: artifact, per_page: 100 },
    artifacts,
  );
  const one = found.find((each) => each.name === artifact && each.workflow_run?.id === run && !each.expired);
  if (!one) return undefined;
  if (one.size_in_bytes > maximumBytes) {
    throw new UserError(
      `the artifact is refused: it has ${one.size_in_bytes} bytes, more than ${maximumBytes}`,
    );
  }
  const response = await client.stream({
    method: 'GET',
    url: `${client.baseUrl}/repos/${client.owner}/${client.repo}/actions/artifacts/${one.id}/zip`,
    route: '/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/zip',
    timeoutSeconds: 120,
  });
  return fileFromZip(await bytesOf(response, maximumBytes), { file, maximumBytes });
}

async function bytesOf(response: Response, maximumBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maximumBytes) {
        throw new UserError(`the artifact is refused: it has more than ${maximumBytes} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new OutsideError('the download of the artifact broke off', { mend: 're-run this job', cause });
  }
  return Buffer.concat(chunks);
}
