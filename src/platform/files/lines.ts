import { createReadStream } from 'node:fs';
import { UserError } from '../../errors.js';
import { errorCode, storeError } from '../local/store.js';

/** A line of a text file; `number` counts from 1. */
export interface FileLine {
  readonly number: number;
  readonly text: string;
}

/**
 * The lines of a UTF-8 file, one after another. Split at line feeds alone: U+2028 stands unescaped in JSON.
 * Throws UserError for a line longer than `longest` bytes and for bytes that are not UTF-8.
 */
export async function* linesOf(path: string, longest: number): AsyncGenerator<FileLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let pending: Buffer[] = [];
  let bytes = 0;
  let number = 1;
  const line = (): FileLine => {
    try {
      const text = decoder.decode(Buffer.concat(pending));
      return { number: number++, text: text.endsWith('\r') ? text.slice(0, -1) : text };
    } catch (cause) {
      throw new UserError('it is not UTF-8 text', { location: { file: path, line: number }, cause });
    }
  };
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        pending.push(chunk.subarray(start, end));
        yield line();
        pending = [];
        bytes = 0;
        start = end + 1;
      }
      pending.push(chunk.subarray(start));
      bytes += chunk.length - start;
      if (bytes > longest) {
        throw new UserError(`a line is longer than ${longest} bytes`, {
          location: { file: path, line: number },
        });
      }
    }
  } catch (error) {
    throw errorCode(error) === undefined ? error : storeError(error, path);
  }
  if (bytes > 0) yield line();
}
