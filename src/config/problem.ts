import { type Location, UserError } from '../errors.js';
import { hideSecrets } from './secrets.js';

/** The text of one file, with what it takes to show a place in it. */
export interface SourceText {
  /** As the user named it. */
  readonly file: string;
  readonly text: string;
}

/** A place in a text; offsets in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Something wrong at a place of a file. */
export interface Problem extends Span {
  readonly message: string;
  readonly mend?: string;
}

const SHOWN_PROBLEMS = 10;
/** Longer source lines are cut around the place, to fit a terminal and a log. */
const SHOWN_COLUMNS = 100;

/** One error for all problems of a file: the first in its place, the others after its excerpt, in the order of the file. */
export function problemsError(source: SourceText, problems: readonly Problem[]): UserError {
  const ordered = [...problems].sort((a, b) => a.start - b.start);
  const [first, ...others] = ordered;
  if (!first) throw new Error('problemsError needs a problem');
  const location = locationOf(source, first.start);
  const message = hideSecrets(first.message);
  if (others.length === 0) {
    const mend = first.mend === undefined ? {} : { mend: hideSecrets(first.mend) };
    return new UserError(message, { location, excerpt: excerptOf(source, first), ...mend });
  }
  const lines = [excerptOf(source, first), ...mendLines(first)];
  for (const other of others.slice(0, SHOWN_PROBLEMS - 1)) {
    const { file, line, column } = locationOf(source, other.start);
    lines.push('', `${file}:${line}:${column}: ${hideSecrets(other.message)}`);
    lines.push(excerptOf(source, other), ...mendLines(other));
  }
  const count =
    ordered.length > SHOWN_PROBLEMS
      ? `the first ${SHOWN_PROBLEMS} of ${ordered.length} problems in ${source.file}`
      : `${ordered.length} problems in ${source.file}`;
  return new UserError(message, { location, excerpt: `${lines.join('\n')}\n`, mend: count });
}

function mendLines(problem: Problem): readonly string[] {
  return problem.mend === undefined ? [] : [`  ${hideSecrets(problem.mend)}`];
}

/** Line and column (from 1) of an offset. */
export function locationOf(source: SourceText, offset: number): Required<Location> {
  const before = source.text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++;
  return { file: source.file, line, column: offset - lastBreak };
}

/** The line of `place`, with the place underlined; secrets masked, control characters made visible. */
export function excerptOf(source: SourceText, place: Span): string {
  const { line, column } = locationOf(source, place.start);
  const lineStart = place.start - column + 1;
  const lineEnd = source.text.indexOf('\n', place.start);
  const hidden = hideSecrets(source.text);
  const whole = hidden.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).replace(/\r$/, '');
  const length = Math.max(1, Math.min(place.end, lineStart + whole.length) - place.start);
  const cut = Math.max(0, column - 1 - SHOWN_COLUMNS / 2);
  const from = whole.length > SHOWN_COLUMNS ? cut : 0;
  const shown = visible(whole).slice(from, from + SHOWN_COLUMNS);
  const lead = from > 0 ? '… ' : '';
  const tail = from + SHOWN_COLUMNS < whole.length ? ' …' : '';
  const gutter = String(line);
  const indent = ' '.repeat(lead.length + column - 1 - from);
  const underline = '^'.repeat(Math.min(length, SHOWN_COLUMNS - (column - 1 - from)));
  return `  ${gutter} | ${lead}${shown}${tail}\n  ${' '.repeat(gutter.length)} | ${indent}${underline}`;
}

/** One visible character for each control, zero-width and bidirectional character, so that columns stay true. */
function visible(line: string): string {
  return (
    line
      .replaceAll('\t', '→')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be replaced
      .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '�')
  );
}

/** A value from the file as messages quote it: at most 40 characters, on one line, secrets masked. */
export function quote(value: unknown): string {
  const text = hideSecrets(JSON.stringify(value) ?? String(value));
  return text.length > 40 ? `${text.slice(0, 38)}…${text.startsWith('"') ? '"' : ''}` : text;
}
