import { dirname, relative, resolve, sep } from 'node:path';
import type { Path } from '../../config/yaml.js';
import type { Place, SourcePlaces } from '../../report/annotations.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';

/** Where rules, checks, metrics files and rows of data stand in the repository, for annotations. */
export function sourcePlaces(project: Project, world: World): SourcePlaces {
  const { config } = project;
  const top = dirname(project.store);
  const place = (path: string, line: number): Place | undefined => {
    const inside = relative(top, path).split(sep).join('/');
    return inside === '' || inside.startsWith('../') ? undefined : { path: inside, line };
  };
  const inConfig = (path: Path) => {
    const { file, line } = config.locate(path);
    return place(resolve(world.cwd, file), line ?? 1);
  };
  return {
    rule: (model, { metric }) => {
      const gate = config.models[model]?.gate ?? [];
      const at = gate.findIndex((rule) => 'metric' in rule && rule.metric === metric);
      return inConfig(['models', model, 'gate', ...(at < 0 ? [] : [at])]);
    },
    metricFile: (model, file) => place(resolve(config.models[model]?.folder ?? project.root, file), 1),
    check: (dataset, path) =>
      Object.hasOwn(config.data, dataset) ? inConfig(['data', dataset, ...path]) : undefined,
    dataLine: (file, line) =>
      /[*?{[]|:\/\//.test(file) ? undefined : place(resolve(project.root, file), line),
  };
}
