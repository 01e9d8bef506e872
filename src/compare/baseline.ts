import { UserError } from '../errors.js';
import { plural, shortCommit } from '../format.js';
import type { RunRecord } from '../runs/record.js';
import type { Repository } from './ports.js';
import type { BaselineChoice } from './record.js';

/**
 * Which run a candidate is compared with, and why that one. The order of search is: the merge base with the target
 * branch; the nearest measured ancestor of it; the newest run on the target branch; a blessed run; the newest earlier
 * run; none. Whatever is taken is said, so that nobody has to guess.
 */

/** What is asked of a run before it is chosen; whole records of a long history would be read for nothing. */
export type MeasuredRun = Pick<RunRecord, 'id' | 'commit' | 'purpose'> & {
  readonly code: Pick<RunRecord['code'], 'dirty' | 'branch'>;
};

export interface BaselineRequest<R extends MeasuredRun = RunRecord> {
  readonly candidate: MeasuredRun &
    Pick<RunRecord, 'model'> & { readonly code: { readonly commit: string | null } };
  /** `merge-base`, `branch:NAME`, `stage:NAME`, `run:ID`, `blessed`. */
  readonly policy: string;
  /** Branch that the change goes into; undefined when there is none to be found. */
  readonly targetBranch: string | undefined;
  /** All succeeded runs of the model, newest first; the candidate may be among them. */
  readonly runs: readonly R[];
  /** Ids of blessed runs, newest first. */
  readonly blessed: readonly string[];
  /** The run that each stage's live version was made of. */
  readonly live: Readonly<Record<string, string>>;
  /** Undefined outside git. */
  readonly repository: Repository | undefined;
}

export interface Baseline<R extends MeasuredRun = RunRecord> {
  readonly choice: BaselineChoice;
  readonly run: R | undefined;
}

/** How far back an ancestor is looked for. */
const MOST_ANCESTORS = 5000;

/** @throws UserError when the policy names a run or stage that does not exist */
export async function chooseBaseline<R extends MeasuredRun>(
  request: BaselineRequest<R>,
): Promise<Baseline<R>> {
  const [kind, name] = splitOnce(request.policy, ':');
  switch (kind) {
    case 'run':
      return namedRun(request, name);
    case 'stage':
      return liveOnStage(request, name);
    case 'blessed':
      return blessedRun(request) ?? none('no run was blessed yet; `assay accept RUN --reason …` does');
    case 'branch':
      return (await newestOnBranch(request, name)) ?? none(`no run was measured on branch ${name}`);
    default:
      return mergeBase(request);
  }
}

function namedRun<R extends MeasuredRun>(request: BaselineRequest<R>, id: string): Baseline<R> {
  const matches = request.runs.filter((run) => run.id.startsWith(id));
  const [run] = matches;
  if (run && matches.length === 1) return chosen(run, 'named as the baseline');
  throw new UserError(
    matches.length > 1 ? `"${id}" fits several runs` : `the baseline run "${id}" is not in the history`,
    { mend: `see: assay runs --model ${request.candidate.model}` },
  );
}

function liveOnStage<R extends MeasuredRun>(request: BaselineRequest<R>, stage: string): Baseline<R> {
  const id = request.live[stage];
  if (id === undefined) return none(`nothing is live on ${stage} yet`, true);
  const run = request.runs.find((run) => run.id === id);
  return run
    ? chosen(run, `live on ${stage}`)
    : none(`the run of the version live on ${stage} is not in the history`);
}

function blessedRun<R extends MeasuredRun>(request: BaselineRequest<R>): Baseline<R> | undefined {
  const id = request.blessed[0];
  const run = request.runs.find((run) => run.id === id);
  return run && chosen(run, 'blessed by `assay accept`');
}

async function mergeBase<R extends MeasuredRun>(request: BaselineRequest<R>): Promise<Baseline<R>> {
  const { repository, candidate } = request;
  const others = request.runs.filter((run) => isBefore(run, candidate));
  const byAncestry = repository && candidate.commit ? await nearestAncestor(request, others) : undefined;
  if (byAncestry) return byAncestry;
  const onTarget =
    repository && request.targetBranch !== undefined
      ? await newestOnBranch({ ...request, runs: others }, request.targetBranch)
      : undefined;
  if (onTarget) return onTarget;
  const fallback = blessedRun({ ...request, runs: others });
  if (fallback) return fallback;
  const [newest] = others;
  if (!newest) return none('this is the first run of this model', true);
  return chosen(
    newest,
    repository
      ? 'newest earlier run: no ancestor of this commit and nothing on the target branch was measured'
      : 'newest earlier run (not a git repository, so there is no merge base)',
  );
}

/** The merge base itself, or the nearest of its ancestors, that was measured without uncommitted changes. */
async function nearestAncestor<R extends MeasuredRun>(
  request: BaselineRequest<R>,
  others: readonly R[],
): Promise<Baseline<R> | undefined> {
  const { repository, candidate, targetBranch } = request;
  if (!repository || !candidate.commit) return undefined;
  const target = targetBranch === undefined ? undefined : await repository.resolve(targetBranch);
  const tested = target ? await testedMergeBase(request, target) : undefined;
  const base =
    tested ??
    (target && target !== candidate.commit
      ? await repository.mergeBase(candidate.commit, target)
      : undefined);
  const from = base ?? candidate.commit;
  const measured = new Map<string, R>();
  for (const run of others) {
    if (run.commit && !run.code.dirty && !measured.has(run.commit)) measured.set(run.commit, run);
  }
  // A clean run of the very commit is the candidate run again, not something to compare a change with.
  if (!candidate.code.dirty) measured.delete(candidate.commit);
  if (measured.size === 0) return undefined;
  // Mostly the merge base itself was measured; a shallow clone need not be deepened to see that.
  const ancestors = measured.has(from) ? [from] : await repository.ancestors(from, MOST_ANCESTORS);
  const behind = ancestors.findIndex((commit) => measured.has(commit));
  const run = measured.get(ancestors[behind] ?? '');
  if (!run) return undefined;
  const branch = targetBranch ?? 'the target branch';
  if (base !== undefined && base !== candidate.commit) {
    const what = tested === undefined ? `merge base with ${branch}` : `${branch} as merged for the test`;
    return behind === 0
      ? chosen(run, what, 0)
      : chosen(
          run,
          tested === undefined
            ? `nearest measured ancestor of the ${what} (${shortCommit(base)})`
            : `nearest measured ancestor of ${what} (${shortCommit(base)})`,
          behind,
        );
  }
  return chosen(
    run,
    behind === 0 ? 'this commit without the uncommitted changes' : 'nearest measured ancestor',
    behind,
  );
}

/**
 * CI systems test a change as it would be merged: GitHub checks out a merge of the head into what the target branch is by
 * then. What was measured holds that commit of the target branch, and with it everything others merged meanwhile: held
 * against an older one, their work would count as this change's.
 */
async function testedMergeBase<R extends MeasuredRun>(
  { repository, candidate }: BaselineRequest<R>,
  target: string,
): Promise<string | undefined> {
  const { commit } = candidate.code;
  if (!repository || commit === null || commit === candidate.commit) return undefined;
  const base = await repository.mergeBase(commit, target);
  // A commit that is on the target branch by now says nothing of what it was merged with.
  return base === commit ? undefined : base;
}

async function newestOnBranch<R extends MeasuredRun>(
  request: BaselineRequest<R>,
  branch: string,
): Promise<Baseline<R> | undefined> {
  const { repository, candidate } = request;
  const tip = repository ? await repository.resolve(branch) : undefined;
  const commits = new Set(repository && tip ? await repository.ancestors(tip, MOST_ANCESTORS) : []);
  const run = request.runs.find(
    (run) =>
      isBefore(run, candidate) &&
      !run.code.dirty &&
      (run.code.branch === branch || (run.commit !== null && commits.has(run.commit))) &&
      (run.commit === null || run.commit !== candidate.commit),
  );
  return run && chosen(run, `newest run on ${branch}`);
}

function isBefore(run: MeasuredRun, candidate: MeasuredRun): boolean {
  return run.id < candidate.id && run.purpose !== 'reproduce';
}

function chosen<R extends MeasuredRun>(run: R, why: string, behind: number | null = null): Baseline<R> {
  return { run, choice: { run: run.id, commit: run.commit, why, first: false, behind } };
}

function none(why: string, first = false): Baseline<never> {
  return { run: undefined, choice: { run: null, commit: null, why, first, behind: null } };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** One line for people: `run 2026… at 1a2b3c4 (merge base with main, 2 commits behind)`. */
export function baselineInWords(choice: BaselineChoice): string {
  if (choice.run === null) return `no baseline: ${choice.why}`;
  const place = choice.commit ? ` at ${shortCommit(choice.commit)}` : '';
  const behind = choice.behind ? `, ${plural(choice.behind, 'commit')} behind` : '';
  return `run ${choice.run}${place} (${choice.why}${behind})`;
}
