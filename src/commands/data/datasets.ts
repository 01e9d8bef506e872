import type { DatasetConfig } from '../../config/data.js';
import type { Placed } from '../../config/load.js';
import { nearest } from '../../config/nearest.js';
import { UserError } from '../../errors.js';
import type { Project } from '../project/project.js';

/** The datasets a verb is for: those named, or all there are. Throws UserError for a name that is not in the config. */
export function chosenDatasets(
  project: Project,
  names: readonly string[],
): readonly { readonly name: string; readonly config: Placed<DatasetConfig> }[] {
  const { data, file } = project.config;
  const all = Object.keys(data);
  if (all.length === 0) {
    throw new UserError(`${file} has no datasets`, {
      mend: 'add one: data: { train: { source: data/train.csv, columns: { age: { type: integer, min: 0 } } } }',
    });
  }
  return [...new Set(names.length > 0 ? names : all)].map((name) => {
    const config = Object.hasOwn(data, name) ? data[name] : undefined;
    if (config) return { name, config };
    const near = nearest(name, all);
    throw new UserError(`there is no dataset ${JSON.stringify(name)} in ${file}`, {
      mend: near === undefined ? `datasets there are: ${all.join(', ')}` : `did you mean ${near}?`,
    });
  });
}
