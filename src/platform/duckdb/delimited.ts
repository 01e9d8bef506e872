import { parse } from 'csv-parse/sync';
import { listLiteral, textLiteral } from '../../data/literals.js';
import type { SourceTable } from '../../data/table.js';
import { UserError } from '../../errors.js';
import type { LoadRequest } from './dataset.js';
import { readStaged, sameCount, stageRows } from './lines.js';

/**
 * Loads CSV and TSV. Every column is text exactly as written (surrounding spaces too); texts that mean missing become
 * NULL, quoted or not. Several files must have the same header. Throws UserError for a file without a usable header.
 */
export async function loadDelimited(request: LoadRequest, delimiter: string): Promise<SourceTable> {
  if (!/^[\t\x20-\x7e]$/.test(delimiter) || delimiter === '"') {
    throw new UserError(`${JSON.stringify(delimiter)} cannot be a delimiter`, {
      mend: 'it is a tab or one printable ASCII character, but not a quote',
    });
  }
  let header: { readonly file: string; readonly names: readonly string[] } | undefined;
  let headers = 0;
  const rows = await stageRows(request, {
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
  const { engine, missing } = request;
  const isMissing = (sql: string) => `${sql} IN ${listLiteral(missing.map(textLiteral))}`;
  const values = names.map((_, i) =>
    missing.length === 0 ? `c${i}` : `CASE WHEN ${isMissing(`c${i}`)} THEN NULL ELSE c${i} END AS c${i}`,
  );
  const [loaded] = await engine.query(
    `CREATE TABLE data AS SELECT ${values.join(', ')} FROM ${readStaged(rows, { delimiter, quote: '"', columns: names.length })}`,
  );
  sameCount(rows.places.count, loaded?.Count);
  return {
    relation: 'data',
    row: 'rowid',
    columns: names.map((name, i) => ({ name, sql: `c${i}`, storage: { kind: 'text' } })),
    read: rows.places.count,
    rejected: rows.rejected,
    rejections: rows.rejections,
    rowsAre: 'lines',
    files: request.files,
    digest: rows.digest,
    place: (index) => rows.places.at(index),
  };
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
