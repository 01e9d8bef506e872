import { UserError } from '../errors.js';
import type { StageRecord } from './record.js';

/** What the append-only stage records of one model say: what is live where, what was, and what to go back to. */

export interface StageState {
  /** The version that is live; null for an empty stage. */
  readonly live: string | null;
  /** The move that made it so; null when nothing was ever moved. */
  readonly move: StageRecord | null;
  /** The version a rollback goes to; null when there is none. */
  readonly before: string | null;
  /** The number of the next move. */
  readonly nextNumber: number;
}

/** A version and when it was live on a stage. */
export interface LivePeriod {
  readonly version: string;
  /** RFC 3339. */
  readonly from: string;
  /** Null: it is live now. */
  readonly until: string | null;
}

/**
 * What is live on a stage now, and what a rollback goes back to.
 *
 * The moves are replayed in the order of their numbers (ids settle ties; clocks of different machines do not decide)
 * onto a trail of versions, whose last one is live:
 * - a promotion adds its version to the end;
 * - a rollback cuts the trail back to the last earlier place where its version stands. So rolling back twice walks two
 *   versions back, because the version left behind is no longer on the trail; it does not return to it. A version left
 *   behind can be rolled "back" to by name, which adds it to the end;
 * - a rollback to the very version that the move before it replaced takes that move back: the trail is as it was before
 *   it. This is how a promotion whose deployment failed leaves no trace in what a later rollback goes to.
 *
 * @param records of one model, in any order; those of other stages are passed over
 */
export function stageOf(records: readonly StageRecord[], stage: string): StageState {
  const moves = movesOf(records, stage);
  const trail = replay(moves);
  return {
    live: trail.at(-1) ?? null,
    move: moves.at(-1) ?? null,
    before: trail.at(-2) ?? null,
    nextNumber: Math.max(0, ...moves.map((move) => move.number)) + 1,
  };
}

function movesOf(records: readonly StageRecord[], stage: string): readonly StageRecord[] {
  return records
    .filter((record) => record.stage === stage)
    .sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : 1));
}

function replay(moves: readonly StageRecord[]): readonly string[] {
  let trail: readonly string[] = [];
  let earlier: readonly string[] | undefined;
  for (const move of moves) {
    const before = trail;
    trail = afterMove(trail, move, earlier);
    earlier = before;
  }
  return trail;
}

function afterMove(
  trail: readonly string[],
  move: StageRecord,
  earlier: readonly string[] | undefined,
): readonly string[] {
  const { version, action } = move;
  if (action === 'rollback' && earlier && (earlier.at(-1) ?? null) === version) return earlier;
  if (version === null) return [];
  if (version === trail.at(-1)) return trail;
  if (action === 'promote') return [...trail, version];
  const place = trail.slice(0, -1).lastIndexOf(version);
  return place === -1 ? [...trail, version] : trail.slice(0, place + 1);
}

/** Every stage that a model was ever moved to, in alphabetical order. */
export function stagesOf(records: readonly StageRecord[]): readonly string[] {
  return [...new Set(records.map((record) => record.stage))].sort();
}

/** Every version that was ever live on a stage, with its time, oldest first. */
export function livePeriods(records: readonly StageRecord[], stage: string): readonly LivePeriod[] {
  const moves = movesOf(records, stage);
  return moves.flatMap((move, index) =>
    move.version === null
      ? []
      : [{ version: move.version, from: move.time, until: moves[index + 1]?.time ?? null }],
  );
}

/**
 * What was live on a stage on a date: for a day (`2026-11-24`, UTC) every version that was live at some time of it, in
 * order; for an instant (RFC 3339) the one that was live then, if any.
 * Throws UserError when `date` is neither.
 */
export function liveOn(
  records: readonly StageRecord[],
  at: { readonly stage: string; readonly date: string },
): readonly LivePeriod[] {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(at.date);
  const start = Date.parse(isDay ? `${at.date}T00:00:00Z` : at.date);
  if (Number.isNaN(start) || !/^\d{4}-\d{2}-\d{2}/.test(at.date)) {
    throw new UserError(`${JSON.stringify(at.date)} is not a date`, {
      mend: 'write 2026-11-24, or 2026-11-24T09:30:00Z for an instant',
    });
  }
  const end = isDay ? start + 86_400_000 : start + 1;
  return livePeriods(records, at.stage).filter(
    (period) => Date.parse(period.from) < end && (period.until === null || Date.parse(period.until) > start),
  );
}

/**
 * The version a rollback goes to: the one named, or the one that was live before.
 * Throws UserError when there is none, or when the one named was never live on the stage.
 */
export function rollbackTarget(
  records: readonly StageRecord[],
  wanted: { readonly model: string; readonly stage: string; readonly version: string | undefined },
): string {
  const { model, stage, version } = wanted;
  const state = stageOf(records, stage);
  if (state.move === null) {
    const others = stagesOf(records);
    throw new UserError(`${model} was never on ${stage}`, {
      mend:
        others.length > 0
          ? `stages there are: ${others.join(', ')}`
          : `assay promote ${model}@VERSION --to ${stage}`,
    });
  }
  const lived = [...new Set(livePeriods(records, stage).map((period) => period.version))];
  if (version === undefined) {
    if (state.before !== null) return state.before;
    const others = lived.filter((each) => each !== state.live).map((each) => `v${each}`);
    throw new UserError(
      state.live === null
        ? `${stage} of ${model} is empty, so there is nothing to roll back`
        : `there is nothing to roll back to: no version was live on ${stage} of ${model} before v${state.live}`,
      others.length > 0
        ? { mend: `live at another time: ${others.join(', ')}; go there with --to VERSION` }
        : {},
    );
  }
  if (lived.includes(version)) return version;
  throw new UserError(`v${version} was never live on ${stage} of ${model}`, {
    mend: `live at some time: ${lived.map((each) => `v${each}`).join(', ')}; for a new version: assay promote ${model}@v${version} --to ${stage}`,
  });
}
