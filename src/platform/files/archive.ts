import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OutsideError } from '../../errors.js';

/** Packs what is in `folder` into the tar file `file` (links and executable bits kept), by the system's own tar. */
export async function archiveFolder(folder: string, file: string): Promise<void> {
  try {
    await promisify(execFile)('tar', ['-cf', file, '-C', folder, '.']);
  } catch (cause) {
    throw new OutsideError(
      `${folder} could not be packed: ${cause instanceof Error ? cause.message : cause}`,
      {
        mend: 'a folder is released as a tar file, so the command "tar" must be there',
        cause,
      },
    );
  }
}
