/** Files by which a step hands results to the GitHub runner: they belong to Assay, and a training must not write them. */
const COMMAND_FILES = ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STATE'];
/** Assay's own, and the token with which a job could write the caches and artifacts of its workflow. */
const WITHHELD = /^(?:ASSAY_WITH_.*|ASSAY_DOOR|ACTIONS_RUNTIME_TOKEN)$/;

/**
 * The environment of a command: the world's without what is Assay's own, and then the request's.
 *
 * The runner's command files are replaced by scratch files, so that a script that writes a summary of its own still
 * works. Python is asked not to hold back its output, which would be lost with a killed process, unless told otherwise.
 */
export function commandEnvironment(options: {
  readonly world: Readonly<Record<string, string | undefined>>;
  readonly request: Readonly<Record<string, string>>;
  /** Where a replaced command file of that name is. */
  readonly scratchFile: (name: string) => string;
}): Record<string, string> {
  const env: Record<string, string> = { PYTHONUNBUFFERED: '1' };
  for (const [name, value] of Object.entries(options.world)) {
    if (value === undefined || WITHHELD.test(name)) continue;
    env[name] = COMMAND_FILES.includes(name) ? options.scratchFile(name) : value;
  }
  return { ...env, ...options.request };
}
