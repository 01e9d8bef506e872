import { rankRuns } from '../../compare/leaderboard.js';
import type { ComparisonRecord } from '../../compare/record.js';
import type { ModelConfig } from '../../config/model.js';
import { nearest } from '../../config/nearest.js';
import { UserError } from '../../errors.js';
import { allOf, fieldIs } from '../../history/condition.js';
import type { History } from '../../history/port.js';
import { readFirst, readRecords } from '../../history/read.js';
import { HEADLINE_METRICS } from '../../metrics/score.js';
import { leaderboardText } from '../../report/leaderboard.js';
import type { ComparedRuns } from '../../report/many/facts.js';
import { type RunRecord, runRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import type { Compared } from '../compare.js';
import { chosenModels, type Project } from '../project/project.js';
import { overallMetrics } from '../records/known-record.js';
import { flatParams, metricOf } from '../records/run-fields.js';
import { compareModel, findRun, watchedMetrics } from './comparison.js';
import type { KeptPredictions } from './paired-evidence.js';

/** Several runs of one model against one baseline, ranked by one metric. */

export interface ManyRequest {
  readonly project: Project;
  readonly world: World;
  readonly name: string;
  readonly model: ModelConfig;
  /** Runs as named on the command line: the first is the baseline. Empty for all runs. */
  readonly words: readonly string[];
  /** A baseline policy instead of the config's; undefined when the words name the baseline. */
  readonly baseline: string | undefined;
  /** Rank by this metric; the first that matters when undefined. */
  readonly by: string | undefined;
  readonly limit: number;
}

/** @throws UserError when there are no runs, or none has the metric */
export async function compareMany(request: ManyRequest): Promise<ComparedRuns> {
  const { project, world, name, model, words } = request;
  const history = await project.history();
  const named: RunRecord[] = [];
  for (const word of words) named.push(await findRun(project, name, word));
  const candidates = named.length > 0 ? named.slice(1) : await newestRuns(history, name, request.limit);
  const [newest] = candidates;
  if (!newest) {
    throw new UserError(`there are no runs of ${name} to compare`, {
      mend: `train one: assay train ${name}`,
    });
  }
  const policy = named[0] ? `run:${named[0].id}` : request.baseline;
  const comparisons = new Map<string, ComparisonRecord>();
  const kept: KeptPredictions = new Map();
  const first = await compareModel({
    kept,
    project,
    world,
    model: name,
    candidate: newest,
    ...(policy ? { baseline: policy } : {}),
  });
  const baseline = await runById(history, name, first.baseline.run);
  comparisons.set(newest.id, first);
  const rest = candidates.slice(1).filter((run) => run.id !== baseline?.id);
  for (const [at, candidate] of rest.entries()) {
    if (baseline === undefined) break;
    world.cancel.throwIfAborted();
    if (rest.length > 5 && at % 5 === 0) world.terminal.info(`comparing run ${at + 2} of ${rest.length + 1}`);
    comparisons.set(
      candidate.id,
      await compareModel({ kept, project, world, model: name, candidate, baseline: `run:${baseline.id}` }),
    );
  }
  const all = [...(baseline ? [baseline] : []), ...candidates];
  const runs = [...new Map(all.map((run) => [run.id, run])).values()];
  const metric = metricToRankBy(runs, request);
  const board = rankRuns(runs, (run) => metricOf(run, metric));
  const watched = [...watchedMetrics(model)];
  return { model: name, metric, board, runs, baseline, why: first.baseline.why, comparisons, watched };
}

/** Those that are worth comparing; the index tells them from the others. */
function newestRuns(history: History, model: string, limit: number): Promise<readonly RunRecord[]> {
  const where = allOf([
    fieldIs('status', 'succeeded'),
    { kind: 'not', part: fieldIs('purpose', 'reproduce') },
  ]);
  return readFirst(history, { kind: 'run', owner: model, ...(where && { where }), limit }, runRecord);
}

async function runById(history: History, model: string, id: string | null): Promise<RunRecord | undefined> {
  if (id === null) return undefined;
  const query = { kind: 'run', owner: model, where: fieldIs('id', id), limit: 1 };
  return (await readRecords(history, query, runRecord))[0];
}

/** The one asked for; else the first that the team watches, that is usual for the task, that has a better side. */
function metricToRankBy(
  runs: readonly RunRecord[],
  of: { readonly name: string; readonly model: ModelConfig | undefined; readonly by: string | undefined },
): string {
  const { by, model, name } = of;
  const overall = runs.flatMap((run) => overallMetrics(run.metrics));
  const measured = new Set(overall.map((one) => one.name));
  if (by !== undefined) {
    if (runs.some((run) => metricOf(run, by))) return by;
    const near = nearest(by, [...measured]);
    throw new UserError(`no run of ${name} has the metric ${JSON.stringify(by)}`, {
      mend: near ? `did you mean ${near}?` : `metrics there are: ${[...measured].slice(0, 10).join(', ')}`,
    });
  }
  const usual: readonly string[] = model?.evaluate ? HEADLINE_METRICS[model.evaluate.task] : [];
  const directed = overall.filter((one) => one.direction !== 'none').map((one) => one.name);
  const watched = model ? watchedMetrics(model) : [];
  const found = [...watched, ...usual, ...directed, ...measured].find((one) => measured.has(one));
  if (found !== undefined) return found;
  throw new UserError(`the runs of ${name} have no metrics to rank by`, {
    mend: 'metrics: { from: [metrics.json] } or evaluate: in assay.yml says where they come from',
  });
}

/** A comparison of two, as the page of several shows it. */
export async function pairAsMany(project: Project, one: Compared): Promise<ComparedRuns> {
  const { candidate, comparison, model } = one;
  const baseline = await runById(await project.history(), model, comparison.baseline.run);
  const runs = [...(baseline ? [baseline] : []), candidate];
  const chosen = chosenModels(project, model)[0]?.model;
  const metric = metricToRankBy(runs, { name: model, model: chosen, by: undefined });
  return {
    model,
    metric,
    board: rankRuns(runs, (run) => metricOf(run, metric)),
    runs,
    baseline,
    why: comparison.baseline.why,
    comparisons: new Map([[candidate.id, comparison]]),
    watched: one.watched,
  };
}

/** What a terminal shows of it. */
export function manyText(many: ComparedRuns): string {
  const byRun = new Map(
    [...many.comparisons].map(([run, comparison]) => [
      run,
      comparison.metrics.find((metric) => metric.name === many.metric && metric.slice === null),
    ]),
  );
  const board = leaderboardText({
    metric: many.metric,
    board: many.board,
    ...(many.baseline ? { verdicts: byRun, baseline: many.baseline.id } : {}),
    params: varyingParams(many.runs).slice(0, 4),
  });
  const baseline = many.baseline
    ? `baseline: run ${many.baseline.id} (${many.why})`
    : `no baseline: ${many.why}`;
  return `${many.model}: ${many.runs.length} runs by ${many.metric}\n${baseline}\n\n${board}\n`;
}

/** Parameters in which the runs differ. */
export function varyingParams(
  runs: readonly RunRecord[],
): readonly { readonly name: string; readonly of: (runId: string) => string }[] {
  const byRun = new Map(runs.map((run) => [run.id, flatParams(run.params)]));
  const names = [...new Set([...byRun.values()].flatMap((params) => [...params.keys()]))];
  const textOf = (run: string, name: string) => {
    const value = byRun.get(run)?.get(name);
    return value === undefined ? '' : value === null ? 'null' : String(value);
  };
  return names
    .map((name) => ({ name, of: (run: string) => textOf(run, name) }))
    .filter(({ of }) => new Set(runs.map((run) => of(run.id))).size > 1);
}
