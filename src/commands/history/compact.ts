import { UserError } from '../../errors.js';
import { plural } from '../../format.js';
import { terminalText } from '../../report/escape.js';
import type { World } from '../../world.js';
import type { Outcome } from '../command-line/verb.js';
import { openProject } from '../project/project.js';

export async function compactHistory(
  input: { readonly config: string; readonly before: string | undefined },
  world: World,
): Promise<Outcome> {
  const before = firstOpenMonth(input.before, world.clock.now());
  const project = await openProject(world, input.config);
  const archive = await project.archive();
  const progress = world.terminal.progress('compacting');
  const done = await archive
    .compact(before, (count, total) => progress.update(count, total))
    .finally(() => progress.end());
  const lines = [
    done.months === 0
      ? 'nothing to compact: every closed month is one file already'
      : `${plural(done.records, 'record')} of ${plural(done.months, 'closed month')} are now in ${plural(done.files, 'file')}`,
    ...(done.newer > 0
      ? [`${plural(done.newer, 'record')} of a newer version of Assay left as they are`]
      : []),
    ...done.left.slice(0, 20).map(([path, why]) => `left as it is: ${terminalText(path, 200)}: ${why}`),
    ...(done.left.length > 20 ? [`and ${done.left.length - 20} more`] : []),
  ];
  return {
    exit: 0,
    json: { before: `${before.slice(0, 4)}-${before.slice(4)}`, ...done },
    text: lines.join('\n'),
    outputs: { records: String(done.records), problems: '0' },
  };
}

/** Digits of the first month that is left open: the current one, or an earlier one that was named. */
function firstOpenMonth(text: string | undefined, now: Date): string {
  const current = now.toISOString().slice(0, 7).replace('-', '');
  if (text === undefined) return current;
  const digits = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text)?.slice(1).join('');
  if (digits === undefined) {
    throw new UserError(`--before needs a month, not ${JSON.stringify(text)}`, { mend: '--before 2026-01' });
  }
  // A month that still goes on would have to be folded again and again.
  if (digits <= current) return digits;
  throw new UserError(`--before ${text}: only months that are over can be compacted`);
}
