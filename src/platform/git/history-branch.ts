import { join } from 'node:path';
import { OutsideError, UserError } from '../../errors.js';
import { plural } from '../../format.js';
import type { StoredRecord } from '../../history/archive.js';
import type { Clock, Randomness } from '../../history/port.js';
import type { AnyRecord } from '../../history/record.js';
import { placeRecord } from '../../history/stored.js';
import { sweepPartials, sweepScratch } from '../local/scratch.js';
import { type Author, localView, type Plan, putLocally } from './append.js';
import { fetchForReading, putAtRemote } from './append-remote.js';
import { checkBranchName } from './branch.js';
import { remoteView } from './bring.js';
import { PathTaken } from './commit.js';
import { type Environment, type Git, openGit } from './git.js';
import { type Mirror, openMirror } from './mirror.js';
import { type ObjectReader, openObjectReader } from './object-reader.js';
import { findPlace, type Place } from './place.js';
import { putFitting } from './record-plan.js';
import { DEFAULT_REMOTE, openRemote, remoteName } from './remote.js';
import { hashOfRepository, identityOf, readSettings } from './settings.js';
import type { BranchView } from './units.js';
import { keepUnsent, openUnsent } from './unsent.js';

export interface BranchOptions {
  readonly folder: string;
  readonly env: Environment;
  /** The orphan branch that holds the records. */
  readonly branch: string;
  /** Whether records go to the remote; without one they stay on the local branch. */
  readonly push: boolean;
  /** Whether the remote's records are read although none may be sent: the job of a fork. */
  readonly readRemote?: boolean;
  readonly randomness: Randomness;
  readonly clock: Clock;
  readonly warn: (line: string) => void;
}

/** The branch: where it is known, and how something is put on it. */
export interface Branch {
  readonly git: Git;
  readonly objects: ObjectReader;
  place(): Promise<Place>;
  /** Each place where the branch is known, at one moment: read once, until this process appends. */
  views(): Promise<readonly BranchView[]>;
  /** What is known of the remote is to be asked for again. */
  forgetViews(): void;
  /** The tip of the local branch alone; undefined when there is none. */
  localView(): Promise<BranchView | undefined>;
  /** Undefined when there is no remote, or none is to be asked. */
  mirror(force?: boolean): Promise<Mirror | undefined>;
  unsent(): Promise<readonly AnyRecord[]>;
  /** Puts records on the branch, together with those that wait; returns the paths that are new. */
  append(records: readonly StoredRecord[]): Promise<readonly string[]>;
  /** Puts any change on the branch, at the remote when there is one. */
  put(plan: Plan, force?: boolean): Promise<readonly string[]>;
  /** Sends what waits and what is on the local branch alone to the remote. */
  send(records: readonly StoredRecord[]): Promise<readonly string[]>;
  readonly name: string;
}

function once<T>(build: () => Promise<T>): () => Promise<T> {
  let built: Promise<T> | undefined;
  return () => {
    built ??= build();
    return built;
  };
}

export function openBranch(options: BranchOptions): Branch {
  const { branch, warn, randomness } = options;
  const git = openGit(options);
  const objects = openObjectReader(git);
  const refs = once(async () => ({
    local: `refs/heads/${branch}`,
    tracking: `refs/remotes/${remoteName(await settings()) ?? DEFAULT_REMOTE}/${branch}`,
  }));
  const place = once(() => findPlace(git));
  const settings = once(() => readSettings(git));
  const hash = once(async () => hashOfRepository(await settings()));
  const store = once(async () => {
    const { top, common } = await place();
    const [folder, ahead] = [join(top, '.assay', 'unsent'), join(common, 'assay', 'sending')];
    // What killed processes left in the making: first of all, so that any verb clears it away.
    const own = [folder, ahead, join(common, 'assay'), join(common, 'assay', 'index')];
    await Promise.all([sweepScratch(), ...own.map(sweepPartials)]);
    return openUnsent({ folder, ahead, warn });
  });
  const openedMirror = once(async () => {
    const known = await settings();
    const remote = await openRemote(git, known);
    if (!remote) return undefined;
    return openMirror({ user: git, place: await place(), settings: known, remote, hash: await hash() });
  });
  const mirror: Branch['mirror'] = async (force = false) =>
    options.push || force ? openedMirror() : undefined;
  const author = once(
    async (): Promise<Author> => ({
      hash: await hash(),
      identity: identityOf(await settings(), git.env),
      now: () => options.clock.now(),
      randomness,
    }),
  );
  /** Undefined until the remote was asked; the tip of this process's own push afterwards. */
  let remoteTip: Promise<string | undefined> | undefined;

  const tipOf = async (ref: string) => (await objects.read(`${ref}^{commit}`))?.id;
  const askRemote = async (known: Mirror): Promise<string | undefined> => {
    try {
      return await fetchForReading({ mirror: known, branch, randomness });
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error;
      warn(`the history at the remote is not known, only what is here: ${error.message}`);
      return known.known(branch);
    }
  };
  let views: Promise<readonly BranchView[]> | undefined;
  const readViews = async (): Promise<readonly BranchView[]> => {
    checkBranchName(branch);
    const known = await mirror(options.readRemote);
    const found: BranchView[] = [];
    if (known) {
      if (options.push) await sendWaiting();
      remoteTip ??= askRemote(known);
      const tip = await remoteTip;
      if (tip !== undefined) found.push(remoteView(known, tip));
    }
    const { local, tracking } = await refs();
    for (const ref of [local, tracking]) {
      const tip = await tipOf(ref);
      if (tip !== undefined && !found.some((view) => view.commit === tip))
        found.push(localView(objects, tip));
    }
    return found;
  };
  /** What an earlier failure left is sent by the next verb, whatever it does; still failing, it waits on. */
  const sendWaiting = once(async () => {
    const waiting = await (await store()).read();
    if (waiting.length === 0) return;
    try {
      await append([]);
    } catch (error) {
      if (!(error instanceof OutsideError || error instanceof UserError)) throw error;
      warn(
        `${plural(waiting.length, 'kept record')} ${waiting.length === 1 ? 'is' : 'are'} not sent yet: ${error.message}`,
      );
    }
  });

  const put: Branch['put'] = async (plan, force) => {
    checkBranchName(branch);
    const known = await mirror(force);
    const by = await author();
    views = undefined;
    if (!known) {
      const landed = await putLocally({
        git,
        objects,
        refs: await refs(),
        common: (await place()).common,
        author: by,
        plan,
      });
      return landed?.added ?? [];
    }
    const landed = await putAtRemote({ mirror: known, branch, author: by, plan });
    if (landed) remoteTip = Promise.resolve(landed.commit);
    else remoteTip = known.known(branch);
    await known.tidy();
    return landed?.added ?? [];
  };
  const tellRefused = (refused: ReadonlyMap<StoredRecord, Error>) => {
    for (const [{ record }, error] of refused)
      warn(`the kept record ${record.id} cannot be sent: ${error.message}`);
  };
  const append: Branch['append'] = async (records) => {
    const own = records.map(({ record }) => record);
    const unsent = await store();
    try {
      const waiting = (await unsent.read()).filter((old) => !own.some(({ id }) => id === old.id));
      // Ahead of the network, so that a kill in the middle of it loses nothing either.
      if (await mirror()) await unsent.keepAhead(own).catch(() => {});
      const { added, refused } = await putFitting({ records, waiting: waiting.map(placeRecord), put });
      tellRefused(refused);
      const kept = new Set([...refused.keys()].map(({ record }) => record.id));
      await unsent.forget([...own, ...waiting.filter(({ id }) => !kept.has(id))]);
      return added;
    } catch (error) {
      if (!(error instanceof PathTaken)) throw await keepUnsent(error, { unsent, records: own, warn });
      await unsent.forget(own);
      throw error;
    }
  };
  return {
    git,
    objects,
    name: branch,
    place,
    views: () => {
      views ??= readViews();
      return views;
    },
    forgetViews: () => {
      views = undefined;
      remoteTip = undefined;
    },
    localView: async () => {
      const tip = await tipOf((await refs()).local);
      return tip === undefined ? undefined : localView(objects, tip);
    },
    mirror,
    unsent: async () => (await store()).read(),
    append,
    put,
    send: async (records) => {
      const unsent = await store();
      const waiting = (await unsent.read()).map(placeRecord);
      const ids = new Set(waiting.map(({ record }) => record.id));
      const all = [...waiting, ...records.filter(({ record }) => !ids.has(record.id))];
      const { added, refused } = await putFitting({
        records: [],
        waiting: all,
        put: (plan) => put(plan, true),
      });
      await unsent.forget(waiting.filter((one) => !refused.has(one)).map(({ record }) => record));
      const [first] = refused;
      if (first === undefined) return added;
      tellRefused(refused);
      throw new UserError(
        `${plural(added.length, 'record')} sent; ${plural(refused.size, 'record')} cannot be: ${first[1].message}`,
        { mend: first[1].mend },
      );
    },
  };
}
