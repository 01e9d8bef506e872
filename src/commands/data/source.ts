import { join, resolve } from 'node:path';
import type { DatasetConfig } from '../../config/data.js';
import type { Placed } from '../../config/load.js';
import { UserError } from '../../errors.js';
import type { World } from '../../world.js';
import { ingestDataset } from '../ingest.js';
import type { Project } from '../project/project.js';
import type { NamedSource } from './opened.js';

/**
 * What a dataset of assay.yml is read from on this machine: its source, the result of its steps (which are run when they
 * are not up to date), another dataset, or an asset of a release.
 */
export async function readableDataset(
  project: Project,
  world: World,
  name: string,
  asking: readonly string[] = [],
): Promise<NamedSource> {
  const location = project.config.locate(['data', name, 'source']);
  if (asking.includes(name)) {
    throw new UserError(`datasets are made of each other: ${[...asking, name].join(' → ')}`, { location });
  }
  const config = project.config.data[name];
  if (!config) throw new Error(`there is no dataset ${name}`);
  if (config.steps.length > 0) {
    const { output } = await ingestDataset({ project, world, name, force: false, asking });
    return { name, config: output, location };
  }
  return { name, config: await sourceConfig(project, world, name, asking), location };
}

/** The source of a dataset before its steps. */
export async function sourceConfig(
  project: Project,
  world: World,
  name: string,
  asking: readonly string[] = [],
): Promise<Placed<DatasetConfig>> {
  const config = project.config.data[name];
  if (!config) throw new Error(`there is no dataset ${name}`);
  if (Object.hasOwn(project.config.data, config.source)) {
    const other = await readableDataset(project, world, config.source, [...asking, name]);
    const { folder, source, format, delimiter, missing } = other.config;
    return {
      ...config,
      folder,
      source,
      format,
      delimiter,
      missing: config.missing.join() === '' ? missing : config.missing,
    };
  }
  if (!config.source.startsWith('release:')) return config;
  const [, tag = '', asset = ''] = /^release:(.+)\/([^/]+)$/.exec(config.source) ?? [];
  if (tag === '') {
    throw new UserError(`${JSON.stringify(config.source)} names no asset of a release`, {
      location: project.config.locate(['data', name, 'source']),
      mend: 'write release:TAG/ASSET, such as release:data-2026-01/adult.parquet',
    });
  }
  const { fetchReleaseAsset } = await import('../../platform/sources/release.js');
  const path = await fetchReleaseAsset({
    tag,
    asset,
    folder: join(project.store, 'downloads', 'releases'),
    local: join(project.store, 'releases'),
    github: await project.github(),
    cancel: world.cancel,
  });
  return { ...config, folder: resolve(path, '..'), source: asset };
}

/**
 * The path that a command reads a dataset by: its file, also when that was fetched; for several files of this machine the
 * folder or pattern that assay.yml names, and for several fetched ones their paths, one a line.
 */
export async function datasetPath(project: Project, world: World, name: string): Promise<string> {
  const { config } = await readableDataset(project, world, name);
  const { findFiles } = await import('../../platform/sources/files.js');
  const found = await findFiles({
    folder: config.folder,
    source: config.source,
    env: world.env,
    cancel: world.cancel,
    notice: world.terminal.info,
    downloads: join(project.store, 'downloads'),
  });
  const paths = found.files.map((file) => resolve(found.folder, file));
  if (paths.length === 1) return paths[0] ?? '';
  return found.folder === config.folder ? resolve(config.folder, config.source) : paths.join('\n');
}
