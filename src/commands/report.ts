import { join, resolve } from 'node:path';
import { COMMENT_MODES } from '../config/schema.js';
import { type OutsideError, UserError } from '../errors.js';
import type { ReportFacts } from '../report/facts.js';
import type { CommentMode } from '../report/ports.js';
import type { World } from '../world.js';
import { defineVerb, type Outcome } from './command-line/verb.js';
import { openProject, type Project } from './project/project.js';
import { FAIL_ON, type FailOn, failures } from './report/fail-on.js';

export const report = defineVerb(
  {
    name: 'report',
    summary: 'write the pull request comment, the checks and the job summary',
    description: `Puts what is known of this commit into one text: per model the verdict, the metrics against the baseline, the slices that changed, the reasons of the gate, the data checks, what else changed, and what it cost. It measures nothing itself: it shows the newest run of this commit, with its newest comparison and decision (see \`assay train\`, \`assay compare\`, \`assay gate\`). A model without a run is said to have none, and a run that failed is shown with its reason and the end of its log; there is always a body.

The body is markdown as GitHub shows it. It is printed, written to a file, added to the job summary, and posted as one comment of the pull request. It is shortened to what a comment can hold, worst news first. It holds no values of data, no image and no third-party address. Each model gets a check run, with remarks beside the lines of assay.yml, of metrics files and of data that they are about.

What GitHub refuses is told with the permission that is missing, and undoes nothing: the step fails for it only with --fail-on not-posted.

A pull request from a fork has a token that may only read. There the report is written as data (--bundle, by itself), and a second workflow on the default branch checks and publishes it (--from-bundle): see docs/github.md.`,
    arguments: [{ name: 'model', description: 'the models to report on; all when left out', repeats: true }],
    options: {
      output: {
        kind: 'text',
        description: 'file for the body; .assay/reports/comment.md when left out',
        placeholder: 'FILE',
      },
      html: {
        kind: 'text',
        description: 'also write it as an HTML page that needs nothing else',
        placeholder: 'FILE',
      },
      comment: {
        kind: 'text',
        description: 'how the comment is posted, instead of what assay.yml says',
        choices: COMMENT_MODES,
      },
      'no-comment': { kind: 'flag', description: 'post neither comment nor checks' },
      bundle: {
        kind: 'text',
        description: 'post nothing: write the report as data to this folder',
        placeholder: 'DIR',
      },
      'from-bundle': {
        kind: 'text',
        description:
          'publish what a fork’s job wrote: a folder, or artifact:NAME of the workflow run that this one follows',
        placeholder: 'DIR',
      },
      'fail-on': {
        kind: 'list',
        description: `fail the step (exit code 1) on any of ${FAIL_ON.join(', ')}; several by commas`,
        placeholder: 'ANSWERS',
      },
    },
    outputs: {
      'comment-url': 'where the comment was posted; empty when it was not',
      'body-file': 'file with the body as markdown',
      bundle: 'folder with the report as data, for the second workflow; empty when it was posted right here',
    },
    examples: [
      { command: 'assay report', explains: 'all models, for the commit at hand' },
      { command: 'assay report income --no-comment --html report.html', explains: 'one model, to look at' },
      { command: 'assay report --fail-on reject,hold', explains: 'make the step fail by the gate' },
      {
        command: 'assay report --from-bundle artifact:assay-report',
        explains: 'in a workflow_run workflow: publish what a fork measured',
      },
    ],
  },
  async (input, world) => {
    const { options } = input;
    const failOn = failures.parse(options['fail-on']);
    const modeOf = (project: Project): CommentMode =>
      options['no-comment']
        ? 'none'
        : ((options.comment as CommentMode | undefined) ?? project.config.report.comment);
    if (options['from-bundle'] !== undefined) {
      if (options.bundle !== undefined) {
        throw new UserError(
          '--bundle and --from-bundle are the two halves of a report: one job does one of them',
        );
      }
      const { publishBundle } = await import('./report/from-bundle.js');
      return publishBundle({ world, config: input.config, source: options['from-bundle'], failOn, modeOf });
    }
    const project = await openProject(world, input.config);
    const { collectFacts } = await import('./report/facts.js');
    const facts = await collectFacts(project, { world, names: input.arguments });
    const body = await writeBody(facts, { project, world, options });
    const posts = !options['no-comment'];
    const bundle = await chooseBundle(facts, { project, world, asked: options.bundle, posts });
    const told =
      bundle !== undefined || !posts
        ? { commentUrl: null, failures: [] as readonly OutsideError[], bundle }
        : await post(facts, { project, world, body: body.text, mode: modeOf(project) });
    return outcomeOf({ facts, ...body, ...told, failOn });
  },
);

interface Written {
  readonly text: string;
  readonly file: string;
}

async function writeBody(
  facts: ReportFacts,
  to: {
    readonly project: Project;
    readonly world: World;
    readonly options: { readonly output: string | undefined; readonly html: string | undefined };
  },
): Promise<Written> {
  const { project, world, options } = to;
  const { reportBody } = await import('../report/comment.js');
  const { LIMITS } = await import('../report/limits.js');
  const { writeAtomically } = await import('../platform/local/store.js');
  const text = reportBody(facts, LIMITS.comment);
  const file = options.output
    ? resolve(world.cwd, options.output)
    : join(project.store, 'reports', 'comment.md');
  await writeAtomically(file, text);
  if (options.html) {
    const { reportPage } = await import('../report/html.js');
    const title = `Assay: ${facts.models.map(({ model }) => model).join(', ')}`;
    await writeAtomically(resolve(world.cwd, options.html), reportPage({ title, markdown: text }));
  }
  return { text, file };
}

/** The folder asked for, or that of a fork's job, which may not post; undefined when this job posts. */
async function chooseBundle(
  facts: ReportFacts,
  to: {
    readonly project: Project;
    readonly world: World;
    readonly asked: string | undefined;
    readonly posts: boolean;
  },
): Promise<string | undefined> {
  const { project, world, asked, posts } = to;
  if (asked !== undefined) return writeBundle(facts, { world, folder: resolve(world.cwd, asked) });
  const { runner } = world;
  if (runner.kind !== 'github' || !runner.pullRequest?.fromFork || !posts) return undefined;
  return writeBundle(facts, { world, folder: join(project.store, 'bundle') });
}

async function writeBundle(
  facts: ReportFacts,
  to: { readonly world: World; readonly folder: string },
): Promise<string> {
  const { BUNDLE_FILE, bundleText } = await import('../report/bundle.js');
  const { writeAtomically } = await import('../platform/local/store.js');
  const text = bundleText(facts, to.world.runner.pullRequest?.number ?? null);
  await writeAtomically(join(to.folder, BUNDLE_FILE), text);
  return to.folder;
}

interface Told {
  readonly commentUrl: string | null;
  readonly failures: readonly OutsideError[];
  readonly bundle: string | undefined;
}

/** Posts comment and checks; where the token turns out to be read-only, what could not be posted is left as a bundle. */
async function post(
  facts: ReportFacts,
  to: { readonly project: Project; readonly world: World; readonly body: string; readonly mode: CommentMode },
): Promise<Told> {
  const { project, world, body, mode } = to;
  const { publish } = await import('./report/publish.js');
  const { projectFolder } = await import('./report/facts.js');
  const { sourcePlaces } = await import('./report/places.js');
  const { runner } = world;
  const published = await publish(
    {
      facts,
      body,
      // A merge queue tests what is about to be merged: its pull request is done with.
      pullRequest: runner.trigger.event === 'merge_group' ? null : (runner.pullRequest?.number ?? null),
      mode,
      checks: {
        hold: project.config.report.hold,
        folder: projectFolder(project),
        places: sourcePlaces(project, world),
        unverified: false,
      },
    },
    { world, comments: await project.comments(), checks: await project.checks() },
  );
  const readOnly = published.failures.some((failure) => 'kind' in failure && failure.kind === 'permission');
  const bundle =
    readOnly && runner.pullRequest && facts.commit !== null
      ? await writeBundle(facts, { world, folder: join(project.store, 'bundle') })
      : undefined;
  return { commentUrl: published.commentUrl, failures: published.failures, bundle };
}

/** What a verb answers about a report, however it was told. */
export async function outcomeOf(result: {
  readonly facts: ReportFacts;
  readonly text: string;
  readonly file: string;
  readonly commentUrl: string | null;
  readonly failures: readonly OutsideError[];
  readonly bundle: string | undefined;
  readonly failOn: readonly FailOn[];
}): Promise<Outcome> {
  const { facts, text, file, commentUrl, bundle } = result;
  const { headline } = await import('../report/headline.js');
  const { reportBody } = await import('../report/comment.js');
  const { LIMITS } = await import('../report/limits.js');
  const { failed } = failures.of(result);
  return {
    exit: failed.length > 0 ? 1 : 0,
    json: {
      key: facts.key,
      commit: facts.commit,
      models: facts.models.map((model) => ({
        model: model.model,
        answer: headline(model).word,
        why: headline(model).why,
        run: model.run?.id ?? null,
        comparison: model.comparison?.id ?? null,
        decision: model.decision?.id ?? null,
        validations: model.validations.map((validation) => validation.id),
      })),
      body: text,
      body_file: file,
      comment_url: commentUrl,
      bundle: bundle ?? null,
      failed_on: failed,
      not_posted: result.failures.map((failure) => failure.message),
    },
    text,
    outputs: { 'comment-url': commentUrl ?? '', 'body-file': file, bundle: bundle ?? '' },
    summary: `${reportBody(facts, LIMITS.summary)}${await remarks(result)}`,
  };
}

async function remarks(result: {
  readonly failures: readonly OutsideError[];
  readonly bundle: string | undefined;
}): Promise<string> {
  const { markdownText } = await import('../report/escape.js');
  const lines = result.failures.map(
    (failure) =>
      `> ⚠️ ${markdownText(failure.message)}${failure.mend ? `<br>${markdownText(failure.mend)}` : ''}`,
  );
  if (result.bundle !== undefined) {
    lines.push(
      '> ℹ️ The token of this job may not write to the pull request. The comment comes from a second workflow, which follows this one on the default branch and publishes the artifact with this report.',
    );
  }
  return lines.map((line) => `\n${line}\n`).join('');
}
