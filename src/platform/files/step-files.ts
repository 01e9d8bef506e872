import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import type { DataStep, DatasetFormat } from '../../config/data.js';
import type { DigestedFile, StepData, StepFiles } from '../../data/ingest/ports.js';
import { UserError } from '../../errors.js';
import { makeFolder } from '../local/store.js';

/** SHA-256 of a file, in lower-case hex. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}

/** @param of.folder of assay.yml; @param of.place where outputs are written (both absolute) */
export function localStepFiles(of: { readonly folder: string; readonly place: string }): StepFiles {
  const { folder } = of;
  return {
    code: async (step) => {
      const named = [...words(step.run ?? ''), ...(step.notebook === undefined ? [] : [step.notebook])];
      const files = new Set<string>();
      for (const word of named) {
        const file = await regularFile(folder, word);
        if (file !== undefined) files.add(file);
      }
      if (step.notebook !== undefined && files.size === 0) {
        throw new UserError(`the notebook ${step.notebook} of the step "${step.name}" does not exist`);
      }
      for (const file of await matching(folder, step.code, step)) files.add(file);
      return digested(folder, [...files].sort());
    },
    inputs: async (step) => digested(folder, await matching(folder, step.inputs, step)),
    place: async (index, step, format) => {
      const at = join(of.place, `${index + 1}-${step.name}`);
      await makeFolder(at);
      return join(at, `${step.name}.${format}`);
    },
    look,
    remove: (path) => rm(path, { recursive: true, force: true }),
  };
}

async function look(path: string, format: DatasetFormat): Promise<StepData | undefined> {
  const found = await stat(path).catch(() => undefined);
  const at = { folder: dirname(path), source: basename(path), format };
  if (found?.isFile()) return { ...at, paths: [path], digest: await digestOf(path) };
  if (!found?.isDirectory()) return undefined;
  const files = await glob('**', {
    cwd: path,
    absolute: true,
    dot: true,
    onlyFiles: true,
    expandDirectories: false,
  });
  if (files.length === 0) return undefined;
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(`${relative(path, file)}\0${await digestOf(file)}\n`);
  return { ...at, paths: files, digest: hash.digest('hex') };
}

/** The words of a command that may be names of files; `-m package.module` is a file of Python. */
function words(command: string): readonly string[] {
  const parts = command.match(/"[^"]*"|'[^']*'|[^\s;&|<>()]+/g) ?? [];
  const plain = parts.map((part) => part.replace(/^["']|["']$/g, ''));
  const modules = plain.flatMap((part, i) =>
    part === '-m' && plain[i + 1]
      ? [`${plain[i + 1]?.replaceAll('.', '/')}.py`, `${plain[i + 1]?.replaceAll('.', '/')}/__main__.py`]
      : [],
  );
  return [...plain, ...modules];
}

/** Relative to the folder; undefined when it is no file in it. */
async function regularFile(folder: string, word: string): Promise<string | undefined> {
  const path = resolve(folder, word);
  const within = relative(folder, path);
  if (within === '' || within.startsWith('..') || isAbsolute(within)) return undefined;
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? within : undefined;
}

async function matching(
  folder: string,
  patterns: readonly string[],
  step: DataStep,
): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    const found = await glob(pattern, {
      cwd: folder,
      onlyFiles: true,
      dot: true,
      ignore: ['**/node_modules/**', '**/.git/**'],
    });
    if (found.length === 0) {
      throw new UserError(
        `no file matches ${JSON.stringify(pattern)}, which the step "${step.name}" depends on`,
      );
    }
    for (const file of found) files.add(file);
  }
  return [...files].sort();
}

async function digested(folder: string, files: readonly string[]): Promise<readonly DigestedFile[]> {
  const all: DigestedFile[] = [];
  for (const file of files) all.push({ file, digest: await digestOf(resolve(folder, file)) });
  return all;
}
