import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { type DatasetConfig, datasetConfig } from '../../config/data.js';
import type { Placed } from '../../config/load.js';
import { nearest } from '../../config/nearest.js';
import { type ProfileContent, profileRecord } from '../../data/profile/record.js';
import { UserError } from '../../errors.js';
import { readRecords } from '../../history/read.js';
import { stageRecord, versionRecord } from '../../registry/record.js';
import { stageOf } from '../../registry/stages.js';
import { runRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';
import type { NamedSource } from './opened.js';

/** What the words on the command line (or `reference:` in assay.yml) mean: data to be read, or a profile that stands for it. */

export type Side =
  | { readonly kind: 'data'; readonly shown: string; readonly source: NamedSource }
  | { readonly kind: 'profile'; readonly shown: string; readonly profile: ProfileContent };

interface Resolving {
  /** Undefined where there is no assay.yml. */
  readonly project: Project | undefined;
  readonly world: World;
  /** The dataset whose format, missing values and columns a path shares. */
  readonly like: Placed<DatasetConfig> | undefined;
  /** What a path is relative to. */
  readonly folder: string;
}

/** Throws UserError when the words mean nothing, naming what they could be. */
export async function resolveSide(words: string, resolving: Resolving): Promise<Side> {
  const { project, folder } = resolving;
  const config =
    project && Object.hasOwn(project.config.data, words) ? project.config.data[words] : undefined;
  if (project && config) {
    const location = project.config.locate(['data', words, 'source']);
    return { kind: 'data', shown: words, source: { name: words, config, location } };
  }
  const path = resolve(folder, words);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() && /\.json$/i.test(words)) {
    const profile = await readProfileFile(path);
    if (profile) return { kind: 'profile', shown: words, profile };
  }
  if (found || /[*?[{]/.test(words))
    return { kind: 'data', shown: words, source: pathSource(words, resolving) };
  const profile = project && (await recordedProfile(words, project));
  if (profile) return { kind: 'profile', shown: words, profile };
  const names = Object.keys(project?.config.data ?? {});
  const near = nearest(words, names);
  throw new UserError(`${JSON.stringify(words)} is neither a file nor a dataset nor a recorded profile`, {
    mend:
      near === undefined
        ? `name a path, a dataset (${names.join(', ') || 'assay.yml has none'}), DATASET@DIGEST, or the id of a profile`
        : `did you mean ${near}?`,
  });
}

/** A path is read as the dataset it is compared with: same missing values, same columns; its own name tells its format. */
function pathSource(words: string, { like, folder }: Resolving): NamedSource {
  const defaults = datasetConfig.parse({ source: words });
  const config = like
    ? { ...like, steps: [], checks: [], source: words, format: formatFor(words, like), folder }
    : { ...defaults, folder };
  return { name: words, config, location: undefined };
}

function formatFor(path: string, like: DatasetConfig): DatasetConfig['format'] {
  return like.format !== undefined &&
    !/\.(csv|tsv|txt|jsonl|ndjson|json|parquet|pq)(\.gz|\.zst)?$/i.test(path)
    ? like.format
    : undefined;
}

/** A file that holds a profile record, as `assay profile --json` prints it; undefined for any other JSON. */
async function readProfileFile(path: string): Promise<ProfileContent | undefined> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
  const schema = typeof json === 'object' && json !== null && 'schema' in json ? json.schema : undefined;
  if (typeof schema !== 'string' || !schema.startsWith('assay/profile@')) return undefined;
  const parsed = profileRecord.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new UserError(`${basename(path)} is a profile that cannot be read`, {
    mend: 'write it again: assay profile DATASET --json',
    cause: parsed.error,
  });
}

async function recordedProfile(words: string, project: Project): Promise<ProfileContent | undefined> {
  if (words.startsWith('version:')) return profileOfVersion(words.slice('version:'.length), project);
  const [name = '', digest] = words.split('@');
  const history = await project.history();
  if (digest !== undefined) {
    const profiles = await readRecords(history, { kind: 'profile', owner: name }, profileRecord);
    const found = profiles.find(
      (profile) => profile.digest.startsWith(digest) || profile.id.startsWith(digest),
    );
    if (found) return found;
    throw new UserError(`there is no profile of ${name} with the digest ${digest}`, {
      mend:
        profiles.length === 0
          ? `make one while the data is there: assay profile ${name}`
          : `recorded are: ${profiles
              .slice(0, 5)
              .map((profile) => `${name}@${profile.digest.slice(0, 12)}`)
              .join(', ')}`,
    });
  }
  if (!/^\d{8}T/.test(words)) return undefined;
  const [record] = await history.find(words);
  const parsed = profileRecord.safeParse(record);
  return parsed.success ? parsed.data : undefined;
}

/** `income@prod`, `income@v1.2.0`: the profile of the data that a released version was trained on. */
async function profileOfVersion(words: string, project: Project): Promise<ProfileContent> {
  const [model = '', wanted = ''] = words.split('@');
  const history = await project.history();
  const query = <K extends 'stage' | 'version' | 'run'>(kind: K) => ({ kind, owner: model });
  const stages = await readRecords(history, query('stage'), stageRecord);
  const live = stageOf(stages, wanted).live;
  const versions = await readRecords(history, query('version'), versionRecord);
  const version = versions.find(
    (one) => one.version === (live ?? wanted) || `v${one.version}` === (live ?? wanted),
  );
  const runs = await readRecords(history, query('run'), runRecord);
  const run = runs.find(({ id }) => id === version?.run);
  if (!version || !run) {
    throw new UserError(`there is no version ${JSON.stringify(words)} with a recorded run`, {
      mend: `write version:MODEL@STAGE or version:MODEL@VERSION; see: assay log ${model || 'MODEL'}`,
    });
  }
  for (const data of run.data) {
    const profiles = await readRecords(history, { kind: 'profile', owner: data.name }, profileRecord);
    const found = profiles.find(({ digest }) => digest === data.digest);
    if (found) return found;
  }
  throw new UserError(`there is no profile of the data that ${words} was trained on`, {
    mend: `record one with the data of its run: ${run.data.map(({ name }) => `assay profile ${name}`).join(', ') || 'assay profile DATASET'}`,
  });
}

/** A name under which the comparison is recorded: of the dataset, or made of the path. */
export function ownerOf(current: Side, world: World): string {
  const name = current.kind === 'profile' ? current.profile.dataset : current.source.name;
  const plain = basename(relative(world.cwd, name) || name)
    .toLowerCase()
    .replace(/\..*$/, '')
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return plain || 'data';
}

export function hasConfig(world: World, file: string): boolean {
  return existsSync(resolve(world.cwd, file));
}
