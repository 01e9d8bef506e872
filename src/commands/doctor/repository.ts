import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, plural } from '../../format.js';
import type { ArchiveSize } from '../../history/archive.js';
import { RECORD_KINDS } from '../../history/record.js';
import { openGit } from '../../platform/git/git.js';
import { type Check, failedCheck, type Patient } from './check.js';
import { limitCheck } from './limit.js';

/**
 * Where GitHub stops: trees of more entries are cut by its API, larger blobs are refused by its server, and it asks for
 * repositories below 1 GB.
 */
const LIMITS = { entries: 100_000, blobBytes: 100 * 2 ** 20, branchBytes: 2 ** 30 } as const;
const LARGE_STORE = 5e9;

/** The state of the clone, the history and what is kept under .assay. */
export async function repositoryChecks(patient: Patient): Promise<readonly Check[]> {
  return [
    ...(await cloneChecks(patient)),
    ...(await historyChecks(patient)),
    ...(await storeChecks(patient)),
  ];
}

async function cloneChecks({ folder, gitRoot, world }: Patient): Promise<readonly Check[]> {
  if (gitRoot === undefined) {
    const message =
      'not a git repository: the history is kept in .assay/history, and there is no baseline by commit';
    return [{ name: 'repository', state: 'warning', message, mend: 'git init, then commit' }];
  }
  try {
    const git = openGit({ folder, env: world.env });
    const head = await git.run(['rev-parse', '--verify', '--quiet', 'HEAD']);
    if (head.code !== 0) {
      const mend = 'git add -A && git commit -m "first commit"';
      return [{ name: 'repository', state: 'warning', message: 'a git repository without commits', mend }];
    }
    const branch = await git.run(['symbolic-ref', '--short', '--quiet', 'HEAD']);
    const shallow = (await git.text(['rev-parse', '--is-shallow-repository'])) === 'true';
    const checks: Check[] = [];
    if (branch.code === 0) {
      const message = `git repository on the branch ${branch.stdout.toString('utf8').trim()}`;
      checks.push({ name: 'repository', state: 'ok', message });
    } else if (world.runner.kind === 'local') {
      const mend = 'git switch BRANCH; runs are then recorded with their branch';
      checks.push({
        name: 'repository',
        state: 'warning',
        message: 'no branch is checked out (detached HEAD)',
        mend,
      });
    } else {
      checks.push({
        name: 'repository',
        state: 'ok',
        message: 'git repository, detached HEAD as usual in CI',
      });
    }
    if (shallow) {
      const message = 'a shallow clone: baselines may need older commits, which are then fetched';
      const mend = 'with: { fetch-depth: 0 } of actions/checkout, or git fetch --unshallow';
      checks.push({ name: 'shallow', state: 'warning', message, mend });
    }
    return checks;
  } catch (error) {
    return [failedCheck('repository', error)];
  }
}

async function historyChecks(patient: Patient): Promise<readonly Check[]> {
  const { project, gitRoot } = patient;
  if (!project) return [];
  try {
    const history = await project.history();
    const counts = await Promise.all(
      RECORD_KINDS.map(async (kind) => (await history.select({ kind, limit: 1 })).total),
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    const kinds = RECORD_KINDS.flatMap((kind, index) => {
      const count = counts[index] ?? 0;
      return count > 0 ? [plural(count, kind)] : [];
    });
    const settings = project.config.history;
    const isBranch = 'branch' in settings && gitRoot !== undefined;
    const place = isBranch ? `the branch ${settings.branch}` : 'a folder';
    const message =
      total === 0
        ? `history on ${place}: no records yet`
        : `history on ${place} is readable: ${kinds.join(', ')}`;
    const check: Check = { name: 'history', state: 'ok', message };
    return isBranch
      ? [check, ...limitChecks(await (await project.archive()).size(), settings.branch)]
      : [check];
  } catch (error) {
    return [failedCheck('history', error)];
  }
}

/** How far the branch is from where GitHub stops; told from 80 %. */
export function limitChecks(size: ArchiveSize, branch: string): readonly Check[] {
  const compact = 'make one file of each closed month: assay history compact';
  const elsewhere =
    'start another branch: history: { branch: NAME }; the old one stays as it is, and its records may be taken along: assay export jsonl, assay import jsonl';
  const waiting: readonly Check[] =
    size.waiting === 0
      ? []
      : [
          {
            name: 'unsent',
            state: 'warning',
            message: `${plural(size.waiting, 'record')} could not be sent yet and waits in .assay/unsent`,
            mend: 'assay history push',
          },
        ];
  return [
    limitCheck(
      {
        used: size.files,
        limit: LIMITS.entries,
        what: `files on the branch ${branch}`,
        mend: compact,
        isSoft: true,
      },
      String,
    ),
    limitCheck(
      {
        used: size.widest?.entries ?? 0,
        limit: LIMITS.entries,
        what: `files in ${size.widest?.path}`,
        mend: compact,
        isSoft: true,
      },
      String,
    ),
    limitCheck(
      {
        used: size.largest?.bytes ?? 0,
        limit: LIMITS.blobBytes,
        what: `in ${size.largest?.path}`,
        mend: elsewhere,
      },
      formatBytes,
    ),
    limitCheck(
      {
        used: size.bytes ?? 0,
        limit: LIMITS.branchBytes,
        what: `in the branch ${branch} on disk`,
        mend: elsewhere,
        isSoft: true,
      },
      formatBytes,
    ),
    waiting,
  ].flat();
}

async function storeChecks({ project }: Patient): Promise<readonly Check[]> {
  if (!project) return [];
  const bytes = await folderBytes(project.store);
  if (bytes === 0) return [];
  const message = `.assay holds ${formatBytes(bytes)}`;
  if (bytes < LARGE_STORE) return [{ name: 'store', state: 'ok', message }];
  const mend =
    'see what `assay prune` would remove: artifacts that no version, stage, baseline or recent run needs';
  return [{ name: 'store', state: 'warning', message, mend }];
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return folderBytes(path);
    return entry.isFile()
      ? stat(path).then(
          ({ size }) => size,
          () => 0,
        )
      : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
