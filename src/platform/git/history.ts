import { join } from 'node:path';
import { OutsideError } from '../../errors.js';
import type { Clock, History, Randomness } from '../../history/port.js';
import { type AnyRecord, recordKind } from '../../history/record.js';
import { isOwner, leftOutReporter, newestFirst, placeRecord } from '../../history/stored.js';
import { addLocally, fetchForReading, keepUnsent, pushRecords } from './append.js';
import { checkBranchName, openCommitter } from './branch.js';
import { type Environment, type Git, openGit } from './git.js';
import { openRemote, type Remote } from './remote.js';
import { openStoredRecords } from './stored-records.js';
import { openUnsent, type Unsent } from './unsent.js';

export interface GitHistoryOptions {
  readonly folder: string;
  readonly env: Environment;
  /** The orphan branch that holds the records. */
  readonly branch: string;
  /** Whether records go to the remote `origin`; without one they stay on the local branch. */
  readonly push: boolean;
  readonly randomness: Randomness;
  readonly clock: Clock;
  readonly warn: (line: string) => void;
}

/** Everything an append or a reading needs, found out once. */
interface Place {
  readonly git: Git;
  /** Undefined when records stay local. */
  readonly remote: Remote | undefined;
  readonly unsent: Unsent;
}

/**
 * The history on a branch of the repository. The user's checkout, index and config are never touched: objects and refs
 * are written by plumbing. Two writers cannot conflict in content, so whoever comes second puts the same files on the
 * new tip and tries again.
 */
export function gitHistory(options: GitHistoryOptions): History {
  const { branch, warn } = options;
  const git = openGit(options);
  const refs = {
    local: `refs/heads/${branch}`,
    tracking: `refs/remotes/origin/${branch}`,
    // Outside refs/heads and refs/remotes, so that it shows in no list of branches.
    fetched: `refs/assay/remote/${branch}`,
  };
  const committer = openCommitter(git, options.clock);
  const stored = openStoredRecords(git);
  const report = leftOutReporter(warn);
  let opened: Promise<Place> | undefined;
  const place = () => {
    opened ??= openPlace(git, options);
    return opened;
  };
  let fetched: Promise<void> | undefined;

  const tips = async (): Promise<readonly string[]> => {
    const { remote } = await place();
    if (remote) {
      fetched ??= fetchForReading({ git, remote, refs, randomness: options.randomness }).catch(
        (error: unknown) => {
          if (!(error instanceof OutsideError)) throw error;
          warn(`the history at the remote is not known, only what is here: ${error.message}`);
        },
      );
      await fetched;
    }
    const args = ['for-each-ref', '--format=%(objectname)', refs.fetched, refs.tracking, refs.local];
    return [...new Set((await git.text(args)).split('\n').filter(Boolean))];
  };

  const read = async (wanted: { readonly prefix: string; readonly idPrefix: string }) => {
    const problems = new Map<string, string>();
    const commits = await tips();
    const records = [...(await stored.read(commits, wanted, problems))];
    const known = new Set(records.map((record) => record.id));
    for (const record of await (await place()).unsent.read()) {
      const matches =
        placeRecord(record).path.startsWith(wanted.prefix) && record.id.startsWith(wanted.idPrefix);
      if (matches && !known.has(record.id)) records.push(record);
    }
    report(problems);
    return newestFirst(records);
  };

  return {
    append: async (records) => {
      const { remote, unsent } = await place();
      const waiting = (await unsent.read()).filter((old) => !records.some((record) => record.id === old.id));
      const all = [...records, ...waiting];
      if (all.length === 0) return;
      const { randomness } = options;
      const parts = {
        git,
        refs,
        committer,
        randomness,
        files: all.map(placeRecord),
        message: messageFor(all),
      };
      try {
        await (remote ? pushRecords({ ...parts, remote }) : addLocally(parts));
      } catch (error) {
        throw await keepUnsent(error, unsent, records);
      }
      await unsent.forget(all);
    },
    list: async ({ kind, owner }) => {
      if (owner !== undefined && !isOwner(owner)) return [];
      return read({ prefix: `${kind}s/${owner === undefined ? '' : `${owner}/`}`, idPrefix: '' });
    },
    find: async (idPrefix) => (idPrefix === '' ? [] : read({ prefix: '', idPrefix })),
  };
}

async function openPlace(git: Git, options: GitHistoryOptions): Promise<Place> {
  const top = await git.run(['rev-parse', '--show-toplevel']);
  // A bare repository has no top; its records still have a folder to wait in.
  const folder = top.code === 0 ? top.stdout.toString('utf8').trim() : options.folder;
  await checkBranchName(git, options.branch);
  const remote = options.push ? await openRemote(git) : undefined;
  return { git, remote, unsent: openUnsent(join(folder, '.assay', 'unsent'), options.warn) };
}

function messageFor(records: readonly AnyRecord[]): string {
  const names = records.map((record) =>
    [recordKind(record), record.model ?? record.dataset, record.id].filter(Boolean).join(' '),
  );
  const [first = ''] = names;
  if (names.length === 1) return first;
  return `${first} and ${names.length - 1} more\n\n${names.join('\n')}`;
}
