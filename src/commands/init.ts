import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { UserError } from '../errors.js';
import { terminalText } from '../report/escape.js';
import type { Survey } from '../survey/survey.js';
import type { World } from '../world.js';
import { defineVerb } from './command-line/verb.js';
import { findGitRoot } from './project/project.js';

interface ProposedFile {
  /** As the user sees it: relative to the working directory. */
  readonly path: string;
  readonly content: string;
  readonly exists: boolean;
}

export const init = defineVerb(
  {
    name: 'init',
    summary: 'look at the repository and write a commented assay.yml and its workflows',
    description: `Looks at the names of the files here, and at the beginning of a few, for how this repository trains, where its
metrics and its data are, and which tools were here before (DVC, MLflow, Weights & Biases). It says what it recognised and
by what, and writes assay.yml and three workflows, with comments on every line worth one: assay.yml measures, assay-publish.yml
posts what a fork's pull request measured, assay-comments.yml obeys /assay in comments.

Nothing is run, and no file is ever overwritten: what exists stays as it is, and what would have been written is printed.
What init cannot know, such as a training command with a name of its own, is left as a comment to fill in. It works in
an empty folder and outside git too.`,
    arguments: [],
    options: {
      print: { kind: 'flag', description: 'show the files and write nothing' },
    },
    outputs: {},
    examples: [
      { command: 'assay init', explains: 'write what is not there yet, then run: assay doctor' },
      { command: 'assay init --print', explains: 'show the files first' },
      { command: 'assay init --config services/churn/assay.yml', explains: 'one model of a monorepo' },
    ],
  },
  async (input, world) => {
    const folder = dirname(resolve(world.cwd, input.config));
    const { survey } = await import('../survey/survey.js');
    const { listFolder } = await import('../platform/files/listing.js');
    const found = await survey(await listFolder(folder));
    const { files, unknown } = await propose(found, { folder, config: input.config, world });
    const missing = files.filter((file) => !file.exists);
    const written = input.options.print ? [] : missing;
    for (const file of written) await writeNew(resolve(world.cwd, file.path), file);
    return {
      exit: 0,
      json: {
        recognised: found.findings,
        unknown,
        files: files.map((file) => ({
          path: file.path,
          status: file.exists ? 'exists' : written.includes(file) ? 'written' : 'shown',
          content: file.content,
        })),
      },
      text: render({ found, unknown, files, written }),
      outputs: {},
    };
  },
);

async function propose(
  found: Survey,
  at: { readonly folder: string; readonly config: string; readonly world: World },
): Promise<{ readonly files: readonly ProposedFile[]; readonly unknown: readonly string[] }> {
  const { folder, config, world } = at;
  const { proposeConfig } = await import('../survey/config.js');
  const { proposeComments, proposePublishing, proposeWorkflow } = await import('../survey/workflow.js');
  const { nameFrom } = await import('../survey/survey.js');
  const { text, unknown } = proposeConfig(found, nameFrom(basename(folder)) ?? 'my_model');
  const root = findGitRoot(folder);
  const top = root ?? folder;
  const options = {
    language: found.language,
    branch: root === undefined ? 'main' : await mainBranch(root, world),
    config: relative(top, resolve(world.cwd, config)).replaceAll('\\', '/'),
  };
  const workflows = {
    'assay.yml': proposeWorkflow(options),
    'assay-publish.yml': proposePublishing(options),
    'assay-comments.yml': proposeComments(options),
  };
  const file = (path: string, content: string) => ({
    path: relative(world.cwd, path) || path,
    content,
    exists: existsSync(path),
  });
  const files = [
    file(resolve(world.cwd, config), text),
    ...Object.entries(workflows).map(([name, content]) =>
      file(join(top, '.github', 'workflows', name), content),
    ),
  ];
  return { files, unknown };
}

/** The branch of the remote's HEAD, else the one that is checked out, else main. */
async function mainBranch(root: string, world: World): Promise<string> {
  if (world.runner.defaultBranch !== null) return world.runner.defaultBranch;
  const { openGit } = await import('../platform/git/git.js');
  const git = openGit({ folder: root, env: world.env });
  for (const name of ['refs/remotes/origin/HEAD', 'HEAD']) {
    const result = await git.run(['symbolic-ref', '--short', name]);
    const branch = result.stdout
      .toString('utf8')
      .trim()
      .replace(/^origin\//, '');
    if (result.code === 0 && branch !== '') return branch;
  }
  return 'main';
}

/** Fails rather than overwrite, also a file that appeared a moment ago. */
async function writeNew(path: string, file: ProposedFile): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.content, { flag: 'wx' });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new UserError(`${file.path} cannot be written: ${code ?? String(cause)}`, {
      mend: 'assay init --print shows what would be written',
      cause,
    });
  }
}

function render(result: {
  readonly found: Survey;
  readonly unknown: readonly string[];
  readonly files: readonly ProposedFile[];
  readonly written: readonly ProposedFile[];
}): string {
  const { found, unknown, files, written } = result;
  const lines: string[] = [];
  if (found.findings.length > 0) lines.push('Recognised:');
  for (const { what, why } of found.findings) lines.push(`  ${terminalText(what)}  (${terminalText(why)})`);
  if (unknown.length > 0)
    lines.push('Not recognised, left as a comment to fill in:', ...unknown.map((line) => `  ${line}`));
  for (const file of files) {
    const path = terminalText(file.path);
    if (written.includes(file)) {
      lines.push(`Wrote ${path}`);
      continue;
    }
    lines.push(
      '',
      file.exists ? `${path} exists and stays as it is; init would have written:` : `${path} would be:`,
      '',
    );
    lines.push(
      ...file.content
        .trimEnd()
        .split('\n')
        .map((line) => `  ${terminalText(line)}`),
    );
  }
  if (written.length > 0)
    lines.push('', `Next: ${unknown.length > 0 ? 'fill in the comments, then ' : ''}assay doctor`);
  return lines.join('\n');
}
