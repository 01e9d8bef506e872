import { chooseBaseline, type MeasuredRun } from '../../compare/baseline.js';
import { type DatasetChanges, shapeChanges } from '../../data/changes.js';
import { type ValidationRecord, validationRecord } from '../../data/record.js';
import { fieldIs } from '../../history/condition.js';
import { readRecords } from '../../history/read.js';
import type { World } from '../../world.js';
import { targetBranch } from '../evaluation/comparison.js';
import type { Project } from '../project/project.js';

/**
 * What is different about a dataset since its baseline: the validation of the merge base with the target branch, or of its nearest
 * validated ancestor, and so on, as runs find theirs. Null when there is none.
 */
export async function changesSinceBaseline(of: {
  readonly project: Project;
  readonly world: World;
  readonly validation: Pick<ValidationRecord, 'id' | 'commit' | 'dataset' | 'digest' | 'columns'>;
}): Promise<DatasetChanges | null> {
  const { project, world, validation } = of;
  const { dataset: owner } = validation;
  const history = await project.history();
  const repository = await project.repository();
  const head = await repository?.head();
  const { rows } = await history.select({
    kind: 'validation',
    owner,
    fields: ['commit', 'dirty'],
  });
  const earlier = rows.map((row): MeasuredRun => {
    const commit = row.get('commit');
    return {
      id: row.id,
      commit: typeof commit === 'string' ? commit : null,
      purpose: 'train',
      code: { dirty: row.get('dirty') === true, branch: null },
    };
  });
  if (earlier.length === 0) return null;
  const { choice, run } = await chooseBaseline<MeasuredRun>({
    candidate: {
      id: validation.id,
      model: owner,
      commit: validation.commit,
      purpose: 'train',
      code: { commit: head?.commit ?? null, dirty: head?.dirty ?? false, branch: null },
    },
    policy: 'merge-base',
    targetBranch: world.runner.pullRequest?.targetBranch ?? (await targetBranch(project, world)),
    runs: earlier,
    blessed: [],
    live: {},
    repository,
  });
  if (!run) return null;
  const [before] = await readRecords(
    history,
    { kind: 'validation', owner, where: fieldIs('id', run.id) },
    validationRecord,
  );
  if (!before) return null;
  return {
    baseline: {
      validation: before.id,
      commit: before.commit,
      why: choice.why.replaceAll('measured', 'validated').replaceAll('run', 'validation'),
      digest: before.digest,
      rows: before.rows,
    },
    ...shapeChanges(before, validation),
  };
}
