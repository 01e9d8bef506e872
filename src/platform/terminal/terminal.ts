import { relative, resolve } from 'node:path';
import type { Location } from '../../errors.js';
import { terminalText, workflowCommandData, workflowCommandProperty } from '../../report/escape.js';
import type { Terminal } from '../../world.js';
import { barProgress, lineProgress } from './progress.js';

export interface TerminalOptions {
  readonly stream: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Seconds that only ever increase. */
  readonly seconds: () => number;
}

/** Progress and remarks on stderr: for a person, for a plain log, or for the log of GitHub Actions. */
export function openTerminal(options: TerminalOptions): Terminal {
  const { env, stream } = options;
  const interactive = stream.isTTY === true && env.CI === undefined;
  const color = wantsColor(stream.isTTY === true, env);
  const github = env.GITHUB_ACTIONS === 'true';
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  // Line by line: terminalText makes one line of what it is given.
  const safe = (text: string) =>
    text
      .split(/\r\n|\r|\n/)
      .map((line) => terminalText(line))
      .join('\n');

  let barShown = false;
  const write = (text: string) => {
    if (barShown) stream.write('\r\u001b[K');
    barShown = false;
    stream.write(`${text}\n`);
  };
  const draw = (text: string) => {
    const width = (stream.columns ?? 80) - 1;
    stream.write(`\r\u001b[K${Array.from(safe(text)).slice(0, width).join('')}`);
    barShown = text !== '';
  };
  const annotate = (command: 'error' | 'warning', text: string, location: Location | undefined) =>
    write(annotation({ command, text, location, env, cwd: options.cwd }));

  return {
    interactive,
    color,
    info: (line) => write(safe(line)),
    warn: (text, location) => {
      if (github) annotate('warning', text, location);
      else write(`${paint(33, 'warning:')} ${safe(text)}`);
    },
    error: (text, location) => {
      if (github) annotate('error', text, location);
      else write(`${paint(31, 'error:')} ${safe(text)}`);
    },
    debug: (text) => {
      if (github) write(`::group::details for a bug report\n${safe(text)}\n::endgroup::`);
      else if (env.ASSAY_DEBUG) write(safe(text));
    },
    passthrough: (line) => write(safe(line)),
    progress: (label) =>
      interactive
        ? barProgress(label, { draw, seconds: options.seconds })
        : lineProgress(label, { line: (text) => write(safe(text)), seconds: options.seconds }),
  };
}

/** What `--quiet` leaves: warnings, errors and the details of a bug. */
export function quietTerminal(terminal: Terminal): Terminal {
  return {
    ...terminal,
    info: () => {},
    passthrough: () => {},
    progress: () => ({ update: () => {}, end: () => {} }),
  };
}

/** NO_COLOR (no-color.org) and FORCE_COLOR as Node itself reads them: NO_COLOR when not empty, FORCE_COLOR unless 0 or false. */
function wantsColor(isTTY: boolean, env: TerminalOptions['env']): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** A workflow command that GitHub shows in the list of annotations, and beside the line when the file is in the repository. */
function annotation(options: {
  readonly command: 'error' | 'warning';
  readonly text: string;
  readonly location: Location | undefined;
  readonly env: TerminalOptions['env'];
  readonly cwd: string;
}): string {
  const { command, location, env, cwd } = options;
  const properties: string[] = [];
  const file = location && fileInRepository(location.file, { cwd, workspace: env.GITHUB_WORKSPACE });
  if (file) {
    properties.push(`file=${workflowCommandProperty(file)}`);
    if (location?.line) properties.push(`line=${location.line}`);
    if (location?.column) properties.push(`col=${location.column}`);
  }
  return `::${command}${properties.length ? ` ${properties.join(',')}` : ''}::${workflowCommandData(options.text)}`;
}

function fileInRepository(
  file: string,
  where: { readonly cwd: string; readonly workspace: string | undefined },
): string | undefined {
  if (!where.workspace) return undefined;
  const path = relative(where.workspace, resolve(where.cwd, file)).replaceAll('\\', '/');
  return path === '' || path === '..' || path.startsWith('../') || /^[a-z]:/i.test(path) ? undefined : path;
}
