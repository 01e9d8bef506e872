import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/**
 * Git's objects as bytes, so that a commit of any number of files needs one process to store it instead of one for each
 * kind of object. The formats are fixed: gitformat-pack(5), and `git cat-file` for trees and commits.
 */

export type HashName = 'sha1' | 'sha256';

export type ObjectType = 'commit' | 'tree' | 'blob';

export interface GitObject {
  readonly type: ObjectType;
  readonly id: string;
  readonly body: Buffer;
}

export interface TreeEntry {
  /** `100644` a file, `40000` a folder, `120000` a symbolic link, `160000` a submodule. */
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

/** The hash of a repository, by the length of any id in it. */
export function hashOf(id: string): HashName {
  return id.length === 64 ? 'sha256' : 'sha1';
}

export function makeObject(hash: HashName, type: ObjectType, body: Buffer): GitObject {
  const id = createHash(hash).update(`${type} ${body.length}\0`).update(body).digest('hex');
  return { type, id, body };
}

export function isFolder(entry: TreeEntry): boolean {
  return entry.mode === '40000';
}

/** @param hash of the repository: ids are raw bytes of its length */
export function parseTree(body: Buffer, hash: HashName): readonly TreeEntry[] {
  const bytes = hash === 'sha1' ? 20 : 32;
  const entries: TreeEntry[] = [];
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(32, at);
    const end = body.indexOf(0, space);
    entries.push({
      mode: body.toString('latin1', at, space),
      name: body.toString('utf8', space + 1, end),
      id: body.toString('hex', end + 1, end + 1 + bytes),
    });
    at = end + 1 + bytes;
  }
  return entries;
}

/** In git's order: by the bytes of the name, a folder as if its name ended with `/`. */
export function makeTree(entries: readonly TreeEntry[], hash: HashName): GitObject {
  const keyed = entries.map((entry) => ({
    entry,
    key: Buffer.from(isFolder(entry) ? `${entry.name}/` : entry.name),
  }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  const parts = keyed.flatMap(({ entry }) => [
    Buffer.from(`${entry.mode} ${entry.name}\0`),
    Buffer.from(entry.id, 'hex'),
  ]);
  return makeObject(hash, 'tree', Buffer.concat(parts));
}

/** The tree that a commit is about. */
export function treeOfCommit(body: Buffer): string {
  return /^tree ([0-9a-f]+)/.exec(body.toString('latin1', 0, 80))?.[1] ?? '';
}

export interface CommitParts {
  readonly tree: string;
  readonly parent: string | undefined;
  readonly author: string;
  readonly committer: string;
  readonly message: string;
}

/** @param parts `author` and `committer` as `Name <mail> seconds zone` */
export function makeCommit(parts: CommitParts, hash: HashName): GitObject {
  const lines = [
    `tree ${parts.tree}`,
    ...(parts.parent === undefined ? [] : [`parent ${parts.parent}`]),
    `author ${parts.author}`,
    `committer ${parts.committer}`,
    '',
    parts.message,
    '',
  ];
  return makeObject(hash, 'commit', Buffer.from(lines.join('\n')));
}

const TYPE_NUMBERS = { commit: 1, tree: 2, blob: 3 } as const;

/** A pack without deltas, for `git unpack-objects` and `git index-pack --stdin`. */
export function makePack(objects: readonly GitObject[], hash: HashName): Buffer {
  const head = Buffer.alloc(12);
  head.write('PACK', 0, 'latin1');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(objects.length, 8);
  const parts: Uint8Array[] = [head];
  for (const object of objects) parts.push(packHeader(object), deflateSync(object.body));
  const digest = createHash(hash);
  for (const part of parts) digest.update(part);
  parts.push(digest.digest());
  return Buffer.concat(parts);
}

/** Type and size: 4 bits of size in the first byte, then 7 in each, the lowest first. */
function packHeader({ type, body }: GitObject): Buffer {
  const bytes: number[] = [];
  let rest = Math.floor(body.length / 16);
  let byte = (TYPE_NUMBERS[type] << 4) | (body.length % 16);
  while (rest > 0) {
    bytes.push(byte | 0x80);
    byte = rest % 128;
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, byte]);
}
