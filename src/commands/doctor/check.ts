import { OutsideError, UserError } from '../../errors.js';
import { terminalText } from '../../report/escape.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';

/** One thing that doctor looked at. */
export interface Check {
  /** Stable name for scripts that read `--json`: `git`, `config`, `training` … */
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'broken';
  readonly message: string;
  /** What to do about it. */
  readonly mend?: string;
  /** The place in a file, ready to print. */
  readonly excerpt?: string;
}

/** What a group of checks looks at. */
export interface Patient {
  readonly world: World;
  /** Folder of assay.yml (absolute). */
  readonly folder: string;
  /** Top of the git checkout (absolute); undefined outside git. */
  readonly gitRoot: string | undefined;
  /** Undefined when the config is missing or wrong. */
  readonly project: Project | undefined;
}

/** What went wrong while looking, as a check of its own; a bug is thrown on. */
export function failedCheck(name: string, error: unknown): Check {
  if (!(error instanceof UserError || error instanceof OutsideError)) throw error;
  const at = error instanceof UserError ? error.location : undefined;
  const place = [at?.file, at?.line, at?.column].filter((part) => part !== undefined).join(':');
  return {
    name,
    state: 'broken',
    message: place ? `${place}: ${error.message}` : error.message,
    ...(error.mend === undefined ? {} : { mend: error.mend }),
    ...(error instanceof UserError && error.excerpt ? { excerpt: error.excerpt } : {}),
  };
}

const MARKS = { ok: '✓', warning: '!', broken: '✗' } as const;

/** The list as a person reads it: one line each, and below it what to do. */
export function renderChecks(checks: readonly Check[]): string {
  const lines = checks.flatMap((check) => [
    `${MARKS[check.state]} ${terminalText(check.message)}`,
    ...indented(check.excerpt),
    ...(check.state === 'ok' ? [] : indented(check.mend)),
  ]);
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  const summary = count('broken') > 0 ? `${count('broken')} broken` : 'healthy';
  const warnings = count('warning') > 0 ? `, ${count('warning')} to look at` : '';
  return [...lines, '', `${summary}${warnings}`].join('\n');
}

function indented(text: string | undefined): readonly string[] {
  if (!text) return [];
  return text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => `    ${terminalText(line)}`);
}
