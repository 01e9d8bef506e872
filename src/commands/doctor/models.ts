import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import type { Placed } from '../../config/load.js';
import type { ModelConfig } from '../../config/model.js';
import { formatBytes, plural } from '../../format.js';
import { openGit } from '../../platform/git/git.js';
import { LOCKFILES } from '../../runs/environment.js';
import { type Check, failedCheck, type Patient } from './check.js';
import { programsOf } from './programs.js';

/** The training commands, the data and what trainings write. */
export async function modelChecks(patient: Patient): Promise<readonly Check[]> {
  const { project } = patient;
  if (!project) return [];
  const data = Object.entries(project.config.data);
  const models = Object.entries(project.config.models);
  const groups = [
    ...data.map(
      ([name, { source, folder }]) =>
        () =>
          dataCheck(patient, { name, source, folder }),
    ),
    ...models.map(
      ([name, model]) =>
        () =>
          trainingChecks(patient, { name, model }),
    ),
    ...models.map(
      ([name, model]) =>
        () =>
          trackedChecks(patient, { name, model }),
    ),
    () => lockfileCheck(patient),
  ];
  const checks: Check[] = [];
  for (const group of groups) {
    try {
      checks.push(...(await group()));
    } catch (error) {
      checks.push(failedCheck('models', error));
    }
  }
  return checks;
}

async function dataCheck(
  { project }: Patient,
  dataset: { readonly name: string; readonly source: string; readonly folder: string },
): Promise<readonly Check[]> {
  const workspace = await project?.workspace(dataset.folder);
  const files = (await workspace?.glob([dataset.source])) ?? [];
  if (files.length === 0) {
    const message = `data ${dataset.name}: no file matches ${dataset.source}`;
    return [
      { name: 'data', state: 'broken', message, mend: 'bring it there, or mend its source in assay.yml' },
    ];
  }
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(dataset.folder, file))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const message = `data ${dataset.name}: ${plural(files.length, 'file')}, ${formatBytes(bytes)}`;
  if (bytes > 0) return [{ name: 'data', state: 'ok', message }];
  return [{ name: 'data', state: 'broken', message: `${message}: empty`, mend: 'bring its content there' }];
}

interface NamedModel {
  readonly name: string;
  readonly model: Placed<ModelConfig>;
}

async function trainingChecks({ world }: Patient, { name, model }: NamedModel): Promise<readonly Check[]> {
  const command = model.train?.run;
  if (command === undefined) return [];
  const { programs, scripts } = programsOf(command);
  const checks: Check[] = [];
  for (const program of programs) {
    if (
      await isProgram(program, { folder: model.folder, path: model.train?.env.PATH ?? world.env.PATH ?? '' })
    )
      continue;
    const message = `model ${name}: the training needs ${program}, which is not on PATH`;
    checks.push({
      name: 'training',
      state: 'broken',
      message,
      mend: `install ${program}, or mend train.run`,
    });
  }
  for (const script of scripts) {
    if (await isThere(resolve(model.folder, script))) continue;
    const message = `model ${name}: the training runs ${script}, which is not there`;
    checks.push({
      name: 'training',
      state: 'broken',
      message,
      mend: 'paths are relative to the folder of assay.yml',
    });
  }
  if (checks.length > 0) return checks;
  const found = programs.length > 0 ? `${programs.join(' and ')} found` : 'its program is left to the shell';
  return [{ name: 'training', state: 'ok', message: `model ${name}: ${command} (${found})` }];
}

async function isProgram(
  program: string,
  where: { readonly folder: string; readonly path: string },
): Promise<boolean> {
  const candidates = program.includes('/')
    ? [resolve(where.folder, program)]
    : where.path
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, program));
  for (const candidate of candidates) {
    const isExecutable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return true;
  }
  return false;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A file that git tracks and each training rewrites makes every run one of uncommitted code. */
async function trackedChecks(
  { gitRoot, world }: Patient,
  { name, model }: NamedModel,
): Promise<readonly Check[]> {
  if (gitRoot === undefined || !model.train) return [];
  const written = [...model.metrics.from, ...(model.evaluate ? [model.evaluate.predictions] : [])];
  if (written.length === 0) return [];
  const git = openGit({ folder: model.folder, env: world.env });
  const listing = await git.text(['ls-files', '-z', '--', ...written.map((file) => `:(glob)${file}`)]);
  return listing
    .split('\0')
    .filter(Boolean)
    .slice(0, 5)
    .map((file) => ({
      name: 'tracked',
      state: 'warning' as const,
      message: `model ${name}: ${file} is in git, and each training rewrites it`,
      mend: `git rm --cached ${/^[\w./-]+$/.test(file) ? file : JSON.stringify(file)}, and name it in .gitignore; the history keeps the metrics`,
    }));
}

async function lockfileCheck({ project, folder }: Patient): Promise<readonly Check[]> {
  if (!project || !Object.values(project.config.models).some((model) => model.train)) return [];
  const found = await (await project.workspace(folder)).glob(LOCKFILES);
  if (found.length > 0) return [{ name: 'lockfile', state: 'ok', message: `lockfiles: ${found.join(', ')}` }];
  const message = 'no lockfile: a run cannot say which versions of packages it used';
  const mend =
    'commit one (uv.lock, poetry.lock, requirements.txt, renv.lock, Manifest.toml, package-lock.json)';
  return [{ name: 'lockfile', state: 'warning', message, mend }];
}
