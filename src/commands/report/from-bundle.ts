import { lstat, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { shortCommit } from '../../format.js';
import type { GitHubClient } from '../../platform/github/client.js';
import { BUNDLE_FILE, MAXIMUM_BUNDLE_BYTES, parseBundle, verifiedFacts } from '../../report/bundle.js';
import type { ModelFacts } from '../../report/facts.js';
import type { CommentMode } from '../../report/ports.js';
import type { World } from '../../world.js';
import type { Outcome } from '../command-line/verb.js';
import { openGitHubOf } from '../project/host.js';
import { openProject, type Project } from '../project/project.js';
import { outcomeOf } from '../report.js';
import { projectFolder } from './facts.js';
import type { FailOn } from './fail-on.js';
import { sourcePlaces } from './places.js';
import { publish } from './publish.js';

/** The publishing half: runs on the default branch, with a token that may write, on data that nobody vouches for. */
export async function publishBundle(request: {
  readonly world: World;
  readonly config: string;
  readonly source: string;
  readonly failOn: readonly FailOn[];
  readonly modeOf: (project: Project) => CommentMode;
}): Promise<Outcome> {
  const { world, config, source, failOn, modeOf } = request;
  const run = world.runner.followedRun ?? null;
  if (run === null) {
    throw new UserError('--from-bundle belongs into a workflow that follows another one', {
      mend: 'start it by `on: workflow_run`, as the caller that `assay init` writes does; see docs/github.md',
    });
  }
  const client = await openGitHubOf(world);
  if (!client) {
    throw new UserError('there is no token to publish with', {
      mend: 'pass the input `token`, or set GITHUB_TOKEN',
    });
  }
  // The team's own file, of the default branch: how comments are posted is not for the bundle to say.
  const project = await openProject(world, config);
  const text = await read(source, { world, client, run });
  // A run of the repository itself has posted its report, and one that was stopped has none.
  if (text === undefined) {
    return nothingToPublish(
      `workflow run ${run} left no report to publish: it posted its own, or did not get that far`,
    );
  }
  const bundle = parseBundle(text);
  const { verifyRun } = await import('../../platform/github/fork-run.js');
  const known = await verifyRun(client, run, bundle.pull_request);
  // Whoever pushes twice in a row has done nothing wrong, and the job of the newer commit reports for itself.
  if (known.commit !== known.head) {
    return nothingToPublish(
      `pull request ${known.pullRequest} has moved on from ${shortCommit(known.commit)} to ${shortCommit(known.head)}: nothing is posted for the older one`,
    );
  }
  const verified = verifiedFacts(bundle, { ...known, version: world.version });
  const facts = {
    ...verified,
    models: await Promise.all(verified.models.map((model) => withTrend(model, { project, world }))),
    remark:
      'Measured by the job of a fork, with code of the pull request: Assay checked whose it is, not what it measured.',
  };
  const { reportBody } = await import('../../report/comment.js');
  const { LIMITS } = await import('../../report/limits.js');
  const { writeAtomically } = await import('../../platform/local/store.js');
  const body = reportBody(facts, LIMITS.comment);
  const file = join(project.store, 'reports', 'comment.md');
  await writeAtomically(file, body);
  const published = await publish(
    {
      facts,
      body,
      pullRequest: known.pullRequest,
      mode: modeOf(project),
      checks: {
        hold: project.config.report.hold,
        folder: projectFolder(project),
        places: sourcePlaces(project, world),
        unverified: true,
      },
    },
    { world, comments: await project.comments(), checks: await project.checks() },
  );
  return outcomeOf({ facts, text: body, file, ...published, bundle: undefined, failOn });
}

/** Of the team's own history, as far as it has that model: a bundle says nothing about what was before. */
async function withTrend(
  facts: ModelFacts,
  from: { readonly project: Project; readonly world: World },
): Promise<ModelFacts> {
  const { project, world } = from;
  const model = Object.hasOwn(project.config.models, facts.model)
    ? project.config.models[facts.model]
    : undefined;
  if (!model || !facts.run) return facts;
  const { trendOf } = await import('./trend.js');
  return { ...facts, trend: await trendOf(project, { world, model, run: facts.run }) };
}

function nothingToPublish(text: string): Outcome {
  return {
    exit: 0,
    json: { published: false, why: text },
    text,
    outputs: { 'comment-url': '', 'body-file': '', bundle: '' },
  };
}

async function read(
  source: string,
  from: { readonly world: World; readonly client: GitHubClient; readonly run: number },
): Promise<string | undefined> {
  const { world, client, run } = from;
  const artifact = /^artifact:(.+)$/s.exec(source)?.[1];
  if (artifact !== undefined) {
    const { fileOfArtifact } = await import('../../platform/github/fork-run.js');
    return fileOfArtifact(client, { run, artifact, file: BUNDLE_FILE, maximumBytes: MAXIMUM_BUNDLE_BYTES });
  }
  const path = join(resolve(world.cwd, source), BUNDLE_FILE);
  // A link in an unpacked artifact could lead to any file of this machine.
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new UserError(`there is no ${BUNDLE_FILE} in ${source}`, {
      mend: 'the job that measures writes it: assay report --bundle DIR',
    });
  }
  if (found.size > MAXIMUM_BUNDLE_BYTES) {
    throw new UserError(
      `the bundle is refused: it has ${found.size} bytes, more than ${MAXIMUM_BUNDLE_BYTES}`,
    );
  }
  return readFile(path, 'utf8');
}
