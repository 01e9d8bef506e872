import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { OutsideError } from '../../errors.js';

export interface OutputPipe {
  /** What a command gets as stdout and as stderr: one pipe, so that their lines keep their order. */
  readonly writeEnd: number;
  readonly stream: Socket;
  closeWriteEnd(): void;
}

/**
 * A real pipe. What Node itself hands to a child is a socket, on which `tee /dev/stderr` and the like fail; and two of
 * them, for stdout and stderr, lose the order of lines.
 */
export async function openOutputPipe(path: string): Promise<OutputPipe> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
  } catch (cause) {
    throw new OutsideError(`cannot make a pipe for the output of a command: ${path}`, { cause });
  }
  // The reader opens first and does not wait, so that the writer finds it there and does not wait either.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY);
  await unlink(path);
  return {
    writeEnd,
    stream: new Socket({ fd: readEnd, readable: true, writable: false }),
    closeWriteEnd: () => closeSync(writeEnd),
  };
}
