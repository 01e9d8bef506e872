import type { History } from '../history/port.js';
import type { Origin } from '../history/record.js';
import type { Tags } from './ports.js';
import type { StageRecord, VersionRecord } from './record.js';
import { stageOf } from './stages.js';
import { parseTag, stageTag } from './tag.js';

/** Moves a stage to a version (or empties it): a tag and a record, both only ever added. */

export interface Move {
  readonly model: string;
  readonly stage: string;
  /** Null empties the stage. */
  readonly to: VersionRecord | null;
  readonly action: StageRecord['action'];
  /** Id of the decision behind it; null for a rollback. */
  readonly decision: string | null;
  readonly reason: string | null;
}

interface Stores {
  readonly history: History;
  readonly tags: Tags;
  readonly stamp: () => { readonly id: string; readonly time: string };
  readonly origin: Origin;
}

/**
 * The tag goes first: where tags are shared, two moves at one time cannot both have the number, and the one that is
 * refused (UserError of `Tags.create`) has recorded nothing. Killed between the two, the number is passed over.
 *
 * @param records the stage records of the model
 */
export async function moveStage(
  stores: Stores,
  move: Move & { readonly records: readonly StageRecord[] },
): Promise<StageRecord> {
  const { model, stage, to } = move;
  const { live, nextNumber, move: current } = stageOf(move.records, stage);
  const tagged = (await stores.tags.list(`${model}#${stage}`))
    .map(parseTag)
    .flatMap((tag) =>
      tag?.kind === 'stage' && tag.name === model && tag.stage === stage ? [tag.number ?? 0] : [],
    );
  const number = Math.max(nextNumber, ...tagged.map((taken) => taken + 1));
  const tag = stageTag(model, stage, { number, emptied: to === null });
  const commit = to === null ? (current?.commit ?? null) : to.commit;
  const record: StageRecord = {
    schema: 'assay/stage@1',
    ...stores.stamp(),
    ...stores.origin,
    commit,
    model,
    stage,
    number,
    tag,
    version: to?.version ?? null,
    replaces: live,
    action: move.action,
    decision: move.decision,
    reason: move.reason,
  };
  await stores.tags.create(tag, commit ?? '', message(record));
  await stores.history.append([record]);
  return record;
}

function message(record: StageRecord): string {
  const what = record.version === null ? 'emptied' : `v${record.version}`;
  return `${record.model} ${record.stage}: ${record.action} ${what}${record.reason ? `\n\n${record.reason}` : ''}`;
}
