import { createHash } from 'node:crypto';

/**
 * One function per sink for text that comes from outside: metric names, branch names, titles, file names, log lines.
 * All of them first make the text plain (no control sequences, nothing invisible, one line), then cut it to a length a
 * reader can bear, then escape what the sink would interpret.
 */

/** Code points of outside text shown at one place, unless the caller says otherwise. */
export const TEXT_LIMITS = {
  terminal: 1000,
  paragraph: 600,
  cell: 120,
  code: 200,
  html: 5000,
  command: 4000,
  fileName: 80,
} as const;

const ESC = '\\u001b';
/** ECMA-48: colours and cursor movements; titles, links and other strings when they end; two-character escapes. */
const CONTROL_SEQUENCE = new RegExp(
  [
    `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]`,
    `(?:${ESC}[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u009c\\r\\n]*(?:\\u0007|${ESC}\\\\|\\u009c)`,
    `${ESC}[ -/]*[0-~]`,
  ].join('|'),
  'g',
);
/** An emoji joined from several, with its variation selectors: the one place where invisible characters are kept. */
const EMOJI =
  /[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}(?:\ufe0f|[\u{1f3fb}-\u{1f3ff}])*(?:\u200d\p{Extended_Pictographic}(?:\ufe0f|[\u{1f3fb}-\u{1f3ff}])*)*/u;
const SPACE = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
const INVISIBLE = new RegExp(
  `(${EMOJI.source})|[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\u2800]`,
  'gu',
);
/** More combining marks than any script needs: text that paints over its neighbours. */
const STACKED_MARKS = /(\p{M}{8})\p{M}+/gu;

/**
 * One line without terminal sequences and control characters; bidirectional overrides and other invisible characters
 * become visible as `\u{202e}`, so that two names that differ never look the same and none reads backwards.
 */
export function plainText(text: string): string {
  return text
    .replace(CONTROL_SEQUENCE, '')
    .replace(SPACE, ' ')
    .replace(INVISIBLE, (found, emoji: string | undefined) => {
      if (emoji !== undefined) return emoji;
      const code = found.codePointAt(0) ?? 0;
      if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
      return code < 0x20 || (code >= 0x7f && code <= 0x9f) ? '' : `\\u{${code.toString(16)}}`;
    })
    .replace(STACKED_MARKS, '$1');
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** At most `max` code points, the last one `…` when something was left off; never splits what a reader sees as one character. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  if (max <= 0) return '';
  const head: string[] = [];
  // Two UTF-16 units per code point at most; a few more so that the last character is seen whole.
  const window = [...text.slice(0, max * 2 + 64)];
  if (window.length <= max) return window.join('');
  let length = 0;
  for (const { segment } of graphemes.segment(window.join(''))) {
    const size = [...segment].length;
    if (length + size > max - 1) {
      if (length === 0) head.push(...[...segment].slice(0, Math.max(0, max - 1)));
      break;
    }
    head.push(segment);
    length += size;
  }
  return `${head.join('')}…`;
}

/** What is long is made plain only as far as it can be shown. */
function plainCut(text: string, max: number): string {
  return cut(plainText(text.length > max * 8 + 4096 ? `${text.slice(0, max * 8 + 4096)}…` : text), max);
}

/**
 * For a line of a terminal or a CI log. A workflow command is recognised by the runner at the start of a line (`::`)
 * or anywhere in it (`##[`); both are broken by a space.
 */
export function terminalText(text: string, max: number = TEXT_LIMITS.terminal): string {
  return plainCut(text, max)
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replace(/##(?=\[)/g, '## ');
}

/** U+200B as an entity: breaks what GitHub links in rendered text, and is seen by whoever reads the source. */
const BREAK = '&#8203;';
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * What GitHub looks for in the rendered text, after any escape of markdown: mentions, issue numbers, commits, addresses,
 * emoji names and formulas.
 */
function unlink(escaped: string): string {
  return escaped
    .replace(/@/g, `@${BREAK}`)
    .replace(/(?<!&)#(?=\d)/g, `#${BREAK}`)
    .replace(/(?<![a-z0-9])(gh-)(?=\d)/gi, `$1${BREAK}`)
    .replace(/www(?=\.)/gi, `$&${BREAK}`)
    .replace(/:(?=\/\/)/g, `:${BREAK}`)
    .replace(/(mailto|xmpp):/gi, `$1:${BREAK}`)
    .replace(/:(?=[\w+-]+:)/g, `:${BREAK}`)
    .replace(/(?<![\w&#])[0-9a-f]{7,40}(?![\w;])/gi, (sha) =>
      // Digits alone are a number to a reader, and a link to nowhere at worst.
      /^\d+$/.test(sha) ? sha : sha.replace(/.{6}(?=.)/g, `$&${BREAK}`),
    )
    .replace(/\$/g, '<span>$</span>');
}

/** Keeps right-to-left letters from reordering what follows them. */
function endDirection(escaped: string, text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `${escaped}&lrm;` : escaped;
}

/** For running text of a GitHub comment or summary: shows exactly the text, formats, links and pings nothing. */
export function markdownText(text: string, max: number = TEXT_LIMITS.paragraph): string {
  const plain = plainCut(text, max).trim();
  const escaped = plain
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\\/g, '&#92;')
    .replace(/\|/g, '&#124;')
    .replace(/[`*[\]~!]/g, '\\$&')
    // Between letters an underscore is plain, and `f1_macro` stays legible in the source.
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    // What starts a heading, a list or a rule does so only before a space or the end of the line.
    .replace(/^(?=(?:#{1,6}|[+-]|=+|-+)(?:\s|$))/, '\\')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2');
  return endDirection(unlink(escaped), plain);
}

/** For a cell of a markdown table: like `markdownText`, and never empty, so that every column is seen. */
export function markdownCell(text: string, max: number = TEXT_LIMITS.cell): string {
  return markdownText(text, max) || '—';
}

/** A comment is found again by its hidden marker: code, which is shown as it is, must not hold one of another. */
function withoutMarker(plain: string): string {
  return plain.replace(/<!(?=--)/g, '<! ');
}

/**
 * Inline code, in a paragraph or a table cell. A pipe cannot be written in a code span of a table together with any
 * backslash, so text with a pipe becomes a `<code>` element.
 */
export function markdownCode(text: string, max: number = TEXT_LIMITS.code): string {
  const plain = withoutMarker(terminalText(text, max));
  if (plain.trim() === '') return '(empty)';
  if (plain.includes('|')) return `<code>${unlink(entities(plain))}</code>`;
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[` ]|[` ]$/.test(plain) ? ' ' : '';
  return `${fence}${pad}${plain}${pad}${fence}`;
}

/** Lines as a fenced block; the fence is longer than any run of backticks in them. Also safe when printed in a CI log. */
export function markdownBlock(lines: readonly string[], max: number = TEXT_LIMITS.terminal): string {
  const plain = lines.map((line) => withoutMarker(terminalText(line, max)).trimEnd());
  const longest = Math.max(2, ...(plain.join('\n').match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...plain, fence].join('\n');
}

/** For HTML elements inside markdown (`<summary>`), where backslashes are shown and mentions still ping. */
export function markdownHtml(text: string, max: number = TEXT_LIMITS.paragraph): string {
  const plain = plainCut(text, max).trim();
  return endDirection(unlink(entities(plain)), plain);
}

/** Every character that markdown or HTML reads, as an entity. */
function entities(plain: string): string {
  return plain.replace(/[&<>"'\\`*_[\]~!|]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** An address that may be linked, ready for `[text](…)`; undefined unless it is http(s). */
export function markdownUrl(address: string): string | undefined {
  if (!/^https?:\/\//i.test(address) || address.length > 2000 || !URL.canParse(address)) return undefined;
  return new URL(address).href.replace(
    /[()<>|\\`*_[\]!~"'\s]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** For text and quoted attribute values of HTML and SVG. */
export function htmlText(text: string, max: number = TEXT_LIMITS.html): string {
  return plainCut(text, max).replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The message of a workflow command (`::error::MESSAGE`); may have several lines. */
export function workflowCommandData(text: string, max: number = TEXT_LIMITS.command): string {
  const plain = text
    .slice(0, max * 8)
    .split(/\r\n|\r|\n/)
    .map(plainText)
    .join('\n');
  return cut(plain, max).replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

/** A property of a workflow command (`::error file=PROPERTY::`). */
export function workflowCommandProperty(text: string, max: number = TEXT_LIMITS.command): string {
  return workflowCommandData(text, max).replace(/:/g, '%3A').replace(/,/g, '%2C');
}

const RESERVED_ON_WINDOWS = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * A file name that is safe on every system: letters, digits, `.`, `_` and `-`, no leading dot, bounded. When something had
 * to be changed, eight digits of the text's SHA-256 keep different texts apart.
 */
export function fileName(text: string, max: number = TEXT_LIMITS.fileName): string {
  const safe = text
    .slice(0, max * 4)
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+|[.-]+$/g, '');
  if (safe === text && safe !== '' && safe.length <= max && !RESERVED_ON_WINDOWS.test(safe)) return safe;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const head = safe.slice(0, max - 9).replace(/[.-]+$/, '');
  return head === '' || RESERVED_ON_WINDOWS.test(head) ? `x-${digest}` : `${head}-${digest}`;
}
