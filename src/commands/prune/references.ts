import type { Repository } from '../../compare/ports.js';
import { OutsideError } from '../../errors.js';
import { openGit } from '../../platform/git/git.js';
import type { Reference, RetainedRun } from '../../registry/retention.js';
import type { RunRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import { findGitRoot, type Project } from '../project/project.js';
import { knowRecord } from '../records/known-record.js';

/** Everything that a pruning must know of the history, read once. */
export interface Surveyed {
  readonly runs: readonly RetainedRun[];
  readonly references: readonly Reference[];
  readonly comparisons: readonly { readonly candidate: string; readonly baseline: string | null }[];
  /** Of artifacts that are needed whatever becomes of the runs. */
  readonly digests: ReadonlySet<string>;
  /** Names of blobs that earlier prunings were to remove. */
  readonly condemned: ReadonlySet<string>;
}

/** What a baseline is chosen by. */
interface Measured {
  readonly id: string;
  readonly model: string;
  readonly commit: string | null;
  readonly branch: string | null;
}

/** @throws OutsideError when something in the history cannot be read at all, for it may name what is needed */
export async function readReferences(project: Project, world: World): Promise<Surveyed> {
  const runs: RetainedRun[] = [];
  const measured: Measured[] = [];
  const references: Reference[] = [];
  const comparisons: { candidate: string; baseline: string | null }[] = [];
  const digests = new Set<string>();
  const condemned = new Set<string>();
  const progress = world.terminal.progress('reading the history');
  let count = 0;
  for await (const { record, text } of (await project.archive()).records()) {
    world.cancel.throwIfAborted();
    progress.update(++count);
    const known = knowRecord(record);
    switch (known.kind) {
      case 'run':
        runs.push(retained(known.record));
        if (canBeBaseline(known.record)) measured.push(measuredRun(known.record));
        break;
      case 'version':
        references.push({ run: known.record.run, why: `version ${known.record.tag}` });
        for (const { digest } of known.record.assets) digests.add(digest);
        break;
      case 'dataset':
        for (const { output } of known.record.steps) if (output) digests.add(output.digest);
        break;
      case 'acceptance':
        references.push({ run: known.record.run, why: `accepted by ${known.record.actor}` });
        break;
      case 'comparison':
        comparisons.push({ candidate: known.record.candidate.run, baseline: known.record.baseline.run });
        break;
      case 'pruning':
        for (const name of known.record.blobs) condemned.add(name);
        break;
      case 'unreadable':
        // Of a newer Assay, or damaged: whatever it names is kept.
        for (const [digest] of text.matchAll(/\b[0-9a-f]{64}\b/g)) digests.add(digest);
        for (const [run] of text.matchAll(/\b\d{8}T\d{9}Z-[0-9a-f]{8}\b/g)) {
          references.push({ run, why: 'named by a record that this version cannot read' });
        }
        break;
      default:
        break;
    }
  }
  progress.end();
  references.push(...(await baselines(project, world, measured)));
  return { runs, references, comparisons, digests, condemned };
}

function retained({ id, model, time, parent, artifacts }: RunRecord): RetainedRun {
  return {
    id,
    model,
    time,
    parent,
    artifacts: artifacts.map(({ name, digest, bytes }) => ({ name, digest, bytes })),
  };
}

function canBeBaseline(run: RunRecord): boolean {
  return run.status === 'succeeded' && run.purpose !== 'reproduce';
}

function measuredRun(run: RunRecord): Measured {
  const { id, model, commit, code } = run;
  return { id, model, commit: code.dirty ? null : commit, branch: code.dirty ? null : code.branch };
}

const MOST_ANCESTORS = 5000;

/**
 * The runs that a comparison from any branch would take as its baseline now: the newest on the branch, and the nearest
 * measured one at or before the merge base with the main branch; and those that assay.yml names.
 */
async function baselines(
  project: Project,
  world: World,
  measured: readonly Measured[],
): Promise<readonly Reference[]> {
  const found: Reference[] = Object.values(project.config.models).flatMap(({ baseline }) =>
    measured.flatMap(({ id }) =>
      baseline.startsWith('run:') && id.startsWith(baseline.slice('run:'.length))
        ? [{ run: id, why: 'baseline in assay.yml' }]
        : [],
    ),
  );
  const repository = await project.repository();
  if (!repository) return found;
  const branches = await branchesOf(project, world);
  const target = await mainBranch(repository, world);
  if (target === undefined && measured.some(({ commit }) => commit !== null)) {
    throw new OutsideError(
      'the main branch is not in this clone, so it is not known which runs are baselines',
      {
        mend: 'fetch it: git fetch origin main (in a workflow: fetch-depth: 0)',
      },
    );
  }
  const newest = new Map<string, Measured[]>();
  for (const model of new Set(measured.map((run) => run.model))) {
    newest.set(
      model,
      measured.filter((run) => run.model === model).sort((a, b) => (a.id < b.id ? 1 : -1)),
    );
  }
  for (const [branch, tip] of branches) {
    const base = target === undefined ? undefined : await repository.mergeBase(tip, target);
    for (const start of new Set([tip, base ?? tip])) {
      const place = new Map(
        (await repository.ancestors(start, MOST_ANCESTORS)).map((commit, at) => [commit, at]),
      );
      for (const runs of newest.values()) {
        const nearest = nearestRun(runs, place);
        if (nearest) found.push({ run: nearest.id, why: `baseline of ${branch}` });
      }
    }
    for (const runs of newest.values()) {
      const onBranch = runs.find((run) => run.branch === branch);
      if (onBranch) found.push({ run: onBranch.id, why: `baseline of ${branch}` });
    }
  }
  return found;
}

/** The newest run of the commit that comes first. */
function nearestRun(runs: readonly Measured[], place: ReadonlyMap<string, number>): Measured | undefined {
  let best: { readonly run: Measured; readonly at: number } | undefined;
  for (const run of runs) {
    const at = place.get(run.commit ?? '');
    if (at !== undefined && (best === undefined || at < best.at)) best = { run, at };
  }
  return best?.run;
}

async function mainBranch(repository: Repository, world: World): Promise<string | undefined> {
  for (const name of [world.runner.defaultBranch, 'main', 'master']) {
    const commit = name ? await repository.resolve(name) : undefined;
    if (commit) return commit;
  }
  return undefined;
}

/** Local branches and those of remotes, with the commit of each; the history's own is none of code. */
async function branchesOf(project: Project, world: World): Promise<ReadonlyMap<string, string>> {
  const folder = findGitRoot(project.root) ?? project.root;
  const git = openGit({ folder, env: world.env });
  const listing = await git.text([
    'for-each-ref',
    '--format=%(objectname) %(refname)',
    'refs/heads',
    'refs/remotes',
  ]);
  const settings = project.config.history;
  const own = 'branch' in settings ? settings.branch : undefined;
  const found = new Map<string, string>();
  for (const line of listing.split('\n')) {
    const [, commit, name] = /^([0-9a-f]{40,64}) refs\/(?:heads|remotes\/[^/]+)\/(.+)$/.exec(line) ?? [];
    if (commit && name && name !== own && name !== 'HEAD')
      found.set(`${name}${found.has(name) ? ` (${commit.slice(0, 7)})` : ''}`, commit);
  }
  return found;
}
