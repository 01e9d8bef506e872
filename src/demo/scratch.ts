import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { UserError } from '../errors.js';

/** The scratch repository that the demo plays in: a real git repository holding a copy of `examples/adult`. */
export interface Scratch {
  readonly folder: string;
  /** Starts a branch from main. */
  branch(name: string): void;
  /** Replaces texts of a file and commits; throws when a text is not there. */
  change(file: string, replacements: Readonly<Record<string, string>>, message: string): void;
  /** Changes rows of the compressed data and commits; line numbers as an editor counts them. */
  changeData(change: (line: string, number: number) => string, message: string): void;
  /** Moves main to the branch, as a merge without a merge commit does. */
  merge(branch: string): void;
  checkout(branch: string): void;
}

/**
 * @param example the folder to copy
 * @param wanted where to put it; a new temporary folder when left out. Throws UserError when it is not empty.
 */
export function makeScratch(example: string, wanted: string | undefined): Scratch {
  const folder = wanted === undefined ? mkdtempSync(join(tmpdir(), 'assay-demo-')) : resolve(wanted);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new UserError(`the folder ${wanted} is not empty`, {
      mend: 'name a new one, or leave --directory out',
    });
  }
  mkdirSync(folder, { recursive: true });
  cpSync(example, folder, {
    recursive: true,
    filter: (path) => !/[\\/](out|live|live\.before|\.assay)$/.test(path),
  });
  const git = (...args: readonly string[]) => {
    execFileSync('git', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: gitEnvironment() });
  };
  const commit = (message: string) => {
    git('add', '--all');
    git('commit', '--quiet', '--message', message);
  };
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Ada');
  git('config', 'user.email', 'ada@example.org');
  git('config', 'commit.gpgsign', 'false');
  commit('Predict income from the census');
  return {
    folder,
    branch: (name) => git('checkout', '--quiet', '-b', name, 'main'),
    change: (file, replacements, message) => {
      const path = join(folder, file);
      let text = readFileSync(path, 'utf8');
      for (const [from, to] of Object.entries(replacements)) {
        if (!text.includes(from)) throw new Error(`${file} does not say ${from}`);
        text = text.replace(from, to);
      }
      writeFileSync(path, text);
      commit(message);
    },
    changeData: (change, message) => {
      const path = join(folder, 'data/adult.csv.gz');
      const lines = gunzipSync(readFileSync(path)).toString().split('\n');
      writeFileSync(path, gzipSync(lines.map((line, i) => change(line, i + 1)).join('\n')));
      commit(message);
    },
    merge: (branch) => {
      git('checkout', '--quiet', 'main');
      git('merge', '--quiet', '--ff-only', branch);
    },
    checkout: (branch) => git('checkout', '--quiet', branch),
  };
}

/** The user's own settings of git (signing, hooks, templates) have no part in the demo. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return { ...Object.fromEntries(own), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
}
