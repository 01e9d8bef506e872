import { type Baseline, chooseBaseline, type MeasuredRun } from '../../compare/baseline.js';
import { compareRuns } from '../../compare/compare.js';
import type { ComparisonRecord } from '../../compare/record.js';
import { repeatsOf } from '../../compare/repeats.js';
import type { MetricGateRule, ModelConfig } from '../../config/model.js';
import { UserError } from '../../errors.js';
import { isCovered } from '../../gate/facts.js';
import { acceptanceRecord } from '../../gate/record.js';
import { allOf, type Condition, type FieldValue, fieldIs } from '../../history/condition.js';
import type { HistoryQuery } from '../../history/port.js';
import { readRecordOf, readRecords } from '../../history/read.js';
import { recordKind } from '../../history/record.js';
import type { Metric } from '../../metrics/metric.js';
import { stageRecord, versionRecord } from '../../registry/record.js';
import { stageOf, stagesOf } from '../../registry/stages.js';
import { type RunRecord, runRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import { chosenModels, type Project } from '../project/project.js';
import { type KeptPredictions, pairedEvidence } from './paired-evidence.js';

/** Chooses the baseline of a run and compares the two; shared by `compare`, `gate`, `promote` and `auto`. */

export interface ComparisonRequest {
  readonly project: Project;
  readonly world: World;
  readonly model: string;
  readonly candidate: RunRecord;
  /** Where many runs are compared with one: its predictions, once read. */
  readonly kept?: KeptPredictions;
  /** Overrides the config's `baseline`: `merge-base`, `stage:prod`, `run:ID` … */
  readonly baseline?: string;
}

/** The record is made but not yet appended: the caller appends it together with what rests on it. */
export async function compareModel(request: ComparisonRequest): Promise<ComparisonRecord> {
  const { project, world, candidate } = request;
  const [chosen] = chosenModels(project, request.model);
  if (!chosen) throw new Error(`no config of ${request.model}`);
  const baseline = await baselineOf(request, request.baseline ?? chosen.model.baseline);
  const isGated = ({ name, slice }: Pick<Metric, 'name' | 'slice'>) =>
    metricRules(chosen.model).some((rule) => rule.metric === name && isCovered(rule, slice));
  const evidence = await pairedEvidence({
    project,
    world,
    candidate,
    baseline: baseline.run,
    model: chosen.model,
    kept: request.kept,
    isWatched: isGated,
  });
  for (const warning of evidence.kind === 'unpaired' && evidence.why ? [evidence.why] : []) {
    world.terminal.warn(warning);
  }
  return {
    schema: 'assay/comparison@1',
    ...project.stamp(),
    ...(await project.origin()),
    commit: candidate.commit,
    model: request.model,
    candidate: { run: candidate.id, commit: candidate.commit },
    baseline: baseline.choice,
    ...compareRuns({
      candidate,
      baseline: baseline.run,
      evidence,
      rules: chosen.model.metrics.rules,
      watched: watchedMetrics(chosen.model),
      isGated,
      repeats: repeatsOf(await repeatedRuns(project, request.model)),
    }),
  };
}

/** Metrics that a rule of the gate or a tolerance names: those the team cares about. */
export function watchedMetrics(model: ModelConfig): ReadonlySet<string> {
  return new Set([...Object.keys(model.metrics.rules), ...metricRules(model).map((rule) => rule.metric)]);
}

function metricRules(model: ModelConfig): readonly MetricGateRule[] {
  return model.gate.filter((rule) => 'metric' in rule);
}

/** `stage:income@prod`: what is live on a stage of another model, the champion that several compete with. */
const CHAMPION = /^stage:([a-z0-9][a-z0-9_-]*)@(.+)$/;

async function baselineOf(request: ComparisonRequest, given: string): Promise<Baseline> {
  const { project, world, candidate } = request;
  const [, champion, stage] = CHAMPION.exec(given) ?? [];
  const model = champion ?? request.model;
  const policy = champion === undefined ? given : `stage:${stage}`;
  const history = await project.history();
  const repository = await project.repository();
  const [runs, acceptances, stages, versions] = await Promise.all([
    succeededRuns(project, model),
    readRecords(history, { kind: 'acceptance', owner: model }, acceptanceRecord),
    readRecords(history, { kind: 'stage', owner: model }, stageRecord),
    readRecords(history, { kind: 'version', owner: model }, versionRecord),
  ]);
  const live = stagesOf(stages).flatMap((stage) => {
    const version = stageOf(stages, stage).live;
    const run = versions.find((record) => record.version === version)?.run;
    return run === undefined ? [] : [[stage, run] as const];
  });
  const target = world.runner.pullRequest?.targetBranch ?? (await targetBranch(project, world));
  for (const unreadable = new Set<string>(); ; ) {
    const { choice, run } = await chooseBaseline({
      candidate,
      policy,
      targetBranch: target,
      runs: runs.filter(({ id }) => !unreadable.has(id)),
      blessed: acceptances.map((acceptance) => acceptance.run),
      live: Object.fromEntries(live),
      repository,
    });
    const named = champion === undefined ? choice : { ...choice, why: `model ${champion}: ${choice.why}` };
    if (run === undefined) return { choice: named, run };
    const [whole] = await readRecords(history, runQuery(model, fieldIs('id', run.id)), runRecord);
    if (whole) return { choice: named, run: whole };
    // Changed by hand, or of a newer Assay: as if it were not there.
    unreadable.add(run.id);
  }
}

function runQuery(model: string, ...where: readonly Condition[]): HistoryQuery {
  const condition = allOf(where);
  return { kind: 'run', owner: model, ...(condition && { where: condition }) };
}

/** The branch that changes go into: what the CI event names, else main or master, whichever there is. */
export async function targetBranch(project: Project, world: World): Promise<string | undefined> {
  const repository = await project.repository();
  for (const name of [world.runner.defaultBranch, 'main', 'master']) {
    if (name && (await repository?.resolve(name))) return name;
  }
  return undefined;
}

/** By their fields alone: of all runs of a model, one is read whole. */
async function succeededRuns(project: Project, model: string): Promise<readonly MeasuredRun[]> {
  const history = await project.history();
  const fields = ['commit', 'purpose', 'code.dirty', 'code.branch'] as const;
  const { rows } = await history.select({
    ...runQuery(model, fieldIs('status', 'succeeded')),
    fields,
  });
  const text = (value: FieldValue) => (typeof value === 'string' ? value : null);
  return rows.flatMap((row) => {
    const purpose = runRecord.shape.purpose.safeParse(row.get('purpose'));
    if (!purpose.success) return [];
    return [
      {
        id: row.id,
        commit: text(row.get('commit')),
        purpose: purpose.data,
        code: { dirty: row.get('code.dirty') === true, branch: text(row.get('code.branch')) },
      },
    ];
  });
}

/** More would hardly change the estimate of their noise, and each is read whole. */
const MOST_REPEATED_COMMITS = 20;

/** Clean runs of the newest commits that were run more than once. */
async function repeatedRuns(project: Project, model: string): Promise<readonly RunRecord[]> {
  const counts = new Map<string, number>();
  for (const { commit, code, purpose } of await succeededRuns(project, model)) {
    if (commit !== null && !code.dirty && purpose !== 'evaluate') {
      counts.set(commit, (counts.get(commit) ?? 0) + 1);
    }
  }
  const commits = [...counts].filter(([, count]) => count > 1).slice(0, MOST_REPEATED_COMMITS);
  const history = await project.history();
  const found = await Promise.all(
    commits.map(([commit]) => readRecords(history, runQuery(model, fieldIs('commit', commit)), runRecord)),
  );
  return found.flat();
}

/**
 * The run that words name: a run's id (or a prefix of it), a version such as `income@v1.2.0`, or a commit, branch or tag
 * (its newest run). Without words, the newest run of the commit at hand.
 * @throws UserError when there is none
 */
export async function findRun(project: Project, model: string, words?: string): Promise<RunRecord> {
  const history = await project.history();
  if (words === undefined) return newestHere(project, model);
  const runsWhere = (...where: readonly Condition[]) =>
    readRecords(history, runQuery(model, ...where), runRecord);
  const byId = (await history.find(words)).filter(
    (record) => recordKind(record) === 'run' && record.model === model,
  );
  if (byId.length === 1 && byId[0])
    return readRecordOf(history, byId[0].id, { kind: 'run', schema: runRecord });
  const versions = await readRecords(history, { kind: 'version', owner: model }, versionRecord);
  const version = versions.find((record) => record.tag === words || `v${record.version}` === words);
  const [ofVersion] = version ? await runsWhere(fieldIs('id', version.run)) : [];
  if (ofVersion) return ofVersion;
  const commit = await (await project.repository())?.resolve(words);
  const [ofCommit] = commit ? await runsWhere(fieldIs('commit', commit), fieldIs('status', 'succeeded')) : [];
  if (ofCommit) return ofCommit;
  throw new UserError(
    byId.length > 1
      ? `"${words}" fits ${byId.length} runs; give more of the id`
      : commit
        ? `${words} is a commit without a succeeded run of ${model}`
        : `"${words}" is neither a run of ${model}, nor one of its versions, nor a commit`,
    { mend: `see: assay runs --model ${model}` },
  );
}

async function newestHere(project: Project, model: string): Promise<RunRecord> {
  const { commit } = await project.origin();
  const history = await project.history();
  // Outside git no run has a commit, and every one is of this place.
  const where = commit === null ? [] : [fieldIs('commit', commit)];
  const runs = await readRecords(history, runQuery(model, ...where), runRecord);
  const here = runs.find((run) => run.commit === commit && run.purpose !== 'reproduce');
  if (here) return here;
  const [newest] = (await history.select({ ...runQuery(model), limit: 1 })).rows;
  throw new UserError(
    `there is no run of ${model} on this commit${commit ? ` (${commit.slice(0, 7)})` : ''}`,
    {
      mend: newest
        ? `train it: assay train ${model}; or name a run, such as the newest: ${newest.id}`
        : `train it: assay train ${model}`,
    },
  );
}
