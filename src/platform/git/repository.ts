import type { Repository } from '../../compare/ports.js';
import { type Environment, firstComplaint, type Git, gitFailure, openGit } from './git.js';
import { DEFAULT_REMOTE, openRemote, type Remote, remoteName } from './remote.js';
import { readSettings } from './settings.js';

/** Commits by which a shallow clone is deepened, one step after another, before all of it is fetched. */
const DEEPEN_BY = [32, 128, 512, 2048] as const;
/** More than this by one step is not worth the wait when only ancestors are looked for. */
const MAXIMUM_DEEPENING = 2048;

/** The code repository around `folder`. Throws UserError from its methods when it is not one. */
export function gitRepository(options: {
  readonly folder: string;
  readonly env: Environment;
  readonly warn: (line: string) => void;
  /** Asks whoever has the whole history, before a shallow clone fetches any; undefined when that is not known. */
  readonly askMergeBase?: (a: string, b: string) => Promise<string | undefined>;
}): Repository {
  const git = openGit(options);
  const clone = openClone(git, options.warn);
  return {
    head: () => readHead(git),
    resolve: async (revision) => (await resolveLocally(git, revision)) ?? (await clone.lookUp(revision)),
    mergeBase: async (a, b) => {
      for (const step of [undefined, ...DEEPEN_BY, 'all'] as const) {
        if (step !== undefined && !(await clone.deepen([a, b], step))) return undefined;
        const base = await mergeBase(git, a, b);
        if (base !== undefined) return base;
        const asked = step === undefined && (await clone.isShallow()) && (await options.askMergeBase?.(a, b));
        if (asked) return asked;
      }
      return undefined;
    },
    ancestors: async (commit, limit) => {
      const known = await ancestors(git, commit, limit);
      if (known.length >= limit) return known;
      const deeper = await clone.deepen([commit], Math.min(limit, MAXIMUM_DEEPENING));
      return deeper ? ancestors(git, commit, limit) : known;
    },
  };
}

async function readHead(git: Git): Promise<Awaited<ReturnType<Repository['head']>>> {
  // Untracked files count as dirty too, for a training may read them; `.assay/` is our own.
  const args = ['status', '--porcelain=v2', '--branch', '--untracked-files=normal', '-z', '--'];
  const status = await git.text([...args, ':/', ':(top,exclude).assay']);
  const lines = status.split('\0').filter(Boolean);
  const value = (key: string) =>
    lines.find((line) => line.startsWith(`# ${key} `))?.slice(`# ${key} `.length);
  const commit = value('branch.oid');
  const branch = value('branch.head');
  return {
    commit: commit === undefined || commit === '(initial)' ? null : commit,
    branch: branch === undefined || branch === '(detached)' ? null : branch,
    dirty: lines.some((line) => !line.startsWith('# ')),
  };
}

/** A local branch before one of the remote, before a tag, before an id or any other way to name a commit. */
async function resolveLocally(git: Git, revision: string): Promise<string | undefined> {
  if (revision === '' || /[\0\n]/.test(revision)) return undefined;
  const named = await commitAmong(git, [
    `refs/heads/${revision}`,
    `refs/remotes/${DEFAULT_REMOTE}/${revision}`,
    `refs/tags/${revision}`,
    revision,
  ]);
  if (named !== undefined) return named;
  const remote = remoteName(await readSettings(git));
  if (remote === undefined || remote === DEFAULT_REMOTE) return undefined;
  return commitAmong(git, [`refs/remotes/${remote}/${revision}`]);
}

async function commitAmong(git: Git, names: readonly string[]): Promise<string | undefined> {
  // By standard input, so that a name that starts with a dash is never an option.
  const answer = await git.text(['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: `${names.map((name) => `${name}^{commit}`).join('\n')}\n`,
  });
  const found = answer.split('\n').map((line) => /^([0-9a-f]{40,64}) commit$/.exec(line)?.[1]);
  return found.find((commit) => commit !== undefined);
}

async function mergeBase(git: Git, a: string, b: string): Promise<string | undefined> {
  const result = await git.run(['merge-base', '--end-of-options', a, b]);
  // 1: no common ancestor; 128: a commit that is not here.
  return result.code === 0 ? result.stdout.toString('utf8').trim() : undefined;
}

async function ancestors(git: Git, commit: string, limit: number): Promise<readonly string[]> {
  const args = ['rev-list', '--topo-order', `--max-count=${limit}`, '--end-of-options', commit];
  const result = await git.run(args);
  if (result.code !== 0) return [];
  return result.stdout.toString('utf8').split('\n').filter(Boolean);
}

interface Clone {
  isShallow(): Promise<boolean>;
  /** The remote's branch or tag of that name; asked only in a shallow clone, which often knows one branch alone. */
  lookUp(name: string): Promise<string | undefined>;
  /** Moves the boundary of a shallow clone, and brings commits it lacks; false when there is nothing to deepen or the remote does not answer. */
  deepen(commits: readonly string[], by: number | 'all'): Promise<boolean>;
}

/**
 * What may be fetched into the user's clone. Always `--deepen` and `--unshallow`, never `--depth`, which cuts the
 * history of a full clone; and nothing at all into a full clone. Wanted commits are named by id, so that no ref of the
 * user's moves.
 */
function openClone(git: Git, warn: (line: string) => void): Clone {
  let remote: Promise<Remote | undefined> | undefined;
  let gaveUp = false;
  const isShallow = async () => (await git.text(['rev-parse', '--is-shallow-repository'])) === 'true';
  const reach = async () => {
    remote ??= openRemote(git);
    return gaveUp ? undefined : await remote;
  };
  const fetch = async (flags: readonly string[], wanted: readonly string[]): Promise<boolean> => {
    const origin = await reach();
    if (!origin) return false;
    const args = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      ...flags,
    ];
    const exact = await origin.run([...args, origin.name, ...wanted]);
    if (exact.code === 0) return true;
    // A commit that only this clone has, or a server that hands out branches only.
    const branches = await origin.run([...args, origin.name]);
    if (branches.code === 0) return true;
    gaveUp = true;
    warn(`history beyond this shallow clone is not known: ${gitFailure(args, branches).message}`);
    return false;
  };
  return {
    isShallow,
    lookUp: async (name) => {
      if (!/^[^-\s:?*[\\~^]+$/.test(name) || !(await isShallow())) return undefined;
      const origin = await reach();
      const refs = [`refs/heads/${name}`, `refs/tags/${name}^{}`, `refs/tags/${name}`];
      const answer = await origin?.run(['ls-remote', '--quiet', origin.name, ...refs]);
      if (!answer) return undefined;
      if (answer.code !== 0) {
        gaveUp = true;
        warn(`${name} cannot be looked up at the remote: ${firstComplaint(answer.stderr)}`);
        return undefined;
      }
      const lines = answer.stdout
        .toString('utf8')
        .split('\n')
        .map((line) => line.split('\t'));
      return refs.map((ref) => lines.find((line) => line[1] === ref)?.[0]).find((id) => id !== undefined);
    },
    deepen: async (commits, by) => {
      if (!(await isShallow())) return false;
      return fetch([by === 'all' ? '--unshallow' : `--deepen=${by}`], commits);
    },
  };
}
