import { duration } from '../../config/quantities.js';
import { UserError } from '../../errors.js';
import { type Retention, type RetentionRule, retain } from '../../registry/retention.js';
import type { World } from '../../world.js';
import { openProject, type Project } from '../project/project.js';
import { noting, refuseDoubts } from './doubts.js';
import { readReferences, type Surveyed } from './references.js';

/** What the history needs, by rule and by reference. */

export interface Needs {
  readonly survey: Surveyed;
  readonly retention: Retention;
  /** Digests of artifacts that are needed. */
  readonly live: ReadonlySet<string>;
}

export async function readNeeds(
  project: Project,
  of: { readonly world: World; readonly rule: RetentionRule; readonly now: Date },
): Promise<Needs> {
  const survey = await readReferences(project, of.world);
  const retention = retain(of.rule, { ...survey, now: of.now });
  return { survey, retention, live: liveDigests(survey, retention) };
}

/** The digests as they are now: what was recorded since, here or elsewhere, is read as well. */
export async function readLiveAgain(of: {
  readonly world: World;
  readonly config: string;
  readonly rule: RetentionRule;
  readonly now: Date;
}): Promise<ReadonlySet<string>> {
  const doubts: string[] = [];
  const world = noting(of.world, doubts, { quiet: true });
  const project = await openProject(world, of.config, { withRemote: true });
  doubts.length = 0;
  const { live } = await readNeeds(project, { ...of, world });
  refuseDoubts(doubts, 'no more was removed');
  return live;
}

export function ruleOf(
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
