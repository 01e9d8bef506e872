import { type Git, gitFailure } from './git.js';
import { type GitObject, type HashName, makePack } from './objects.js';

/** Git's own bound (fetch.unpackLimit): fewer become loose objects, more stay one pack. */
const UNPACK_LIMIT = 100;

/** Writes objects by one process. Throws OutsideError when the disk or the rights do not allow it. */
export async function storeObjects(git: Git, objects: readonly GitObject[], hash: HashName): Promise<void> {
  if (objects.length === 0) return;
  const args = objects.length < UNPACK_LIMIT ? ['unpack-objects', '-q'] : ['index-pack', '--stdin'];
  const unique = [...new Map(objects.map((object) => [object.id, object])).values()];
  const result = await git.run(args, { input: makePack(unique, hash) });
  if (result.code !== 0) throw gitFailure(args, result);
}
