import { devNull } from 'node:os';

/** The surroundings a git process is started in. */

/**
 * The first git with all that is used: settings by `GIT_CONFIG_COUNT` (2.31), so that a token stands in no file and no
 * argument, and `GIT_CONFIG_GLOBAL` (2.32), so that the user's settings stay out of Assay's own repository.
 */
export const OLDEST_GIT = [2, 32] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of one call by `GIT_CONFIG_*`, which neither show in the process list nor touch a file. */
export type Settings = readonly (readonly [key: string, value: string])[];

/** A repository other than the one around the folder: Assay's own, which sees no config but what it is handed. */
export interface OwnRepository {
  /** Absolute, as all of them. */
  readonly gitDir: string;
  /** Where objects are written and read; that of `gitDir` when left out. */
  readonly objects?: string;
  /** Another place where objects are read. */
  readonly alternate?: string;
  readonly settings: Settings;
}

/**
 * Variables by which a hook (or `git --git-dir`) points git at a repository, an index or an object store. Assay finds
 * the repository by the folder of assay.yml, so that a hook of one repository never writes to another one's index.
 */
const POINTERS = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_QUARANTINE_PATH',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_GRAFT_FILE',
  'GIT_SHALLOW_FILE',
  'GIT_CONFIG',
  'GIT_EXTERNAL_DIFF',
];

/** Given back by a git that hears what it is handed by the environment. */
export const HEARD = ['assay.heard', 'true'] as const;

/** No hooks (they guard the user's own commits and pushes), no housekeeping in the background. */
const SETTINGS = [
  HEARD,
  ['core.hooksPath', '/dev/null'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
] as const;

/** Where settings come from besides the files of a repository. */
const CONFIG_SOURCES = /^GIT_CONFIG(_COUNT|_KEY_\d+|_VALUE_\d+|_PARAMETERS|_GLOBAL|_SYSTEM|_NOSYSTEM)$/;

export function gitEnvironment(
  env: Environment,
  call: {
    readonly env?: Readonly<Record<string, string>> | undefined;
    readonly config?: Settings | undefined;
    readonly own?: OwnRepository | undefined;
  },
): Record<string, string> {
  const { own } = call;
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || POINTERS.includes(name)) continue;
    if (own === undefined || !CONFIG_SOURCES.test(name)) clean[name] = value;
  }
  Object.assign(clean, {
    LC_ALL: 'C',
    LANGUAGE: 'C',
    GIT_TERMINAL_PROMPT: '0',
    // `git status` would otherwise refresh the user's index file.
    GIT_OPTIONAL_LOCKS: '0',
    GIT_PAGER: 'cat',
    ...(own && isolated(own)),
    ...call.env,
  });
  // The user may hand over settings in the same way; ours come after theirs.
  const given = Number(clean.GIT_CONFIG_COUNT ?? 0);
  const start = Number.isInteger(given) && given > 0 ? given : 0;
  const settings = [...(own?.settings ?? []), ...SETTINGS, ...(call.config ?? [])];
  for (const [index, [key, value]] of settings.entries()) {
    clean[`GIT_CONFIG_KEY_${start + index}`] = key;
    clean[`GIT_CONFIG_VALUE_${start + index}`] = value;
  }
  clean.GIT_CONFIG_COUNT = String(start + settings.length);
  return clean;
}

function isolated(own: OwnRepository): Record<string, string> {
  return {
    GIT_DIR: own.gitDir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    ...(own.objects !== undefined && { GIT_OBJECT_DIRECTORY: own.objects }),
    ...(own.alternate !== undefined && { GIT_ALTERNATE_OBJECT_DIRECTORIES: own.alternate }),
  };
}
