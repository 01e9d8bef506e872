import { join } from 'node:path';
import { listLiteral, textLiteral } from '../../data/literals.js';
import { Places } from '../../data/places.js';
import { RecordSplitter } from '../../data/records.js';
import { type Rejection, ROWS_NAMED } from '../../data/table.js';
import { isCompressed, SourceDigest, textContent } from './content.js';
import type { LoadRequest } from './dataset.js';
import { pathLiteral } from './engine.js';
import { StagedFile } from './stage.js';

/** The rows of all text files of a dataset, and the files that the engine reads them from. */
export interface TextRows {
  /** The source files themselves, or one normalised copy of their rows, which has no header. */
  readonly paths: readonly string[];
  readonly hasHeader: boolean;
  readonly lineEnd: '\n' | '\r\n';
  readonly places: Places;
  /** Lines refused. */
  readonly rejected: number;
  readonly rejections: readonly Rejection[];
  readonly digest: string;
  /** Bytes of the longest row. */
  readonly longest: number;
  readonly brokenRows: boolean;
}

export interface TextOptions {
  readonly delimiter: string | null;
  header(
    file: string,
    record: { readonly content: Uint8Array; readonly line: number; readonly problem: string | null },
  ): void;
  /** Told after each file; throws when it must not be empty. */
  ended(file: string): void;
}

/**
 * Reads the text once and lets the engine read the very files when nothing in them needs explaining: every line is a
 * row, ends alike, and is quoted as RFC 4180 says. Anything else is read again into a normalised copy.
 */
export async function textRows(request: LoadRequest, options: TextOptions): Promise<TextRows> {
  if (options.delimiter === null || request.files.some(isCompressed)) return stageRows(request, options);
  const pass = await passRows(request, options, () => undefined);
  const { lineEnd } = pass;
  if (lineEnd === null)
    return stageRows(
      { ...request, onRead: () => undefined, watch: undefined },
      { ...options, header: () => undefined, ended: () => undefined },
    );
  return {
    ...pass,
    lineEnd,
    hasHeader: true,
    paths: request.files.map(request.path),
  };
}

export async function stageRows(request: LoadRequest, options: TextOptions): Promise<TextRows> {
  const staged = await StagedFile.create(join(request.engine.folder, `${request.into}.txt`));
  try {
    const pass = await passRows(
      request,
      options,
      (bytes) => staged.write(bytes),
      () => staged.flush(),
    );
    return { ...pass, lineEnd: '\n', hasHeader: false, paths: [staged.path] };
  } finally {
    await staged.close();
  }
}

/** The text of one source file, which becomes part of the digest. `line` is asked when the text turns out to be damaged. */
export function sourceText(
  request: LoadRequest,
  {
    file,
    digest,
    line,
  }: { readonly file: string; readonly digest: SourceDigest; readonly line: () => number },
): AsyncGenerator<Uint8Array> {
  const { path, cancel, onRead, maxUnpacked } = request;
  return textContent({
    path: path(file),
    name: file,
    hash: digest.file(file),
    maxUnpacked,
    cancel,
    onRead,
    line,
  });
}

interface Pass extends Omit<TextRows, 'paths' | 'hasHeader' | 'lineEnd'> {
  /** Null when the files cannot be read by the engine as they are. */
  readonly lineEnd: '\n' | '\r\n' | null;
}

async function passRows(
  request: LoadRequest,
  options: TextOptions,
  write: (bytes: Uint8Array) => void,
  flush?: () => Promise<void>,
): Promise<Pass> {
  const places = new Places();
  const digest = new SourceDigest(request.watch);
  const rejections: Rejection[] = [];
  const ends = new Set<string | null>();
  let rejected = 0;
  let longest = 0;
  let brokenRows = false;
  let fields = 0;
  for (const file of request.files) {
    places.startFile(file);
    const splitter = new RecordSplitter({
      delimiter: options.delimiter,
      write,
      header: (record) => {
        options.header(file, record);
        fields = splitter.fields;
        if (record.content.includes(10) || record.content.includes(13)) ends.add(null);
      },
      row: (line) => places.add(line),
      reject: ({ line, lines, reason }) => {
        rejected += lines;
        if (rejections.length < ROWS_NAMED) rejections.push({ place: { file, number: line }, reason });
      },
    });
    for await (const chunk of sourceText(request, { file, digest, line: () => splitter.line })) {
      splitter.push(chunk);
      if (flush) await flush();
    }
    splitter.end();
    options.ended(file);
    longest = Math.max(longest, splitter.longest);
    brokenRows ||= splitter.brokenRows;
    // A blank line of a single column would be taken for a missing value.
    ends.add(splitter.blankLines > 0 && fields <= 1 ? null : splitter.plainLineEnd);
  }
  const [end = null] = ends;
  return {
    places,
    rejected,
    rejections,
    digest: digest.value(),
    longest,
    brokenRows,
    lineEnd: rejected === 0 && ends.size === 1 && (end === '\n' || end === '\r\n') ? end : null,
  };
}

/** Texts for missing values that the reader itself can look for: nothing that its dialect gives a meaning. */
const PLAIN = /^[\p{L}\p{N}_?.#/-]*$/u;

/** SQL that reads rows into columns c0, c1 …, all text, nothing guessed and nothing refused. */
export function readText(
  rows: TextRows,
  dialect: {
    readonly delimiter: string;
    readonly quote: string;
    readonly columns: number;
    /** Texts that become NULL. */
    readonly missing: readonly string[];
  },
): string {
  const names = Array.from({ length: dialect.columns }, (_, i) => `c${i}`);
  const columns = names.map((name) => `'${name}': 'VARCHAR'`);
  const plain = dialect.missing.every((text) => PLAIN.test(text));
  const missing =
    plain && dialect.missing.length > 0 ? [...new Set(dialect.missing)].map(textLiteral) : ['chr(10)'];
  const options = [
    'auto_detect = false',
    `header = ${rows.hasHeader}`,
    `columns = {${columns.join(', ')}}`,
    `delim = ${textLiteral(dialect.delimiter)}`,
    `quote = ${textLiteral(dialect.quote)}`,
    `escape = ${textLiteral(dialect.quote)}`,
    `new_line = '${rows.lineEnd === '\n' ? '\\n' : '\\r\\n'}'`,
    // Without texts that mean missing: no unquoted field holds a line break, so nothing is taken for NULL.
    `nullstr = [${missing.join(', ')}]`,
    `allow_quoted_nulls = ${plain && dialect.missing.length > 0}`,
    `max_line_size = ${Math.max(2 ** 21, rows.longest + 16)}`,
    // Parallel readers guess where a row begins, which quoted line breaks can mislead.
    `parallel = ${!rows.brokenRows}`,
  ];
  const reader = `read_csv([${rows.paths.map(pathLiteral).join(', ')}], ${options.join(', ')})`;
  if (plain) return reader;
  const others = listLiteral(dialect.missing.map(textLiteral));
  const values = names.map((name) => `CASE WHEN ${name} IN ${others} THEN NULL ELSE ${name} END AS ${name}`);
  return `(SELECT ${values.join(', ')} FROM ${reader})`;
}

/** The engine must have read what was counted: anything else is a bug, and counting on would name wrong lines. */
export function sameCount(counted: number, read: unknown): void {
  if (Number(read) !== counted)
    throw new Error(`${counted} rows were counted and the engine read ${String(read)}`);
}
