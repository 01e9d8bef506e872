import { UserError } from '../../errors.js';
import { terminalText } from '../../report/escape.js';

/** More entries than an artifact with one file has by any right. */
const MOST_ENTRIES = 10;

/**
 * The text of one file of a zip archive that a stranger made. It must lie at the top, be plain UTF-8, and unpack to no more
 * than `maximumBytes`, counted while it unpacks: what the archive says of sizes is not believed. Links, folders and paths
 * that lead elsewhere never matter, since nothing is written. Throws UserError for anything else.
 */
export async function fileFromZip(
  archive: Buffer,
  wanted: { readonly file: string; readonly maximumBytes: number },
): Promise<string> {
  const { file, maximumBytes } = wanted;
  const refused = (why: string, cause?: unknown) =>
    new UserError(`the artifact is refused: ${terminalText(why, 200)}`, { cause });
  const { fromBufferPromise } = await import('yauzl');
  try {
    const zip = await fromBufferPromise(archive, { lazyEntries: true, validateEntrySizes: true });
    if (zip.entryCount > MOST_ENTRIES) throw refused(`it has ${zip.entryCount} entries`);
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== file) continue;
      if (entry.uncompressedSize > maximumBytes)
        throw refused(`${file} unpacks to ${entry.uncompressedSize} bytes`);
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        size += (chunk as Buffer).length;
        if (size > maximumBytes) throw refused(`${file} unpacks to more than ${maximumBytes} bytes`);
        chunks.push(chunk as Buffer);
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw refused(error instanceof Error ? error.message : String(error), error);
  }
  throw refused(`there is no ${file} in it`);
}
