import { dirname, relative, sep } from 'node:path';
import { comparisonRecord } from '../../compare/record.js';
import type { ModelConfig } from '../../config/model.js';
import { validationRecord } from '../../data/record.js';
import { decisionRecord } from '../../gate/record.js';
import { anyOf, type Condition, fieldIs } from '../../history/condition.js';
import type { HistoryQuery } from '../../history/port.js';
import { readRecords } from '../../history/read.js';
import type { AnyRecord } from '../../history/record.js';
import { terminalText } from '../../report/escape.js';
import type { ModelFacts, ReportFacts } from '../../report/facts.js';
import { runRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import { watchedMetrics } from '../evaluation/comparison.js';
import { chosenModels, type Project } from '../project/project.js';
import { trendOf } from './trend.js';

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

/** Folder of assay.yml from the top of the repository, with `/`; empty at the top. */
export function projectFolder(project: Project): string {
  return relative(dirname(project.store), project.root).split(sep).join('/');
}

/** One comment per project of a monorepo and choice of models, so that they do not overwrite each other. */
function reportKey(project: Project, names: readonly string[]): string {
  return [projectFolder(project), names.length === 0 ? 'all' : [...new Set(names)].sort().join('+')]
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
  // Outside git nothing has a commit, and everything is of this place.
  const here = commit === null ? {} : { where: fieldIs('commit', commit) };
  const runs = await readRecords(history, { kind: 'run', owner: name, ...here }, runRecord, options);
  const run = runs.find((one) => one.commit === commit && one.purpose !== 'reproduce');
  const validations = await Promise.all(
    model.data.map((owner) =>
      readRecords(history, { kind: 'validation', owner, ...here }, validationRecord, options),
    ),
  );
  const ofModel = (kind: HistoryQuery['kind'], where: Condition): HistoryQuery => ({
    kind,
    owner: name,
    where,
  });
  const decisions = run
    ? await readRecords(history, ofModel('decision', fieldIs('run', run.id)), decisionRecord, options)
    : [];
  const [decision] = decisions;
  const mentioned = [
    ...(run ? [fieldIs('candidate.run', run.id)] : []),
    ...(decision?.comparison ? [fieldIs('id', decision.comparison)] : []),
  ];
  const comparisons =
    mentioned.length > 0
      ? await readRecords(history, ofModel('comparison', anyOf(mentioned)), comparisonRecord, options)
      : [];
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
    trend: run ? await trendOf(project, { world, model, run }) : undefined,
  };
}
