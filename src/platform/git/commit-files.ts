import { isUtf8 } from 'node:buffer';
import { posix } from 'node:path';
import { UserError } from '../../errors.js';
import type { SourceFile } from '../../runs/ports.js';
import { type Environment, type Git, gitFailure, openGit } from './git.js';

/** Files of a folder as the commits of a repository have them, without checking anything out. */
export interface CommitFiles {
  /** Commits that changed one of the paths, as HEAD sees them, oldest first. */
  changing(paths: readonly string[]): Promise<readonly Commit[]>;
  /** A file of the folder at a commit; undefined when it has none there. `elsewhere` may know its content. */
  file(
    commit: string,
    path: string,
    elsewhere?: (path: string) => Promise<Buffer | undefined>,
  ): Promise<SourceFile | undefined>;
}

export interface Commit {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly author: string;
}

/** @param options.folder of the working tree, or the whole of it; throws UserError when it is in no repository */
export async function commitFiles(options: {
  readonly folder: string;
  readonly label: string;
  readonly env: Environment;
}): Promise<CommitFiles> {
  const git = openGit(options);
  const found = await git.run(['rev-parse', '--show-prefix']);
  if (found.code !== 0) throw new UserError(`${options.label} is in no git repository`);
  const prefix = found.stdout.toString('utf8').replace(/\n$/, '');
  return {
    async changing(paths) {
      const args = [
        'log',
        '--reverse',
        '--format=%H%x09%ct%x09%an',
        'HEAD',
        '--',
        ...paths.map((path) => `:(top,literal)${prefix}${path}`),
      ];
      const text = await git.text(args);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const [id = '', seconds = '', ...author] = line.split('\t');
          return { id, time: Number(seconds) * 1000, author: author.join(' ') };
        });
    },
    file: (commit, path, elsewhere) => committed(git, { commit, prefix, path, elsewhere }),
  };
}

interface Place {
  readonly commit: string;
  readonly prefix: string;
  readonly path: string;
  readonly elsewhere: ((path: string) => Promise<Buffer | undefined>) | undefined;
}

async function committed(git: Git, of: Place): Promise<SourceFile | undefined> {
  const whole = posix.normalize(of.prefix + of.path);
  if (whole.startsWith('..') || whole.startsWith('/') || /[\n\0]/.test(whole)) return undefined;
  const content = (await readBlob(git, `${of.commit}:${whole}`)) ?? (await of.elsewhere?.(of.path));
  return content && sourceOf(git, { ...of, content });
}

function sourceOf(git: Git, of: Place & { readonly content: Buffer }): SourceFile {
  const { content, path } = of;
  const named = `${path} at ${of.commit.slice(0, 7)}`;
  return {
    path,
    bytes: content.length,
    head: async (length) => content.subarray(0, length),
    async text(maximumBytes) {
      if (content.length > maximumBytes) throw new UserError(`${named} is too large to be read`);
      if (!isUtf8(content)) throw new UserError(`${named} is not UTF-8 text`);
      return new TextDecoder().decode(content);
    },
    async *chunks() {
      yield new Uint8Array(content);
    },
    beside: (inner) =>
      committed(git, { ...of, path: posix.normalize(posix.join(posix.dirname(path), inner)) }),
    database: () => Promise.reject(new UserError(`${named} is a database, which is not read from commits`)),
  };
}

/** Undefined for what is no file: nothing there, a folder, a link, a submodule. */
async function readBlob(git: Git, name: string): Promise<Buffer | undefined> {
  const args = ['cat-file', '--batch'];
  const result = await git.run(args, { input: `${name}\n` });
  if (result.code !== 0) throw gitFailure(args, result);
  const end = result.stdout.indexOf(10);
  const [, type, bytes] = result.stdout.toString('utf8', 0, end).split(' ');
  return type === 'blob' ? result.stdout.subarray(end + 1, end + 1 + Number(bytes)) : undefined;
}
