import { OutsideError } from '../errors.js';
import { type Blobs, BrokenTransfer, type TransferWorld } from './ports.js';

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
 * A blob from an offset to its end; asks again from where it broke, as long as anything comes.
 * @throws NoSuchBlob, and OutsideError when nothing comes any more
 */
export async function* readBlob(
  blobs: Blobs,
  world: Pick<TransferWorld, 'wait' | 'cancel'>,
  of: { readonly name: string; readonly from: number },
): AsyncGenerator<Uint8Array> {
  let at = of.from;
  for (let fruitless = 0; ; fruitless++) {
    try {
      for await (const chunk of blobs.get(of.name, at)) {
        yield chunk;
        at += chunk.length;
        fruitless = 0;
        world.cancel.throwIfAborted();
      }
      return;
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

/** A small blob as a whole. */
export async function readList(
  blobs: Blobs,
  world: Pick<TransferWorld, 'wait' | 'cancel'>,
  name: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBlob(blobs, world, { name, from: 0 })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
