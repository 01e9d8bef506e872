import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { OutsideError } from '../../errors.js';
import { firstComplaint, type Git } from './git.js';
import type { GitObject, ObjectType } from './objects.js';

/**
 * Objects of a repository by one `git cat-file` for the whole life of the process: git starts in 5 ms, and a hundred
 * starts are what a person waits for.
 */
export interface ObjectReader {
  /** By id, or by any name that git resolves (`refs/heads/assay^{commit}`); undefined when there is none. */
  read(name: string): Promise<GitObject | undefined>;
  /** Whether the object of that id is here. */
  has(id: string): Promise<boolean>;
  /** In bytes, in the order asked; -1 for one that is not here. */
  sizes(ids: readonly string[]): Promise<readonly number[]>;
  /** Many by id, in the order asked, with the memory of a few; undefined for one that is not there. */
  stream(ids: readonly string[], limit: number): AsyncGenerator<StreamedObject>;
}

/** An object over the limit is told by its size, and never held in memory. */
export type StreamedObject = GitObject | { readonly tooLarge: number } | undefined;

export function openObjectReader(git: Git): ObjectReader {
  let talk: Conversation | undefined;
  let check: Conversation | undefined;
  return {
    read: (name) => {
      if (talk === undefined || talk.ended) talk = new Conversation(git, '--batch');
      return talk.ask(name);
    },
    has: async (id) => {
      if (check === undefined || check.ended) check = new Conversation(git, '--batch-check');
      return (await check.ask(id)) !== undefined;
    },
    sizes: async (ids) => {
      if (ids.length === 0) return [];
      const args = ['cat-file', '--batch-check=%(objectsize)'];
      const listing = await git.text(args, { input: `${ids.join('\n')}\n` });
      return listing.split('\n').map((line) => (/^\d+$/.test(line) ? Number(line) : -1));
    },
    stream: (ids, limit) => streamObjects(git, ids, limit),
  };
}

interface Question {
  readonly answer: (object: GitObject | undefined) => void;
  readonly fail: (error: unknown) => void;
}

/** Keeps the process alive while a question is open, and never longer. */
class Conversation {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #parser: BatchParser;
  readonly #open: Question[] = [];
  #stderr = '';
  ended = false;

  constructor(git: Git, mode: '--batch' | '--batch-check') {
    this.#parser = new BatchParser(mode === '--batch' ? Number.POSITIVE_INFINITY : 'heads');
    this.#child = git.start(['cat-file', mode]);
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8');
    });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      for (const object of this.#parser.push(chunk))
        this.#open.shift()?.answer(object && 'id' in object ? object : undefined);
      if (this.#open.length === 0) this.#hold(false);
    });
    this.#child.on('error', (cause) => this.#end(git.explain({ cause }) ?? cause));
    this.#child.on('close', (code) => {
      const why = git.explain({ stderr: this.#stderr });
      this.#end(why ?? new OutsideError(`git cat-file ended (${code}): ${firstComplaint(this.#stderr)}`));
    });
    this.#hold(false);
  }

  ask(name: string): Promise<GitObject | undefined> {
    return new Promise((answer, fail) => {
      if (/[\n\0]/.test(name)) throw new Error('a name of an object has one line');
      this.#open.push({ answer, fail });
      this.#hold(true);
      this.#child.stdin.write(`${name}\n`);
    });
  }

  #hold(on: boolean): void {
    for (const part of [this.#child, ...this.#child.stdio]) {
      if (part && 'ref' in part) (part as { ref(): void; unref(): void })[on ? 'ref' : 'unref']();
    }
  }

  #end(error: Error): void {
    this.ended = true;
    for (const question of this.#open.splice(0)) question.fail(error);
  }
}

async function* streamObjects(
  git: Git,
  ids: readonly string[],
  limit: number,
): AsyncGenerator<StreamedObject> {
  if (ids.length === 0) return;
  const child = git.start(['cat-file', '--batch', '--buffer']);
  let stderr = '';
  let failure: Error | undefined;
  const closed = new Promise<number | null>((resolve) => {
    child.on('error', (cause) => {
      failure = git.explain({ cause }) ?? cause;
      resolve(null);
    });
    child.on('close', resolve);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  child.stdin.on('error', () => {});
  child.stdin.end(`${ids.join('\n')}\n`);
  const parser = new BatchParser(limit);
  let count = 0;
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      for (const object of parser.push(chunk)) {
        count += 1;
        yield object;
      }
    }
  } finally {
    // A reader that stops early leaves git writing into a pipe that nobody empties.
    child.stdout.destroy();
    if (count < ids.length) child.kill();
  }
  const code = await closed;
  if (failure) throw failure;
  if (code !== 0 || count < ids.length) {
    throw git.explain({ stderr }) ?? new OutsideError(`git cat-file failed: ${firstComplaint(stderr)}`);
  }
}

/** Takes the output of `git cat-file --batch` apart, wherever it was cut. */
class BatchParser {
  readonly #limit: number;
  readonly #headsOnly: boolean;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #head: { readonly id: string; readonly type: ObjectType; readonly size: number } | undefined;
  /** Bytes of an object over the limit, still to be thrown away. */
  #skip = 0;
  #tooLarge = 0;

  /** @param limit in bytes; `heads` for the output of `--batch-check`, which has no bodies */
  constructor(limit: number | 'heads') {
    this.#headsOnly = limit === 'heads';
    this.#limit = limit === 'heads' ? 0 : limit;
  }

  *push(chunk: Buffer): Generator<StreamedObject> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (;;) {
      if (this.#skip > 0) {
        const rest = this.#all();
        const gone = Math.min(this.#skip, rest.length);
        this.#keep(rest.subarray(gone));
        this.#skip -= gone;
        if (this.#skip > 0) return;
        yield { tooLarge: this.#tooLarge };
      }
      if (this.#head === undefined) {
        const rest = this.#all();
        const end = rest.indexOf(10);
        if (end === -1) return;
        const words = rest.toString('utf8', 0, end).split(' ');
        this.#keep(rest.subarray(end + 1));
        const [id = '', type = '', size = ''] = words;
        if (words.length !== 3 || !/^(commit|tree|blob|tag)$/.test(type)) {
          yield undefined;
          continue;
        }
        const bytes = Number(size);
        if (this.#headsOnly) {
          yield { id, type: type as ObjectType, body: Buffer.alloc(0) };
          continue;
        }
        if (bytes > this.#limit) {
          this.#skip = bytes + 1;
          this.#tooLarge = bytes;
        } else this.#head = { id, type: type as ObjectType, size: bytes };
        continue;
      }
      const { id, type, size } = this.#head;
      if (this.#bytes < size + 1) return;
      const rest = this.#all();
      // A copy: a slice would keep the whole chunk alive.
      yield { id, type, body: Buffer.from(rest.subarray(0, size)) };
      this.#keep(rest.subarray(size + 1));
      this.#head = undefined;
    }
  }

  #all(): Buffer {
    const [only] = this.#chunks;
    const all = only && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
  }
}
