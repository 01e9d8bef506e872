import { formatBytes, plural } from '../../format.js';
import { terminalText } from '../../report/escape.js';
import { textTable } from '../../report/table.js';
import type { Outcome } from '../command-line/verb.js';
import { type Found, GRACE_DAYS } from './found.js';

/** What a pruning says: a table for people, and all of it as JSON. */

export interface Removed {
  readonly count: number;
  readonly bytes: number;
  readonly leftovers: { readonly count: number; readonly bytes: number };
}

export function outcomeOf(found: Found, removed: Removed | undefined): Outcome {
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
