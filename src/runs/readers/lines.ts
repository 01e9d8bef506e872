import { UserError } from '../../errors.js';
import type { SourceFile } from '../ports.js';

/** A longer line is no record. */
const LONGEST_LINE = 50_000_000;

/** The lines of a text file one after another, without holding more than one; throws UserError when it is not UTF-8. */
export async function* linesOf(
  file: SourceFile,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 1;
  const decode = (piece: Uint8Array | undefined): string => {
    try {
      return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
    } catch (cause) {
      throw new UserError('not UTF-8 text', {
        location: { file: file.path, line },
        mend: 'write it as UTF-8',
        cause,
      });
    }
  };
  for await (const piece of file.chunks()) {
    const parts = (rest + decode(piece)).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > LONGEST_LINE) {
      throw new UserError('this line is too long to be a record', {
        location: { file: file.path, line: line + parts.length },
      });
    }
    for (const text of parts) {
      yield { text, line };
      line++;
    }
  }
  rest += decode(undefined);
  if (rest !== '') yield { text: rest, line };
}
