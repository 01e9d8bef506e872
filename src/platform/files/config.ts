import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type ConfigFile, parseParams, readConfigFile } from '../../config/file.js';
import { type ConfigPart, combineConfigs, type LoadedConfig, missingConfig } from '../../config/load.js';
import type { ModelConfig } from '../../config/model.js';
import { type Problem, problemsError } from '../../config/problem.js';
import { UserError } from '../../errors.js';
import { directionOf } from '../../metrics/direction.js';

/**
 * Reads assay.yml with the files it includes and the parameter files it names.
 * @param path absolute
 * @param shown the path as the user named it, for messages
 * @throws UserError when a file is missing or wrong
 */
export async function readConfig(path: string, shown: string): Promise<LoadedConfig> {
  const main = await readPart(path, shown);
  const patterns = main.file.config?.include ?? [];
  const included = patterns.length > 0 ? await includedParts({ main, path, shown }) : [];
  return combineConfigs([main, ...included], (metric) => directionOf(metric, {}));
}

async function readPart(path: string, shown: string): Promise<ConfigPart> {
  const text = await readText(path, shown);
  if (text === undefined) throw missingConfig(shown);
  const folder = dirname(path);
  const file = readConfigFile(decode(text, shown), shown);
  return { file: await withParams(file, { folder, shown }), folder };
}

async function includedParts(main: {
  readonly main: ConfigPart;
  readonly path: string;
  readonly shown: string;
}): Promise<readonly ConfigPart[]> {
  const { glob } = await import('tinyglobby');
  const { folder, file } = main.main;
  const parts = new Map<string, ConfigPart>();
  const problems: Problem[] = [];
  for (const [index, pattern] of (file.config?.include ?? []).entries()) {
    const paths = await glob([pattern], {
      cwd: folder,
      absolute: true,
      onlyFiles: true,
      expandDirectories: false,
      followSymbolicLinks: false,
      ignore: ['**/node_modules/**', '**/.git/**'],
    });
    const others = paths.map((path) => resolve(path)).filter((path) => path !== main.path);
    if (others.length === 0) {
      problems.push({
        ...file.yaml.valueSpan(['include', index]),
        message: 'no file matches this',
        mend: 'paths are relative to this file, such as services/*/assay.yml',
      });
    }
    for (const path of others.sort()) {
      const shown = join(dirname(main.shown), relative(folder, path));
      if (!parts.has(path)) parts.set(path, await readPart(path, shown));
    }
  }
  if (problems.length > 0) throw problemsError(file.yaml, problems);
  return [...parts.values()];
}

/** Puts the parameters of `params: { file: … }` in its place. */
async function withParams(
  file: ConfigFile,
  at: { readonly folder: string; readonly shown: string },
): Promise<ConfigFile> {
  if (!file.config) return file;
  const models: Record<string, ModelConfig> = {};
  for (const [name, model] of Object.entries(file.config.models)) {
    const source = model.train?.params.file;
    const isReference = typeof source === 'string' && Object.keys(model.train?.params ?? {}).length === 1;
    if (!model.train || !isReference) {
      models[name] = model;
      continue;
    }
    const shown = join(dirname(at.shown), source);
    const text = await readText(resolve(at.folder, source), shown);
    if (text === undefined) {
      const span = file.yaml.valueSpan(['models', name, 'train', 'params', 'file']);
      throw problemsError(file.yaml, [
        { ...span, message: `there is no file ${JSON.stringify(source)} beside it` },
      ]);
    }
    models[name] = { ...model, train: { ...model.train, params: parseParams(decode(text, shown), shown) } };
  }
  return { ...file, config: { ...file.config, models } };
}

/** Undefined when there is no such file. */
async function readText(path: string, shown: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const reason =
      code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'permission denied' : String(code);
    throw new UserError(`${shown} cannot be read: ${reason}`, { cause });
  }
}

/** @throws UserError with the line of the first byte that is not UTF-8 */
function decode(bytes: Uint8Array, shown: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const lenient = new TextDecoder('utf-8').decode(bytes);
    const before = lenient.slice(0, lenient.indexOf('�')).split('\n');
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new UserError(utf16 ? 'the file is in UTF-16' : 'a byte here is not UTF-8', {
      location: { file: shown, line, column },
      mend: 'save the file as UTF-8',
      cause,
    });
  }
}
