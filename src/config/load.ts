import { type Location, UserError } from '../errors.js';
import type { DatasetConfig } from './data.js';
import { type ConfigFile, readConfigFile } from './file.js';
import type { ModelConfig } from './model.js';
import { locationOf, type Problem, problemsError, quote } from './problem.js';
import { checkReferences, type Surroundings, type UsualDirection } from './references.js';
import type { Config } from './schema.js';
import type { Path } from './yaml.js';

/** A dataset or model with the folder (absolute) that its paths are relative to: that of the file that declares it. */
export type Placed<T> = T & { readonly folder: string };

export interface LoadedConfig {
  /** As the user named it. */
  readonly file: string;
  readonly history: Config['history'];
  readonly artifacts: Config['artifacts'];
  readonly retention: Config['retention'];
  readonly engine: Config['engine'];
  readonly report: Config['report'];
  readonly data: Readonly<Record<string, Placed<DatasetConfig>>>;
  readonly models: Readonly<Record<string, Placed<ModelConfig>>>;
  /** What is allowed and most likely not meant, one line each, with its place. */
  readonly warnings: readonly string[];
  /** Where a key stands in its file, for annotations: `['models', 'income', 'gate', 0]`. */
  locate(path: Path): Location;
}

/** One file of the config and the folder (absolute) it is in. */
export interface ConfigPart {
  readonly file: ConfigFile;
  readonly folder: string;
}

export interface ParsedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
  locate(path: Path): Location;
}

/**
 * Parses and checks one assay.yml, without what it includes.
 * @param file its name in messages
 * @throws UserError with every problem of the file, the first one in its place
 */
export function parseConfig(text: string, file: string): ParsedConfig {
  const part = readConfigFile(text, file);
  const surroundings = {
    datasets: Object.keys(part.config?.data ?? {}),
    usualDirection: () => 'none' as const,
  };
  const { config, warnings } = checked(part, surroundings);
  return { config, warnings, locate: part.yaml.locate };
}

/**
 * Puts the main file and those it includes together: models and datasets of all, settings of the main file.
 * @param parts the main file first
 * @throws UserError with every problem of the first file that has any
 */
export function combineConfigs(
  parts: readonly [ConfigPart, ...ConfigPart[]],
  usualDirection: UsualDirection,
): LoadedConfig {
  const [main, ...included] = parts;
  for (const part of included) refuseSettings(part, main);
  refuseNamesakes(parts);
  const datasets = parts.flatMap((part) => Object.keys(part.file.config?.data ?? {}));
  const results = parts.map((part) => ({ ...part, ...checked(part.file, { datasets, usualDirection }) }));
  const settings = results[0]?.config;
  if (!settings) throw new Error('combineConfigs needs the main file');
  return {
    file: main.file.yaml.file,
    history: settings.history,
    artifacts: settings.artifacts,
    retention: settings.retention,
    engine: settings.engine,
    report: settings.report,
    data: named(results, 'data'),
    models: named(results, 'models'),
    warnings: results.flatMap((part) => part.warnings),
    locate(path) {
      const [kind, name] = path;
      const owner =
        kind === 'data' || kind === 'models'
          ? results.find((part) => name !== undefined && Object.hasOwn(part.config[kind], name))
          : undefined;
      return (owner ?? main).file.yaml.locate(path);
    },
  };
}

function checked(file: ConfigFile, surroundings: Surroundings): Pick<ParsedConfig, 'config' | 'warnings'> {
  const { config, yaml } = file;
  if (!config || file.problems.length > 0) throw problemsError(yaml, file.problems);
  const references = checkReferences({ ...file, config }, surroundings);
  if (references.problems.length > 0) throw problemsError(yaml, references.problems);
  const sentence = (warning: Problem) => {
    const { line, column } = locationOf(yaml, warning.start);
    return `${yaml.file}:${line}:${column}: ${warning.message}`;
  };
  return { config, warnings: [...file.warnings, ...references.warnings].map(sentence) };
}

/** Without a prototype, so that a name such as `constructor` is not there unless it is declared. */
function named<K extends 'data' | 'models'>(
  parts: readonly { readonly config: Config; readonly folder: string }[],
  kind: K,
): Readonly<Record<string, Placed<Config[K][string]>>> {
  const all = Object.create(null) as Record<string, Placed<Config[K][string]>>;
  for (const { config, folder } of parts) {
    for (const [name, value] of Object.entries(config[kind])) {
      all[name] = { ...(value as Config[K][string]), folder };
    }
  }
  return all;
}

const SETTINGS_OF_MAIN = [
  'history',
  'artifacts',
  'retention',
  'engine',
  'include',
  'notify',
  'report',
] as const;

function refuseSettings(part: ConfigPart, main: ConfigPart): void {
  const { yaml } = part.file;
  const value = yaml.value as Readonly<Record<string, unknown>> | undefined;
  const problems = SETTINGS_OF_MAIN.filter((key) => value && Object.hasOwn(value, key)).map((key) => ({
    ...yaml.keySpan([key]),
    message: `"${key}" cannot be set in an included file`,
    mend: `set it in ${main.file.yaml.file}, which includes this one`,
  }));
  if (problems.length > 0) throw problemsError(yaml, [...problems, ...part.file.problems]);
}

function refuseNamesakes(parts: readonly ConfigPart[]): void {
  for (const kind of ['data', 'models'] as const) {
    const owners = new Map<string, ConfigPart>();
    for (const part of parts) {
      for (const name of Object.keys(part.file.config?.[kind] ?? {})) {
        const owner = owners.get(name);
        if (!owner) {
          owners.set(name, part);
          continue;
        }
        const what = kind === 'data' ? 'dataset' : 'model';
        const first = owner.file.yaml.locate([kind, name]);
        const problem = {
          ...part.file.yaml.keySpan([kind, name]),
          message: `the ${what} ${quote(name)} is also in ${first.file}:${first.line}`,
          mend: 'names are for the whole repository; give one of them another name',
        };
        throw problemsError(part.file.yaml, [problem]);
      }
    }
  }
}

/** What is said of a config that is not there. */
export function missingConfig(file: string): UserError {
  return new UserError(`there is no ${file}`, { mend: 'write one: assay init' });
}
