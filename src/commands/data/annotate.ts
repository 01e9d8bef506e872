import { dirname, resolve } from 'node:path';
import type { ValidationRecord } from '../../data/record.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';
import { sourcePlaces } from '../report/places.js';

/** What GitHub shows of one step, of each level; what is beyond is lost without a word. */
const MOST_OF_STEP = 10;

/** On GitHub: remarks beside the failing rows and beside the checks in assay.yml, as many as it shows. */
export async function annotate(
  records: readonly ValidationRecord[],
  { project, world }: { readonly project: Project; readonly world: World },
): Promise<void> {
  if (world.runner.kind !== 'github') return;
  const { dataAnnotations } = await import('../../report/annotations.js');
  const annotations = dataAnnotations(records, sourcePlaces(project, world));
  const top = dirname(project.store);
  const show = (level: 'failure' | 'warning', say: World['terminal']['error']) => {
    const some = annotations.filter((one) => one.level === level);
    for (const { path, line, title, message } of some.slice(0, MOST_OF_STEP)) {
      say(`${title}: ${message}`, { file: resolve(top, path), line });
    }
  };
  show('failure', world.terminal.error);
  show('warning', world.terminal.warn);
}
