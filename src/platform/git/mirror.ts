import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { storeError, temporaryBeside } from '../local/store.js';
import { removeStaleLock } from './branch.js';
import type { Settings } from './environment.js';
import { type Git, type GitResult, openGit } from './git.js';
import { type ObjectReader, openObjectReader } from './object-reader.js';
import type { GitObject, HashName } from './objects.js';
import type { Place } from './place.js';
import { DEFAULT_REMOTE, NETWORK_SECONDS, type Remote } from './remote.js';
import { type GitSettings, serverSettings } from './settings.js';
import { storeObjects } from './store-objects.js';

/**
 * What is known here of the history branch at the remote: a bare repository of Assay's own inside `.git`, so that the
 * tip can be fetched without its history, its records and most of its folders, and the user's repository never becomes
 * shallow or partial, and never grows. All in it can be had again: it may be removed at any time.
 */
export interface Mirror {
  /** Objects that are here, in the mirror or in the user's own repository; never asks the remote. */
  readonly objects: ObjectReader;
  /** Runs git in the mirror, talking to the remote as the user would. */
  run(args: readonly string[], input?: string): Promise<GitResult>;
  /** Brings objects by id. Of a tree, `whole` brings all that is below it, too. */
  bring(ids: readonly string[], extent: 'one' | 'whole'): Promise<GitResult>;
  store(objects: readonly GitObject[]): Promise<void>;
  /** The tip as it was last known here. */
  known(branch: string): Promise<string | undefined>;
  fetchTip(branch: string): Promise<GitResult>;
  push(commit: string, branch: string): Promise<GitResult>;
  /** Locks that a killed git left: younger ones may belong to a git that works. */
  removeStaleLocks(): Promise<void>;
  /** Forgets everything: it is damaged, or the server does not hand out single objects. */
  reset(how: { readonly whole: boolean }): Promise<void>;
  /** Packs what many fetches left, when there is much of it. */
  tidy(): Promise<void>;
}

/**
 * Root, kinds, owners, years and months (gitglossary: depth of a tree filter): what an append changes, but for the folder
 * of the day, which is brought when it is there. The rest, by far the most, stays at the server.
 */
const FILTER = 'tree:5';
const HEAD = 'ref: refs/heads/none\n';
const MANY_PACKS = 100;
/** In one of 256 folders: git itself packs at about 6,700 loose objects in all. */
const MANY_LOOSE = 27;

const FETCH = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  '--no-prune',
];

export async function openMirror(options: {
  readonly user: Git;
  readonly place: Place;
  readonly settings: GitSettings;
  readonly remote: Remote;
  readonly hash: HashName;
}): Promise<Mirror> {
  const { user, place, remote, hash } = options;
  const gitDir = join(place.common, 'assay', 'remote.git');
  await makeMirror(gitDir, { hash, whole: false });
  const settings: Settings = [
    ['http.lowSpeedLimit', '100'],
    ['http.lowSpeedTime', '60'],
    ...serverSettings(options.settings, { of: remote.name, as: DEFAULT_REMOTE }),
    ...remote.authorization,
    ['protocol.version', '2'],
    ['pack.useSparse', 'true'],
    // A file of a closed month is large, and hardly like another: looking for a delta costs minutes and saves nothing.
    ['core.bigFileThreshold', '1m'],
  ];
  const git = openGit({ folder: place.top, env: user.env, own: { gitDir, settings } });
  const look = () =>
    openObjectReader(
      openGit({
        folder: place.top,
        env: user.env,
        own: {
          gitDir: join(gitDir, 'look'),
          objects: join(gitDir, 'objects'),
          alternate: join(place.common, 'objects'),
          settings: [],
        },
      }),
    );
  let objects = look();
  const run = (args: readonly string[], input = '') =>
    git.run(args, { input, timeoutSeconds: NETWORK_SECONDS });
  const talk = (args: readonly string[], input = '') =>
    git.run(args, { input, timeoutSeconds: NETWORK_SECONDS, network: true });
  const isWhole = () =>
    stat(join(gitDir, 'whole')).then(
      () => true,
      () => false,
    );
  return {
    get objects() {
      return objects;
    },
    run,
    bring: (ids, extent) => {
      const filter = extent === 'one' ? '--filter=tree:1' : '--no-filter';
      // Nothing is told about what is here: the server would leave out what it then takes to be here, too.
      const noHaves = ['-c', 'fetch.negotiationAlgorithm=noop'];
      return talk([...noHaves, ...FETCH, filter, '--stdin', DEFAULT_REMOTE], `${ids.join('\n')}\n`);
    },
    store: (made) => storeObjects(git, made, hash),
    known: async (branch) => {
      const args = ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`];
      const found = await git.run(args);
      return found.code === 0 ? found.stdout.toString('utf8').trim() : undefined;
    },
    fetchTip: async (branch) => {
      const filter = (await isWhole()) ? '--no-filter' : `--filter=${FILTER}`;
      const ref = `refs/heads/${branch}`;
      return talk([...FETCH, '--depth=1', '--update-shallow', filter, DEFAULT_REMOTE, `+${ref}:${ref}`]);
    },
    // --no-verify: the team's pre-push hook guards their code, not these records.
    push: (commit, branch) =>
      talk([
        'push',
        '--quiet',
        '--porcelain',
        '--no-verify',
        DEFAULT_REMOTE,
        `${commit}:refs/heads/${branch}`,
      ]),
    removeStaleLocks: () => removeStaleLocks(gitDir),
    reset: async ({ whole }) => {
      await moveAway(gitDir);
      await makeMirror(gitDir, { hash, whole });
      objects = look();
    },
    tidy: async () => {
      const packs = (await namesIn(join(gitDir, 'objects/pack'))).filter((name) => name.endsWith('.pack'));
      const loose = await namesIn(join(gitDir, 'objects/17'));
      await removeUnfinished(join(gitDir, 'objects'));
      if (packs.length < MANY_PACKS && loose.length < MANY_LOOSE) return;
      await run(['gc', '--quiet', '--prune=1.hour.ago']);
    },
  };
}

/** Complete or not at all, also when two processes make it at once. */
async function makeMirror(
  gitDir: string,
  form: { readonly hash: HashName; readonly whole: boolean },
): Promise<void> {
  if (await isMade(gitDir)) return;
  const building = temporaryBeside(gitDir);
  const format = form.hash === 'sha256' ? '\tobjectFormat = sha256\n' : '';
  const look = `[core]\n\trepositoryformatversion = ${format ? 1 : 0}\n\tbare = true\n${format && `[extensions]\n${format}`}`;
  const own = [
    '[core]\n\trepositoryformatversion = 1\n\tbare = true\n',
    // Written here and not by git, so that fetches at one moment do not compete for the lock of this file.
    `[extensions]\n\tpartialClone = origin\n${format}`,
    `[remote "origin"]\n\tpromisor = true\n\tpartialclonefilter = ${FILTER}\n`,
  ].join('');
  try {
    for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'look/refs', 'look/objects']) {
      await mkdir(join(building, folder), { recursive: true });
    }
    await writeFile(join(building, 'config'), own);
    await writeFile(join(building, 'look/config'), look);
    await writeFile(join(building, 'look/HEAD'), HEAD);
    if (form.whole) await writeFile(join(building, 'whole'), '');
    await writeFile(join(building, 'HEAD'), HEAD);
    await rename(building, gitDir).catch(async (error) => {
      if (await isMade(gitDir)) throw error;
      // Something is there that is no mirror any more: a crash, or a hand, took a part of it.
      await moveAway(gitDir);
      await rename(building, gitDir);
    });
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (!(await isMade(gitDir))) throw storeError(error, gitDir);
  }
}

/** First, for a git that still works in it meets either all of it or nothing; then it goes. */
async function moveAway(gitDir: string): Promise<void> {
  const old = temporaryBeside(gitDir);
  await rename(gitDir, old).catch(() => {});
  await rm(old, { recursive: true, force: true });
}

/** Both repositories of it: without a HEAD that can be read, git takes neither for one. */
async function isMade(gitDir: string): Promise<boolean> {
  const heads = ['HEAD', 'look/HEAD'].map((name) => readFile(join(gitDir, name), 'utf8').catch(() => ''));
  return (await Promise.all(heads)).every((head) => head === HEAD);
}

/** Half-written objects of a git that was killed. One that works has written to its file within this time. */
async function removeUnfinished(objects: string): Promise<void> {
  for (const folder of await namesIn(objects)) {
    for (const name of await namesIn(join(objects, folder))) {
      if (!name.startsWith('tmp_')) continue;
      const path = join(objects, folder, name);
      const found = await stat(path).catch(() => undefined);
      const isOld = found !== undefined && Date.now() - found.mtimeMs > 2 * NETWORK_SECONDS * 1000;
      if (isOld) await rm(path, { recursive: true, force: true }).catch(() => {});
    }
  }
}

async function removeStaleLocks(gitDir: string): Promise<void> {
  const locks = ['shallow.lock', 'config.lock', 'HEAD.lock', 'packed-refs.lock'].map((name) =>
    join(gitDir, name),
  );
  const heads = await readdir(join(gitDir, 'refs'), { recursive: true }).catch(() => []);
  for (const name of heads) if (name.endsWith('.lock')) locks.push(join(gitDir, 'refs', name));
  for (const path of locks) await removeStaleLock(path);
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
