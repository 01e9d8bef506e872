import { createHash } from 'node:crypto';
import { UserError } from '../../errors.js';
import type { Archive, ArchiveSize, StoredRecord } from '../../history/archive.js';
import { placeRecord } from '../../history/stored.js';
import type { Upgrade } from '../../history/upgrade.js';
import { compactionPlan, type Folded } from './compact.js';
import type { Branch } from './history-branch.js';
import { planFor } from './record-plan.js';
import { readUnits } from './stored-records.js';
import { type BranchView, filesOf, type Problems, type Unit, unitsOf } from './units.js';

/** Moving and upkeep of the history on a branch. */
export function gitArchive(
  branch: Branch,
  options: {
    readonly report: (problems: Problems) => void;
    readonly upgrades: readonly Upgrade[];
  },
): Archive {
  const allUnits = async (problems: Problems): Promise<readonly Unit[]> => {
    const lists = await Promise.all((await branch.views()).map((view) => unitsOf(view, {}, problems)));
    return [...new Map(lists.flat().map((unit) => [`${unit.path} ${unit.id}`, unit])).values()];
  };

  const records: Archive['records'] = async function* (onProblem) {
    const problems: Problems = new Map();
    const seen = new Set<string>();
    const units = await allUnits(problems);
    const once = onceIn(units, problems);
    for await (const { unit, found, told } of readUnits(units)) {
      for (const [path, why] of told) problems.set(path, why);
      for (const stored of found) {
        if (!once(unit, stored)) continue;
        seen.add(stored.path);
        yield stored;
      }
    }
    for (const record of await branch.unsent()) {
      const stored = placeRecord(record);
      if (!seen.has(stored.path)) yield stored;
    }
    if (onProblem) for (const [path, why] of problems) onProblem(path, why);
    else options.report(problems);
  };

  /** Ids by the path of their record; read once, for a step follows the other. */
  let ids: Map<string, string> | undefined;
  const knownIds = async () => {
    if (ids) return ids;
    ids = new Map();
    for await (const { path, record } of records()) ids.set(record.id, path);
    return ids;
  };

  return {
    records,
    restore: async (wanted) => {
      const known = await knownIds();
      for (const { path, record } of wanted) {
        const there = known.get(record.id);
        if (there !== undefined && there !== path) {
          throw new UserError(`the history holds a record of the id ${record.id} already, at ${there}`, {
            mend: 'an id names one record for ever: what is imported must not use it for another',
          });
        }
      }
      const kinds = (paths: ReadonlySet<string>) => `import of ${paths.size} records`;
      const added = await branch.put(planFor(wanted, kinds));
      for (const { path, record } of wanted) known.set(record.id, path);
      return { added: added.length, present: wanted.length - added.length };
    },
    send: async () => {
      const mirror = await branch.mirror(true);
      if (!mirror) {
        throw new UserError('there is no remote to send the history to', {
          mend: 'git remote add origin ADDRESS',
        });
      }
      const local = await branch.localView();
      const own: StoredRecord[] = [];
      if (local) {
        for await (const { found } of readUnits(await unitsOf(local, {}, new Map()))) own.push(...found);
      }
      return { sent: (await branch.send(own)).length };
    },
    compact: async (before, onProgress) => {
      const folded: Map<string, Folded> = new Map();
      const { plan, result } = compactionPlan({ before, folded, onProgress, upgrades: options.upgrades });
      await branch.put(plan);
      return result();
    },
    size: async () => sizeOf(branch),
  };
}

/**
 * Whether a record comes for the first time. A month that lies in several parts (on the local branch and at the remote, or
 * with days beside the file of the month) may hold one twice: the same, or, changed by hand, another.
 */
function onceIn(units: readonly Unit[], problems: Problems): (unit: Unit, stored: StoredRecord) => boolean {
  const monthOf = ({ path }: Unit) => path.split('/').slice(0, 4).join('/');
  const parts = new Map<string, number>();
  for (const unit of units) parts.set(monthOf(unit), (parts.get(monthOf(unit)) ?? 0) + 1);
  const known = new Map<string, string>();
  return (unit, stored) => {
    if (parts.get(monthOf(unit)) === 1) return true;
    const { path } = stored;
    const digest = createHash('sha256').update(stored.text).digest('base64');
    const there = known.get(path);
    if (there !== undefined && there !== digest)
      problems.set(path, 'a record of its id is there with other content');
    known.set(path, there ?? digest);
    return there === undefined;
  };
}

async function sizeOf(branch: Branch): Promise<ArchiveSize> {
  let files = 0;
  let widest: ArchiveSize['widest'];
  let largest: ArchiveSize['largest'];
  const [view] = await branch.views();
  if (view) {
    const found = await filesOfView(view);
    files = found.length;
    const folders = new Map<string, number>();
    for (const { path } of found) {
      const folder = path.slice(0, path.lastIndexOf('/'));
      folders.set(folder, (folders.get(folder) ?? 0) + 1);
    }
    for (const [path, entries] of folders) if (entries > (widest?.entries ?? 0)) widest = { path, entries };
    const sizes = await view.objects.sizes(found.map(({ id }) => id));
    for (const [index, bytes] of sizes.entries()) {
      if (bytes > (largest?.bytes ?? -1)) largest = { path: found[index]?.path ?? '', bytes };
    }
  }
  const usage = view
    ? await branch.git.run(['rev-list', '--disk-usage', '--objects', '--end-of-options', view.commit])
    : undefined;
  const bytes = usage?.code === 0 ? Number(usage.stdout.toString('utf8').trim()) : null;
  return { files, largest, widest, bytes, waiting: (await branch.unsent()).length };
}

async function filesOfView(view: BranchView) {
  const units = await unitsOf(view, {}, new Map());
  await view.bring(
    units.map((unit) => unit.id),
    'whole',
  );
  const lists = await Promise.all(units.map((unit) => filesOf(unit, new Map())));
  return lists.flat();
}
