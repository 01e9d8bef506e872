import { join, resolve } from 'node:path';
import { textLiteral } from '../../data/literals.js';
import { Places } from '../../data/places.js';
import { RecordSplitter } from '../../data/records.js';
import { type Rejection, ROWS_NAMED } from '../../data/table.js';
import { SourceDigest, textContent } from './content.js';
import type { LoadRequest } from './dataset.js';
import { pathLiteral } from './engine.js';
import { StagedFile } from './stage.js';

/** The rows of all text files of a dataset, as one normalised file for the engine. */
export interface StagedRows {
  readonly path: string;
  readonly places: Places;
  /** Lines refused. */
  readonly rejected: number;
  readonly rejections: readonly Rejection[];
  readonly digest: string;
  /** Bytes of the longest row. */
  readonly longest: number;
  readonly brokenRows: boolean;
}

export interface StageOptions {
  readonly delimiter: string | null;
  header(
    file: string,
    record: { readonly content: Uint8Array; readonly line: number; readonly problem: string | null },
  ): void;
  /** Told after each file; throws when it must not be empty. */
  ended(file: string): void;
}

export async function stageRows(request: LoadRequest, options: StageOptions): Promise<StagedRows> {
  const places = new Places();
  const digest = new SourceDigest();
  const rejections: Rejection[] = [];
  let rejected = 0;
  let longest = 0;
  let brokenRows = false;
  const staged = await StagedFile.create(join(request.engine.folder, 'rows.txt'));
  try {
    for (const file of request.files) {
      places.startFile(file);
      const splitter = new RecordSplitter({
        delimiter: options.delimiter,
        write: (bytes) => staged.write(bytes),
        header: (record) => options.header(file, record),
        row: (line) => places.add(line),
        reject: ({ line, lines, reason }) => {
          rejected += lines;
          if (rejections.length < ROWS_NAMED) rejections.push({ place: { file, number: line }, reason });
        },
      });
      const content = textContent({
        path: resolve(request.folder, file),
        name: file,
        hash: digest.file(file),
        cancel: request.cancel,
        onRead: request.onRead,
        line: () => splitter.line,
      });
      for await (const chunk of content) {
        splitter.push(chunk);
        await staged.flush();
      }
      splitter.end();
      options.ended(file);
      longest = Math.max(longest, splitter.longest);
      brokenRows ||= splitter.brokenRows;
    }
  } finally {
    await staged.close();
  }
  return { path: staged.path, places, rejected, rejections, digest: digest.value(), longest, brokenRows };
}

/** SQL that reads staged rows into columns c0, c1 …, all text, nothing guessed and nothing refused. */
export function readStaged(
  rows: StagedRows,
  dialect: { readonly delimiter: string; readonly quote: string; readonly columns: number },
): string {
  const columns = Array.from({ length: dialect.columns }, (_, i) => `'c${i}': 'VARCHAR'`);
  const options = [
    'auto_detect = false',
    'header = false',
    `columns = {${columns.join(', ')}}`,
    `delim = ${textLiteral(dialect.delimiter)}`,
    `quote = ${textLiteral(dialect.quote)}`,
    `escape = ${textLiteral(dialect.quote)}`,
    `new_line = '\\n'`,
    // An unquoted field never holds a line break, so nothing is taken for NULL here.
    `nullstr = chr(10)`,
    'allow_quoted_nulls = false',
    `max_line_size = ${Math.max(2 ** 21, rows.longest + 16)}`,
    // Parallel readers guess where a row begins, which quoted line breaks can mislead.
    `parallel = ${!rows.brokenRows}`,
  ];
  return `read_csv(${pathLiteral(rows.path)}, ${options.join(', ')})`;
}

/** The engine must have read what was staged: anything else is a bug, and counting on would name wrong lines. */
export function sameCount(staged: number, read: unknown): void {
  if (Number(read) !== staged)
    throw new Error(`${staged} rows were staged and the engine read ${String(read)}`);
}
