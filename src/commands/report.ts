import { dirname, join, relative, resolve, sep } from 'node:path';
import { comparisonRecord } from '../compare/record.js';
import type { ModelConfig } from '../config/model.js';
import { validationRecord } from '../data/record.js';
import { OutsideError } from '../errors.js';
import { decisionRecord } from '../gate/record.js';
import type { HistoryQuery } from '../history/port.js';
import { readRecords } from '../history/read.js';
import type { AnyRecord } from '../history/record.js';
import { terminalText } from '../report/escape.js';
import type { ModelFacts, ReportFacts } from '../report/facts.js';
import { runRecord } from '../runs/record.js';
import type { World } from '../world.js';
import { watchedMetrics } from './comparison.js';
import { chosenModels, openProject, type Project } from './project.js';
import { defineVerb } from './verb.js';

export const report = defineVerb(
  {
    name: 'report',
    summary: 'write the pull request comment and the job summary',
    description:
      'Puts what is known of this commit into one text: per model the verdict, the metrics against the baseline, the slices that changed, the reasons of the gate, the data checks, what else changed, and what it cost. It measures nothing itself: it shows the newest run of this commit, with its newest comparison and decision (see `assay train`, `assay compare`, `assay gate`). A model without a run is said to have none, and a run that failed is shown with its reason and the end of its log; there is always a body.\n\nThe body is markdown as GitHub shows it. It is printed, written to a file, added to the job summary, and posted as one comment that is updated in place. It is shortened to what a comment can hold, worst news first. It holds no values of data, no image and no third-party address.',
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
      'no-comment': { kind: 'flag', description: 'do not post the comment' },
    },
    outputs: {
      'comment-url': 'where the comment was posted; empty when it was not',
      'body-file': 'file with the body as markdown',
    },
    examples: [
      { command: 'assay report', explains: 'all models, for the commit at hand' },
      { command: 'assay report income --no-comment --html report.html', explains: 'one model, to look at' },
    ],
  },
  async (input, world) => {
    const project = await openProject(world, input.config);
    const facts = await collectFacts(project, { world, names: input.arguments });
    const { reportBody } = await import('../report/comment.js');
    const { LIMITS } = await import('../report/limits.js');
    const { headline } = await import('../report/headline.js');
    const { writeAtomically } = await import('../platform/local/store.js');
    const body = reportBody(facts, LIMITS.comment);
    const bodyFile = input.options.output
      ? resolve(world.cwd, input.options.output)
      : join(project.store, 'reports', 'comment.md');
    await writeAtomically(bodyFile, body);
    if (input.options.html) {
      const { reportPage } = await import('../report/html.js');
      const title = `Assay: ${facts.models.map(({ model }) => model).join(', ')}`;
      await writeAtomically(resolve(world.cwd, input.options.html), reportPage({ title, markdown: body }));
    }
    const url = input.options['no-comment'] ? null : await post(project, { world, key: facts.key, body });
    return {
      exit: 0,
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
        body,
        body_file: bodyFile,
        comment_url: url,
      },
      text: body,
      outputs: { 'comment-url': url ?? '', 'body-file': bodyFile },
      summary: reportBody(facts, LIMITS.summary),
    };
  },
);

/** A comment that could not be posted is told, and does not undo the rest: the body is in its file and in the summary. */
async function post(
  project: Project,
  comment: { readonly world: World; readonly key: string; readonly body: string },
): Promise<string | null> {
  const { world, key, body } = comment;
  try {
    const comments = await project.comments();
    const { url } = await comments.upsert({
      pullRequest: world.runner.pullRequest?.number ?? null,
      key,
      body,
    });
    return url;
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    world.terminal.warn(`the comment was not posted: ${error.message}`);
    return null;
  }
}

/** The records of this commit that a report is made of. */
export async function collectFacts(
  project: Project,
  request: { readonly world: World; readonly names: readonly string[] },
): Promise<ReportFacts> {
  const { world, names } = request;
  const { commit } = await project.origin();
  const asked = names.length === 0 ? Object.keys(project.config.models) : [...new Set(names)];
  const models: ModelFacts[] = [];
  for (const { name, model } of asked.flatMap((one) => chosenModels(project, one))) {
    models.push(await modelFacts(project, { world, name, model, commit }));
  }
  return {
    key: reportKey(project, names),
    commit,
    version: world.version,
    url: world.runner.trigger.url,
    models,
  };
}

/** One comment per project of a monorepo and choice of models, so that they do not overwrite each other. */
function reportKey(project: Project, names: readonly string[]): string {
  const folder = relative(dirname(project.store), project.root).split(sep).join('/');
  return [folder, names.length === 0 ? 'all' : [...new Set(names)].sort().join('+')]
    .filter((part) => part !== '')
    .join(':');
}

async function modelFacts(
  project: Project,
  request: {
    readonly world: World;
    readonly name: string;
    readonly model: ModelConfig;
    readonly commit: string | null;
  },
): Promise<ModelFacts> {
  const { world, name, model, commit } = request;
  const history = await project.history();
  const options = {
    onUnreadable: (record: AnyRecord, why: string) =>
      world.terminal.warn(`${record.id} is left out: ${terminalText(why, 200)}`),
  };
  const ofModel = (kind: HistoryQuery['kind']): HistoryQuery => ({ kind, owner: name });
  const [runs, comparisons, decisions, validations] = await Promise.all([
    readRecords(history, ofModel('run'), runRecord, options),
    readRecords(history, ofModel('comparison'), comparisonRecord, options),
    readRecords(history, ofModel('decision'), decisionRecord, options),
    Promise.all(
      model.data.map((owner) =>
        readRecords(history, { kind: 'validation', owner }, validationRecord, options),
      ),
    ),
  ]);
  const run = runs.find((one) => one.commit === commit && one.purpose !== 'reproduce');
  const decision = decisions.find((one) => one.run === run?.id);
  return {
    model: name,
    run,
    // What the decision rests on, so that the reasons and the numbers are of one comparison.
    comparison:
      comparisons.find((one) => one.id === decision?.comparison) ??
      comparisons.find((one) => one.candidate.run === run?.id),
    decision,
    validations: validations.flatMap((ofDataset) => {
      const used = run?.data.find((data) => data.name === ofDataset[0]?.dataset)?.digest;
      const newest =
        ofDataset.find((one) => one.commit === commit && (used === undefined || one.digest === used)) ??
        ofDataset.find((one) => one.commit === commit);
      return newest ? [newest] : [];
    }),
    watched: [...watchedMetrics(model)],
  };
}
