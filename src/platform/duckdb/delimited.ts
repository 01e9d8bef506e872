import { parse } from 'csv-parse/sync';
import { UserError } from '../../errors.js';
import { type Loaded, type LoadRequest, SCANNED_ROW } from './dataset.js';
import { readText, sameCount, textRows } from './lines.js';

/**
 * Loads CSV and TSV. Every column is text exactly as written (surrounding spaces too); texts that mean missing become
 * NULL, quoted or not. Several files must have the same header. Throws UserError for a file without a usable header.
 */
export async function loadDelimited(request: LoadRequest, delimiter: string): Promise<Loaded> {
  if (!/^[\t\x20-\x7e]$/.test(delimiter) || delimiter === '"') {
    throw new UserError(`${JSON.stringify(delimiter)} cannot be a delimiter`, {
      mend: 'it is a tab or one printable ASCII character, but not a quote',
    });
  }
  let header: { readonly file: string; readonly names: readonly string[] } | undefined;
  let headers = 0;
  const rows = await textRows(request, {
    delimiter,
    header: (file, record) => {
      headers++;
      const names = headerNames(file, record, delimiter);
      if (header && JSON.stringify(names) !== JSON.stringify(header.names)) {
        throw new UserError(`its header differs from that of ${header.file}`, {
          location: { file, line: record.line },
          mend: 'the files of one dataset have the same columns in the same order',
        });
      }
      header ??= { file, names };
    },
    ended: (file) => {
      if (headers < request.files.indexOf(file) + 1) {
        throw new UserError(`${file} is empty: it has not even a header`, { location: { file, line: 1 } });
      }
    },
  });
  const names = header?.names ?? [];
  const { engine, into, missing } = request;
  const reader = readText(rows, { delimiter, quote: '"', columns: names.length, missing });
  const { starts } = rows.places;
  const facts = {
    columns: names.map((name, i) => ({ name, sql: `c${i}`, storage: { kind: 'text' as const } })),
    read: rows.places.count,
    rejected: rows.rejected,
    rejections: rows.rejections,
    rowsAre: 'lines' as const,
    files: request.files,
    digest: rows.digest,
    place: (index: number) => rows.places.at(index),
  };
  if (request.access === 'scan') {
    return { table: { ...facts, relation: reader, row: SCANNED_ROW }, reads: rows.paths, starts };
  }
  const [loaded] = await engine.query(`CREATE TABLE ${into} AS SELECT * FROM ${reader}`);
  sameCount(rows.places.count, loaded?.Count);
  return { table: { ...facts, relation: into, row: 'rowid' }, reads: [], starts };
}

function headerNames(
  file: string,
  record: { readonly content: Uint8Array; readonly line: number; readonly problem: string | null },
  delimiter: string,
): readonly string[] {
  const location = { file, line: record.line };
  if (record.problem !== null) {
    throw new UserError(`the header cannot be read: ${record.problem}`, { location });
  }
  const [names = []]: string[][] = parse(Buffer.from(record.content), { delimiter, relax_quotes: true });
  const seen = new Set<string>();
  names.forEach((name, i) => {
    if (name.trim() === '') {
      throw new UserError(`column ${i + 1} of the header has no name`, {
        location,
        mend: 'give it one; pandas writes its index so, and leaves it out with to_csv(index=False)',
      });
    }
    if (seen.has(name)) {
      throw new UserError(`the header names the column ${JSON.stringify(name)} twice`, {
        location,
        mend: 'rename one of the two',
      });
    }
    seen.add(name);
  });
  return names;
}
