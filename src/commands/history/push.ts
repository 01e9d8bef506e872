import { plural } from '../../format.js';
import type { World } from '../../world.js';
import type { Outcome } from '../command-line/verb.js';
import { openProject } from '../project/project.js';

export async function pushHistory(input: { readonly config: string }, world: World): Promise<Outcome> {
  const project = await openProject(world, input.config);
  const archive = await project.archive();
  const { sent } = await archive.send();
  return {
    exit: 0,
    json: { sent },
    text: sent === 0 ? 'the remote has every record already' : `${plural(sent, 'record')} sent`,
    outputs: { records: String(sent), problems: '0' },
  };
}
