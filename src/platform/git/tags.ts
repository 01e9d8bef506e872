import { OutsideError, UserError } from '../../errors.js';
import type { Tags } from '../../registry/ports.js';
import { type Environment, firstComplaint, type Git, gitFailure, openGit } from './git.js';
import { openRemote, type Remote } from './remote.js';
import { identityEnvironment, readSettings } from './settings.js';

/** Tags of the repository: annotated, never moved. With `push` they are those of the remote `origin` too. */
export function gitTags(options: {
  readonly folder: string;
  readonly env: Environment;
  readonly push: boolean;
}): Tags {
  const git = openGit(options);
  let opened: Promise<Remote | undefined> | undefined;
  const remote = async () => {
    opened ??= options.push ? openRemote(git) : Promise.resolve(undefined);
    return opened;
  };
  return {
    create: async (tag, commit, message) => {
      await checkTagName(git, tag);
      const target = await fullCommit(git, commit);
      const origin = await remote();
      const there = origin ? await remoteCommit(origin, tag) : undefined;
      if (there !== undefined && there !== target) throw taken(tag, there, target);
      await createLocally(git, { tag, commit: target, message });
      if (origin && there === undefined) await pushTag(git, origin, { tag, commit: target });
    },
    list: async (prefix) => {
      const origin = await remote();
      const local = await git.text(['for-each-ref', '--format=%(refname)', 'refs/tags']);
      // A checkout in CI brings no tags along, so the remote is asked.
      const far = origin ? await remoteTags(origin, ['refs/tags/*']) : [];
      const names = [...local.split('\n'), ...far.map((line) => line.ref.replace(/\^\{\}$/, ''))];
      const tags = names.map((name) => name.slice('refs/tags/'.length));
      return [...new Set(tags.filter((tag) => tag !== '' && tag.startsWith(prefix)))].sort();
    },
  };
}

async function checkTagName(git: Git, tag: string): Promise<void> {
  if (!tag.startsWith('-') && (await git.run(['check-ref-format', `refs/tags/${tag}`])).code === 0) return;
  throw new UserError(`${JSON.stringify(tag)} is not a name for a git tag`);
}

async function fullCommit(git: Git, commit: string): Promise<string> {
  const found = await git.run(['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`]);
  if (found.code === 0) return found.stdout.toString('utf8').trim();
  throw new UserError(`there is no commit ${commit} in this clone`, {
    mend: 'a shallow clone may lack it: git fetch --unshallow',
  });
}

function taken(tag: string, there: string, wanted: string): UserError {
  return new UserError(
    `the tag ${tag} exists on commit ${there.slice(0, 12)}, not on ${wanted.slice(0, 12)}`,
    {
      mend: 'a released version never moves: register a new one',
    },
  );
}

interface NewTag {
  readonly tag: string;
  readonly commit: string;
}

async function createLocally(git: Git, tag: NewTag & { readonly message: string }): Promise<void> {
  const before = await localCommit(git, tag.tag);
  if (before === tag.commit) return;
  if (before !== undefined) throw taken(tag.tag, before, tag.commit);
  // The message by standard input: it may be long. --no-sign: a signing key asks for its passphrase.
  const args = ['tag', '--annotate', '--no-sign', '--cleanup=verbatim', '--file=-', tag.tag, tag.commit];
  const made = await git.run(args, {
    env: identityEnvironment(await readSettings(git), git.env),
    input: `${tag.message}\n`,
  });
  if (made.code === 0) return;
  const raced = await localCommit(git, tag.tag);
  if (raced === undefined) throw gitFailure(args, made);
  if (raced !== tag.commit) throw taken(tag.tag, raced, tag.commit);
}

async function localCommit(git: Git, tag: string): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/tags/${tag}^{commit}`];
  const found = await git.run(args);
  return found.code === 0 ? found.stdout.toString('utf8').trim() : undefined;
}

async function remoteTags(
  remote: Remote,
  patterns: readonly string[],
): Promise<readonly { readonly id: string; readonly ref: string }[]> {
  const answer = await remote.run(['ls-remote', '--quiet', remote.name, ...patterns]);
  if (answer.code !== 0) {
    throw new OutsideError(`the tags at the remote cannot be read: ${firstComplaint(answer.stderr)}`, {
      mend: 'check the network and the rights of the token, then run the same command again',
    });
  }
  const lines = answer.stdout.toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => {
    const [id = '', ref = ''] = line.split('\t');
    return { id, ref };
  });
}

/** The commit a tag of the remote stands for: its peeled line when it is annotated. */
async function remoteCommit(remote: Remote, tag: string): Promise<string | undefined> {
  const found = await remoteTags(remote, [`refs/tags/${tag}`, `refs/tags/${tag}^{}`]);
  const line = found.find((entry) => entry.ref.endsWith('^{}')) ?? found[0];
  return line?.id;
}

async function pushTag(git: Git, remote: Remote, { tag, commit }: NewTag): Promise<void> {
  const args = ['push', '--quiet', '--no-verify', '--recurse-submodules=no', remote.name, `refs/tags/${tag}`];
  const pushed = await remote.run(args);
  if (pushed.code === 0) return;
  const there = await remoteCommit(remote, tag).catch(() => undefined);
  if (there === commit) return;
  if (there !== undefined) {
    // Somebody was first; ours was never seen by anyone.
    await git.run(['update-ref', '-d', `refs/tags/${tag}`]);
    throw taken(tag, there, commit);
  }
  throw gitFailure(args, pushed, 'the tag is in this clone; the same command sends it again');
}
