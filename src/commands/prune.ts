import { applySweep, planSweep, type Sweep, type SweepRequest } from '../artifacts/sweep.js';
import type { World } from '../world.js';
import { defineVerb } from './command-line/verb.js';
import { openBlobs, transferWorld } from './project/artifacts.js';
import { openProject } from './project/project.js';
import { condemn } from './prune/condemn.js';
import { noting, refuseDoubts, refuseFork } from './prune/doubts.js';
import { GRACE_DAYS } from './prune/found.js';
import { readLiveAgain, readNeeds, ruleOf } from './prune/needed.js';
import { outcomeOf } from './prune/outcome.js';

const DAY_MS = 86_400_000;
const ORPHAN_DAYS = 30;

export const prune = defineVerb(
  {
    name: 'prune',
    summary: 'remove artifacts that nothing needs any more; shows what it would remove unless told --apply',
    description: `Frees space in the store of artifacts. Without --apply nothing is removed: a table says what would be.

Kept are the artifacts of every version that was ever released, of every run that was accepted, of the newest runs of
each model (retention.runs in assay.yml, 50 unless set), of runs younger than retention.age (90d unless set), of the
runs that branches are compared with (the newest on each branch, and the nearest measured one at or before the place
where it left the main branch), and of whatever a kept run goes back to or was compared with.

Every output of a dataset's steps is kept. Records are never removed: of a pruned run everything can still be read but its files. What is removed is recorded
before it goes, so that assay history verify tells it from what was lost. What was stored in the last 7 days is left
alone, for a training may be under way; so is what no record of this history names, which may belong to another
repository that shares the store (--orphans removes it when it is older than 30 days). While it removes, it reads the
history again and again: what somebody has come to need meanwhile stays.

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
    const now = world.clock.now();
    const needs = await readNeeds(project, { world, rule, now });
    if (input.options.apply) refuseDoubts(doubts);
    const dead = new Set(
      needs.retention.pruned
        .flatMap((run) => run.artifacts.map(({ digest }) => digest))
        .filter((one) => !needs.live.has(one)),
    );
    const { config, root, store, github } = project;
    const request: SweepRequest = {
      blobs: await openBlobs({ world, settings: config.artifacts, root, store, github }),
      world: transferWorld(world),
      live: needs.live,
      dead,
      condemned: needs.survey.condemned,
      youngSince: new Date(now.getTime() - GRACE_DAYS * DAY_MS),
      orphansBefore: input.options.orphans ? new Date(now.getTime() - ORPHAN_DAYS * DAY_MS) : undefined,
      liveNow: () => readLiveAgain({ world, config: input.config, rule, now }),
    };
    const sweep = await planSweep(request);
    const found = { ...needs, sweep, dead, place: request.blobs.place };
    if (!input.options.apply) return outcomeOf(found, undefined);
    await condemn(project, { ...found, rule: { ...rule, orphans: input.options.orphans } });
    const removed = await remove(request, { sweep, world });
    const leftovers = await request.blobs.tidy(new Date(now.getTime() - DAY_MS));
    return outcomeOf(found, { ...removed, leftovers });
  },
);

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
