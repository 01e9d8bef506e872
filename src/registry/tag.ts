import { UserError } from '../errors.js';
import { SEMANTIC_VERSION } from './version.js';

/**
 * Git tags as GTO writes and reads them (github.com/iterative/gto, `gto/constants.py`):
 * `name@v1.4.0` registers a version, `name#stage#N` assigns a stage, `!` takes either back, and
 * `dir=name@v1.4.0` names a model of a monorepo.
 */

interface Owner {
  /** Folder within a monorepo; null for the usual tag. */
  readonly folder: string | null;
  readonly name: string;
}
export type RegistryTag =
  | (Owner & { readonly kind: 'version'; readonly version: string; readonly withdrawn: boolean })
  | (Owner & {
      readonly kind: 'stage';
      readonly stage: string;
      /** Null in GTO's simple form `name#stage`. */
      readonly number: number | null;
      /** `name#stage!#N`: the stage is empty again. */
      readonly emptied: boolean;
    })
  | (Owner & { readonly kind: 'deprecated' | 'created' });

const NAME = '[a-zA-Z0-9](?:[a-zA-Z0-9/_-]*[a-zA-Z0-9])?';
const TAG = new RegExp(
  `^(?:(?<folder>[a-zA-Z0-9_./-]+)=)?(?<name>${NAME})` +
    `(?:(?:#(?<stage>${NAME})|@v(?<version>${SEMANTIC_VERSION}))(?<back>!?)|@(?<mark>deprecated|created))` +
    '(?:#(?<number>[0-9]{1,15}))?$',
);

/** Undefined for a tag that is not of the registry, such as `v1.0.0`. */
export function parseTag(tag: string): RegistryTag | undefined {
  const groups = TAG.exec(tag)?.groups;
  if (groups?.name === undefined) return undefined;
  const owner = { folder: groups.folder ?? null, name: groups.name };
  const back = groups.back === '!';
  if (groups.version !== undefined) {
    return { ...owner, kind: 'version', version: groups.version, withdrawn: back };
  }
  if (groups.stage !== undefined) {
    const number = groups.number === undefined ? null : Number(groups.number);
    return { ...owner, kind: 'stage', stage: groups.stage, number, emptied: back };
  }
  return { ...owner, kind: groups.mark === 'deprecated' ? 'deprecated' : 'created' };
}

/** The reverse of `parseTag` (a counter on version tags is not kept). */
export function formatTag(tag: RegistryTag): string {
  const owner = tag.folder === null ? tag.name : `${tag.folder}=${tag.name}`;
  switch (tag.kind) {
    case 'version':
      return `${owner}@v${tag.version}${tag.withdrawn ? '!' : ''}`;
    case 'stage':
      return `${owner}#${tag.stage}${tag.emptied ? '!' : ''}${tag.number === null ? '' : `#${tag.number}`}`;
    case 'deprecated':
    case 'created':
      return `${owner}@${tag.kind}`;
  }
}

/** `income@v1.4.0`. Throws UserError for a name that GTO could not read back. */
export function versionTag(name: string, version: string): string {
  return checked({ kind: 'version', folder: null, name, version, withdrawn: false });
}

/** `income#prod#3`, or `income#prod!#3` when the stage is emptied. Throws UserError for a stage GTO could not read back. */
export function stageTag(
  name: string,
  stage: string,
  move: { readonly number: number; readonly emptied: boolean },
): string {
  return checked({ kind: 'stage', folder: null, name, stage, ...move });
}

/** A part with a `#` or `!` of its own would read back as something else. */
function checked(wanted: Extract<RegistryTag, { kind: 'version' | 'stage' }>): string {
  const tag = formatTag(wanted);
  const back = parseTag(tag);
  if (back?.name === wanted.name) {
    if (wanted.kind === 'version' && back.kind === 'version' && back.version === wanted.version) return tag;
    if (wanted.kind === 'stage' && back.kind === 'stage' && back.stage === wanted.stage) return tag;
  }
  const part =
    wanted.kind === 'stage' ? `the stage ${JSON.stringify(wanted.stage)}` : `the version ${wanted.version}`;
  throw new UserError(`${part} of ${wanted.name} cannot be written as a registry tag`, {
    mend: 'names have letters, digits, - and _, with a letter or digit at both ends',
  });
}

/**
 * What people write for a version: `income@v1.4.0` or `income@1.4.0`.
 * Throws UserError, with the form, for anything else.
 */
export function parseVersionName(text: string): { readonly model: string; readonly version: string } {
  const tag = parseTag(text.replace(/@(?=\d)/, '@v'));
  if (tag?.kind === 'version' && !tag.withdrawn) return { model: tag.name, version: tag.version };
  throw new UserError(`${JSON.stringify(text)} does not name a version`, {
    mend: 'write MODEL@VERSION, such as income@v1.4.0',
  });
}
