import { applySweep, planSweep, type Sweep, type SweepRequest } from '../artifacts/sweep.js';
import { duration } from '../config/quantities.js';
import { OutsideError, UserError } from '../errors.js';
import { formatBytes, plural } from '../format.js';
import { type PruningRecord, pruningRecord } from '../registry/record.js';
import { type Retention, type RetentionRule, retain } from '../registry/retention.js';
import { terminalText } from '../report/escape.js';
import { textTable } from '../report/table.js';
import type { World } from '../world.js';
import { defineVerb, type Outcome } from './command-line/verb.js';
import { openBlobs, transferWorld } from './project/artifacts.js';
import { openProject, type Project } from './project/project.js';
import { readReferences, type Surveyed } from './prune/references.js';

const DAY_MS = 86_400_000;
/** A training may store its first seed's files days before it records them; GitHub ends a job after 5 days at the latest. */
const GRACE_DAYS = 7;
const ORPHAN_DAYS = 30;
/** Names in one record; more make several. */
const BLOBS_A_RECORD = 5000;

export const prune = defineVerb(
  {
    name: 'prune',
    summary: 'remove artifacts that nothing needs any more; shows what it would remove unless told --apply',
    description: `Frees space in the store of artifacts. Without --apply nothing is removed: a table says what would be.

Kept are the artifacts of every version that was ever released, of every run that was accepted, of the newest runs of
each model (retention.runs in assay.yml, 50 unless set), of runs younger than retention.age (90d unless set), of the
runs that branches are compared with (the newest on each branch, and the nearest measured one at or before the place
where it left the main branch), and of whatever a kept run goes back to or was compared with.

Records are never removed: of a pruned run everything can still be read but its files. What is removed is recorded
before it goes, so that assay history verify tells it from what was lost. What was stored in the last 7 days is left
alone, for a training may be under way; so is what no record of this history names, which may belong to another
repository that shares the store (--orphans removes it when it is older than 30 days).

Killed in the middle, the same command goes on.`,
    arguments: [],
    options: {
      apply: { kind: 'flag', description: 'remove it; otherwise it is only shown' },
      runs: { kind: 'number', description: 'keep the newest N runs of each model', placeholder: 'N' },
      age: { kind: 'text', description: 'keep runs younger than this, such as 30d', placeholder: 'AGE' },
      orphans: {
        kind: 'flag',
        description: 'also what no record names; only where no other repository shares the store',
      },
    },
    outputs: {
      removed: 'how many blobs were removed, or would be',
      bytes: 'how many bytes that frees, or would',
    },
    examples: [
      { command: 'assay prune', explains: 'what would be removed by the rule in assay.yml' },
      { command: 'assay prune --runs 10 --age 30d --apply', explains: 'keep less, and remove the rest' },
    ],
  },
  async (input, world) => {
    refuseFork(world, input.options.apply);
    const doubts: string[] = [];
    const project = await openProject(noting(world, doubts), input.config, { withRemote: true });
    const rule = ruleOf(project, input.options);
    doubts.length = 0;
    const survey = await readReferences(project, world);
    if (input.options.apply) refuseDoubts(doubts);
    const now = world.clock.now();
    const retention = retain(rule, { ...survey, now });
    const live = liveDigests(survey, retention);
    const dead = new Set(
      retention.pruned
        .flatMap((run) => run.artifacts.map(({ digest }) => digest))
        .filter((one) => !live.has(one)),
    );
    const place = {
      world,
      settings: project.config.artifacts,
      root: project.root,
      store: project.store,
      github: project.github,
    };
    const request: SweepRequest = {
      blobs: await openBlobs(place),
      world: transferWorld(world),
      live,
      dead,
      condemned: survey.condemned,
      youngSince: new Date(now.getTime() - GRACE_DAYS * DAY_MS),
      orphansBefore: input.options.orphans ? new Date(now.getTime() - ORPHAN_DAYS * DAY_MS) : undefined,
    };
    const sweep = await planSweep(request);
    const found = { survey, retention, sweep, dead, place: request.blobs.place };
    if (!input.options.apply) return outcomeOf(found, undefined);
    await record(project, { ...found, rule: { ...rule, orphans: input.options.orphans } });
    const removed = await remove(request, { sweep, world });
    const leftovers = await request.blobs.tidy(new Date(now.getTime() - DAY_MS));
    return outcomeOf(found, { ...removed, leftovers });
  },
);

function refuseFork(world: World, apply: boolean): void {
  if (!apply || world.runner.pullRequest?.fromFork !== true) return;
  throw new UserError("a fork's pull request prunes nothing", {
    mend: 'run it on the main branch, by a schedule',
  });
}

/** Remembers what is warned of. */
function noting(world: World, doubts: string[]): World {
  const warn: World['terminal']['warn'] = (text, location) => {
    doubts.push(text);
    world.terminal.warn(text, location);
  };
  return { ...world, terminal: { ...world.terminal, warn } };
}

/** A history of which a part is not here, or cannot be read, may name what would be removed. */
function refuseDoubts(doubts: readonly string[]): void {
  const [doubt] = doubts;
  if (doubt === undefined) return;
  throw new OutsideError(`nothing was removed, for the history could not be read as a whole: ${doubt}`, {
    mend: 'mend that first, and look with: assay history verify',
  });
}

function ruleOf(
  project: Project,
  options: { readonly runs: number | undefined; readonly age: string | undefined },
): RetentionRule {
  const { retention } = project.config;
  const { runs = retention.runs } = options;
  if (!Number.isInteger(runs) || runs < 1)
    throw new UserError(`--runs needs a whole number above 0, not ${runs}`);
  if (options.age === undefined) return { runs, age: retention.age };
  const age = duration.safeParse(options.age);
  if (age.success) return { runs, age: age.data };
  throw new UserError(`--age: ${age.error.issues[0]?.message}`);
}

/** Of kept runs, of versions, and of whatever this version of Assay cannot read. */
function liveDigests(survey: Surveyed, retention: Retention): ReadonlySet<string> {
  const live = new Set(survey.digests);
  for (const run of survey.runs) {
    if (retention.kept.has(run.id)) for (const { digest } of run.artifacts) live.add(digest);
  }
  return live;
}

interface Found {
  readonly survey: Surveyed;
  readonly retention: Retention;
  readonly sweep: Sweep;
  readonly dead: ReadonlySet<string>;
  readonly place: string;
}

/** Before anything goes: what is missing afterwards was pruned, also when this process is killed now. */
async function record(
  project: Project,
  found: Found & { readonly rule: PruningRecord['rule'] },
): Promise<void> {
  const { sweep, retention, dead } = found;
  if (sweep.remove.length === 0) return;
  const going = new Set(sweep.remove.map(({ name }) => name.slice(0, 64)));
  const artifacts = new Map<string, PruningRecord['artifacts'][number]>();
  for (const run of retention.pruned) {
    for (const { digest, name, bytes } of run.artifacts) {
      if (dead.has(digest) && going.has(digest)) {
        artifacts.set(digest, { digest, name, bytes, model: run.model, run: run.id });
      }
    }
  }
  const origin = await project.origin();
  const records: PruningRecord[] = [];
  const named = [...artifacts.values()];
  for (let at = 0; at < sweep.remove.length; at += BLOBS_A_RECORD) {
    const blobs = sweep.remove.slice(at, at + BLOBS_A_RECORD);
    records.push(
      pruningRecord.parse({
        schema: 'assay/pruning@1',
        ...project.stamp(),
        ...origin,
        rule: found.rule,
        artifacts: named.splice(
          0,
          at + BLOBS_A_RECORD >= sweep.remove.length ? named.length : BLOBS_A_RECORD,
        ),
        blobs: blobs.map(({ name }) => name),
        bytes: blobs.reduce((sum, blob) => sum + blob.bytes, 0),
      }),
    );
  }
  await (await project.history()).append(records);
}

async function remove(
  request: SweepRequest,
  { sweep, world }: { readonly sweep: Sweep; readonly world: World },
): Promise<{ readonly count: number; readonly bytes: number }> {
  const progress = world.terminal.progress('removing');
  let done = 0;
  try {
    return await applySweep(request, sweep, () => progress.update(++done, sweep.remove.length));
  } finally {
    progress.end();
  }
}

interface Removed {
  readonly count: number;
  readonly bytes: number;
  readonly leftovers: { readonly count: number; readonly bytes: number };
}

function outcomeOf(found: Found, removed: Removed | undefined): Outcome {
  const { sweep, retention } = found;
  const planned = {
    count: sweep.remove.length,
    bytes: sweep.remove.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  const { count, bytes } = removed ?? planned;
  const models = perModel(found);
  return {
    exit: 0,
    json: {
      applied: removed !== undefined,
      removed: { count, bytes },
      leftovers: removed?.leftovers ?? null,
      kept: { runs: retention.kept.size, ...sweep.kept },
      reasons: countBy([...retention.kept.values()].map(reasonGroup)),
      young: sweep.young.length,
      unknown: {
        count: sweep.unknown.length,
        bytes: sweep.unknown.reduce((sum, blob) => sum + blob.bytes, 0),
      },
      models,
      blobs: sweep.remove.map(({ name, bytes }) => ({ name, bytes })),
    },
    text: textOf(found, { models, removed, count, bytes }),
    outputs: { removed: String(count), bytes: String(bytes) },
  };
}

interface ModelRow {
  readonly model: string;
  readonly kept: number;
  readonly pruned: number;
  readonly files: number;
  readonly bytes: number;
}

/** What two models share is counted with the first. */
function perModel({ survey, retention, sweep }: Found): readonly ModelRow[] {
  const going = new Map(sweep.remove.map((blob) => [blob.name.slice(0, 64), blob]));
  return [...new Set(survey.runs.map((run) => run.model))].sort().map((model) => {
    const pruned = retention.pruned.filter((run) => run.model === model);
    const gone = pruned.flatMap((run) => run.artifacts).filter(({ digest }) => going.delete(digest));
    return {
      model,
      kept: survey.runs.filter((run) => run.model === model && retention.kept.has(run.id)).length,
      pruned: pruned.length,
      files: gone.length,
      bytes: gone.reduce((sum, one) => sum + one.bytes, 0),
    };
  });
}

function textOf(
  found: Found,
  of: {
    readonly models: readonly ModelRow[];
    readonly removed: Removed | undefined;
    readonly count: number;
    readonly bytes: number;
  },
): string {
  const { sweep, retention, place } = found;
  const reasons = Object.entries(countBy([...retention.kept.values()].map(reasonGroup))).sort();
  const unknown = sweep.unknown.reduce((sum, blob) => sum + blob.bytes, 0);
  const right = { align: 'right' } as const;
  const table = textTable({
    columns: [
      { title: 'model' },
      { title: 'runs kept', ...right },
      { title: 'runs pruned', ...right },
      { title: 'artifacts', ...right },
      { title: 'bytes', ...right },
    ],
    rows: of.models.map((row) => [
      row.model,
      String(row.kept),
      String(row.pruned),
      String(row.files),
      formatBytes(row.bytes),
    ]),
  });
  const lines = [
    ...(of.models.length > 0 ? [table, ''] : []),
    `kept in ${terminalText(place)}: ${plural(sweep.kept.count, 'blob')} (${formatBytes(sweep.kept.bytes)})`,
    ...(reasons.length > 0
      ? [`why runs are kept: ${reasons.map(([why, n]) => `${n} ${why}`).join(', ')}`]
      : []),
    ...(sweep.young.length > 0
      ? [`${plural(sweep.young.length, 'blob')} not needed but left, being younger than ${GRACE_DAYS} days`]
      : []),
    ...(sweep.unknown.length > 0
      ? [
          `${plural(sweep.unknown.length, 'blob')} (${formatBytes(unknown)}) that no record of this history names, left as they are`,
        ]
      : []),
  ];
  const what = `${plural(of.count, 'blob')} (${formatBytes(of.bytes)})`;
  if (of.removed) {
    const { leftovers } = of.removed;
    const more =
      leftovers.count > 0 ? `, and ${plural(leftovers.count, 'leftover')} of broken transfers` : '';
    return [...lines, `removed: ${what}${more}`].join('\n');
  }
  if (of.count === 0) return [...lines, 'nothing to remove'].join('\n');
  return [...lines, `would remove ${what}; do it: assay prune --apply`].join('\n');
}

/** `version income@v1.2.0` is one of `version`. */
function reasonGroup(why: string): string {
  return /^(version|accepted|baseline|parent)\b/.exec(why)?.[1] ?? why;
}

function countBy(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
