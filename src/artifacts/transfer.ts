import { OutsideError } from '../errors.js';
import { type Blobs, BrokenTransfer, NoSuchBlob, type TransferWorld } from './ports.js';

/** Moving bytes: how far it is, several at once, and going on after the connection broke. */

/** Shorter transfers are not worth a line. */
const SHOWN_FROM_BYTES = 16 * 2 ** 20;

export interface Transfer {
  /** Of one file: to be told its bytes so far, also when it starts again. */
  tracker(): (bytes: number) => void;
  /** Runs the work for each item, at most `parallel` at once; the first error stops what has not begun and is thrown. */
  each<T>(items: readonly T[], parallel: number, work: (item: T) => Promise<void>): Promise<void>;
  end(): void;
}

/** @param total bytes */
export function startTransfer(world: TransferWorld, label: string, total: number): Transfer {
  const line = total >= SHOWN_FROM_BYTES ? world.progress(label) : undefined;
  let done = 0;
  return {
    tracker: () => {
      let mine = 0;
      return (bytes) => {
        done += bytes - mine;
        mine = bytes;
        line?.update(done, total);
      };
    },
    each: eachOf,
    end: () => line?.end(),
  };
}

async function eachOf<T>(
  items: readonly T[],
  parallel: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < items.length && !failed) {
      const item = items[next++] as T;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(parallel, items.length) }, worker));
  const first = ends.find((end) => end.status === 'rejected');
  if (first) throw first.reason;
}

/** Attempts in a row that bring not one byte, before it is given up. */
const FRUITLESS_ATTEMPTS = 6;

/**
 * A blob from an offset to its end; asks again from where it broke, as long as anything comes. An answer that ends well
 * but too early has broken too: a proxy may cut what it passes on.
 * @param of.bytes of the whole blob
 * @throws NoSuchBlob, and OutsideError when nothing comes any more
 */
export async function* readBlob(
  blobs: Blobs,
  world: Pick<TransferWorld, 'wait' | 'cancel'>,
  of: { readonly name: string; readonly from: number; readonly bytes: number },
): AsyncGenerator<Uint8Array> {
  let at = of.from;
  for (let fruitless = 0; ; fruitless++) {
    try {
      for await (const all of blobs.get(of.name, at)) {
        // More than there is is not taken: it could fill the disk.
        const chunk = all.length > of.bytes - at ? all.subarray(0, of.bytes - at) : all;
        if (chunk.length === 0) return;
        yield chunk;
        at += chunk.length;
        fruitless = 0;
        world.cancel.throwIfAborted();
      }
      if (at >= of.bytes) return;
      throw new BrokenTransfer(`the answer ended after ${at} of ${of.bytes} bytes`);
    } catch (error) {
      if (!(error instanceof BrokenTransfer)) throw error;
      if (fruitless + 1 >= FRUITLESS_ATTEMPTS) {
        throw new OutsideError(`${blobs.place}: ${error.message}`, {
          cause: error,
          mend: 'what has arrived is kept: run the same command again to go on',
        });
      }
    }
    await world.wait(Math.min(30, 0.5 * 2 ** fruitless), world.cancel);
  }
}

/** Of a million files. */
const LONGEST_LIST_BYTES = 256 * 2 ** 20;

/**
 * A small blob as a whole.
 * @throws NoSuchBlob, and OutsideError for one that is too large to be a list
 */
export async function readList(
  blobs: Blobs,
  world: Pick<TransferWorld, 'wait' | 'cancel'>,
  name: string,
): Promise<Uint8Array> {
  const found = await blobs.stat(name);
  if (!found) throw new NoSuchBlob(name);
  const { bytes } = found;
  if (bytes > LONGEST_LIST_BYTES) {
    throw new OutsideError(`${name} in ${blobs.place} is no list: it has ${bytes} bytes`, {
      mend: 'remove it there and store the artifact again',
    });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBlob(blobs, world, { name, from: 0, bytes })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
