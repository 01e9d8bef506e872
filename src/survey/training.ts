import { isMap, isScalar, parseDocument } from 'yaml';
import type { Language } from './language.js';
import type { Listing } from './listing.js';
import type { Finding } from './survey.js';

export interface Command {
  readonly command: string;
  readonly why: string;
}

interface Training {
  readonly train: Command | undefined;
  readonly others: readonly string[];
  readonly findings: readonly Finding[];
}

const SCRIPT = /(^|\/)(train|training|train_model|fit|main_train)\.(py|R|jl|m?js)$/i;
const STARTERS: Readonly<Record<string, string>> = {
  py: 'python',
  r: 'Rscript',
  jl: 'julia',
  js: 'node',
  mjs: 'node',
};

/** The command that trains: what the team has already written down as one, else a script named like one. */
export async function recogniseTraining(listing: Listing, language: Language | undefined): Promise<Training> {
  const scripts = listing.files.filter(
    (file) => SCRIPT.test(file) && !/(^|\/)(tests?|examples)\//.test(file),
  );
  const notebooks = listing.files.filter((file) => file.endsWith('.ipynb'));
  const named = (await dvcStage(listing)) ?? (await npmScript(listing)) ?? (await makeTarget(listing));
  const [script, ...further] = scripts;
  const train =
    named ?? (script ? { command: start(script, language), why: `${script} is there` } : undefined);
  const findings = notebooks.slice(0, 1).map((notebook) => ({
    what: `notebook: ${notebook}`,
    why: 'its ending; notebooks are run by a command of yours, such as jupyter execute or papermill',
  }));
  return { train, others: named ? scripts : further, findings: train ? [] : findings };
}

function start(script: string, language: Language | undefined): string {
  const ending = script.split('.').at(-1)?.toLowerCase() ?? '';
  const fits = { py: 'Python', r: 'R', jl: 'Julia', js: 'Node', mjs: 'Node' }[ending] === language?.name;
  const starter = fits && language ? language.runs : (STARTERS[ending] ?? '');
  return `${starter} ${/^[\w./-]+$/.test(script) ? script : `'${script.replaceAll("'", `'\\''`)}'`}`;
}

async function dvcStage(listing: Listing): Promise<Command | undefined> {
  if (!listing.files.includes('dvc.yaml')) return undefined;
  const document = parseDocument(await listing.head('dvc.yaml', 100_000));
  const stages = document.get('stages');
  if (!isMap(stages)) return undefined;
  for (const { key } of stages.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const command = document.getIn(['stages', name, 'cmd']);
    if (/train|fit/i.test(name) && typeof command === 'string' && !command.includes('${')) {
      return { command, why: `the stage "${name}" of dvc.yaml` };
    }
  }
  return undefined;
}

async function npmScript(listing: Listing): Promise<Command | undefined> {
  if (!listing.files.includes('package.json')) return undefined;
  try {
    const manifest: unknown = JSON.parse(await listing.head('package.json', 100_000));
    const scripts = (manifest as { scripts?: Record<string, unknown> } | null)?.scripts;
    if (scripts && Object.hasOwn(scripts, 'train')) {
      return { command: 'npm run train', why: 'the script "train" of package.json' };
    }
  } catch {
    // A package.json that is not JSON says nothing of how the project trains.
  }
  return undefined;
}

async function makeTarget(listing: Listing): Promise<Command | undefined> {
  if (!listing.files.includes('Makefile')) return undefined;
  const hasTarget = /^train\s*:/m.test(await listing.head('Makefile', 100_000));
  return hasTarget ? { command: 'make train', why: 'the target "train" of the Makefile' } : undefined;
}
