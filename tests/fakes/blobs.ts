import { createHash } from 'node:crypto';
import { type Blobs, BrokenTransfer, NoSuchBlob } from '../../src/artifacts/ports.js';

/** Blobs in memory, whose connection breaks after so many bytes as `breaks` says, once each. */
export function memoryBlobs(options: {
  readonly partBytes: number;
  /** Bytes after which the next reads stop. */
  readonly breaks?: number[];
  readonly modified?: () => Date;
}) {
  const kept = new Map<string, { bytes: Buffer; modified: Date }>();
  const calls: string[] = [];
  const now = options.modified ?? (() => new Date());
  const stat = (name: string) => {
    const found = kept.get(name);
    return found && { name, bytes: found.bytes.length, modified: found.modified, digest: null };
  };
  const blobs: Blobs = {
    place: 'memory',
    partBytes: options.partBytes,
    parallel: 2,
    stat: async (name) => stat(name),
    put: async (name, content) => {
      calls.push(`put ${name}`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of content.stream()) chunks.push(Buffer.from(chunk));
      const bytes = Buffer.concat(chunks);
      if (createHash('sha256').update(bytes).digest('hex') !== content.digest)
        throw new Error('wrong content');
      kept.set(name, { bytes, modified: now() });
    },
    get: async function* (name, from) {
      calls.push(`get ${name} ${from}`);
      const found = kept.get(name);
      if (!found) throw new NoSuchBlob(name);
      const after = options.breaks?.shift();
      for (let at = from; at < found.bytes.length; at += 1000) {
        if (after !== undefined && at - from >= after) throw new BrokenTransfer('the connection was reset');
        yield found.bytes.subarray(at, at + 1000);
      }
    },
    touch: async (name) => {
      calls.push(`touch ${name}`);
      const found = kept.get(name);
      if (found) found.modified = now();
      return found !== undefined;
    },
    remove: async (name, { unlessModifiedSince: since } = {}) => {
      const found = kept.get(name);
      if (found && since && found.modified >= since) return false;
      calls.push(`remove ${name}`);
      kept.delete(name);
      return true;
    },
    list: async function* () {
      for (const name of [...kept.keys()]) {
        const found = stat(name);
        if (found) yield found;
      }
    },
    tidy: async () => ({ count: 0, bytes: 0 }),
  };
  return { blobs, kept, calls };
}
