import { type PruningRecord, pruningRecord } from '../../registry/record.js';
import type { Project } from '../project/project.js';
import type { Found } from './found.js';

/** Names in one record; more make several. */
const BLOBS_A_RECORD = 5000;

/** Before anything goes: what is missing afterwards was pruned, also when this process is killed now. */
export async function condemn(
  project: Project,
  found: Found & { readonly rule: PruningRecord['rule'] },
): Promise<void> {
  const { sweep, retention, dead } = found;
  if (sweep.remove.length === 0) return;
  const going = new Set(sweep.remove.map(({ name }) => name.slice(0, 64)));
  const artifacts = new Map<string, PruningRecord['artifacts'][number]>();
  for (const run of retention.pruned) {
    for (const { digest, name, bytes } of run.artifacts) {
      if (dead.has(digest) && going.has(digest)) {
        artifacts.set(digest, { digest, name, bytes, model: run.model, run: run.id });
      }
    }
  }
  const origin = await project.origin();
  const records: PruningRecord[] = [];
  const named = [...artifacts.values()];
  for (let at = 0; at < sweep.remove.length; at += BLOBS_A_RECORD) {
    const blobs = sweep.remove.slice(at, at + BLOBS_A_RECORD);
    records.push(
      pruningRecord.parse({
        schema: 'assay/pruning@1',
        ...project.stamp(),
        ...origin,
        rule: found.rule,
        artifacts: named.splice(
          0,
          at + BLOBS_A_RECORD >= sweep.remove.length ? named.length : BLOBS_A_RECORD,
        ),
        blobs: blobs.map(({ name }) => name),
        bytes: blobs.reduce((sum, blob) => sum + blob.bytes, 0),
      }),
    );
  }
  await (await project.history()).append(records);
}
