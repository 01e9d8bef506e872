import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { textLiteral } from '../../data/literals.js';
import { Places } from '../../data/places.js';
import { type Rejection, ROWS_NAMED } from '../../data/table.js';
import { UserError } from '../../errors.js';
import { formatBytes } from '../../format.js';
import { SourceDigest } from './content.js';
import type { Loaded, LoadRequest } from './dataset.js';
import { pathLiteral } from './engine.js';
import { readText, sameCount, sourceText, stageRows } from './lines.js';
import { StagedFile } from './stage.js';

/** JSON text of each row in `lines.line`, in reading order; what is no object is not yet sorted out. */
interface Lines {
  readonly places: Places;
  readonly rejected: number;
  readonly rejections: readonly Rejection[];
  readonly digest: string;
}

/** A JSON array is parsed as one value; JSON Lines have no limit. */
const LONGEST_ARRAY = 512 * 1024 * 1024;
/** Data with more different keys than this uses keys as data. */
const MOST_COLUMNS = 10_000;

/**
 * Loads JSON Lines (a bad line is rejected by its number) and JSON (an array of objects; rows are counted from 1).
 * Columns are the keys of the objects, in order of appearance; an absent key and null are both missing.
 */
export async function loadJson(request: LoadRequest, format: 'json' | 'jsonl'): Promise<Loaded> {
  const { engine } = request;
  const lines = format === 'jsonl' ? await loadLines(request) : await loadArrays(request);
  await engine.query(`ALTER TABLE lines ADD COLUMN problem VARCHAR`);
  await engine.query(
    `UPDATE lines SET problem = CASE WHEN NOT json_valid(line) THEN 'it is not valid JSON' WHEN json_type(line) <> 'OBJECT' THEN 'it is not a JSON object' END`,
  );
  const bad = await engine.query(
    `SELECT rowid AS r, problem FROM lines WHERE problem IS NOT NULL ORDER BY rowid LIMIT ${ROWS_NAMED}`,
  );
  const [counted] = await engine.query(`SELECT count(problem) AS bad, count(*) AS n FROM lines`);
  const refused = Number(counted?.bad);
  const rejections = [
    ...lines.rejections,
    ...bad.map(({ r, problem }) => ({ place: lines.places.at(Number(r)), reason: String(problem) })),
  ].sort((a, b) => order(request.files, a) - order(request.files, b) || a.place.number - b.place.number);

  const keys = await objectKeys(request);
  await engine.query(dataTable(keys, request.into));
  await engine.query('DROP TABLE lines');
  const table = {
    relation: request.into,
    row: 'source_row',
    columns: keys.map((name, i) => ({ name, sql: `c${i}`, storage: { kind: 'json' as const } })),
    read: lines.places.count - refused,
    rejected: lines.rejected + refused,
    rejections: rejections.slice(0, ROWS_NAMED),
    rowsAre: format === 'jsonl' ? ('lines' as const) : ('rows' as const),
    files: request.files,
    digest: lines.digest,
    place: (index: number) => lines.places.at(index),
  };
  return { table, reads: [], starts: lines.places.starts };
}

function order(files: readonly string[], { place }: Rejection): number {
  return files.indexOf(place.file);
}

async function objectKeys({ engine, source }: LoadRequest): Promise<readonly string[]> {
  const rows = await engine.query(
    `SELECT key FROM (
       SELECT rowid AS r, unnest(json_keys(line)) AS key, generate_subscripts(json_keys(line), 1) AS i
       FROM lines WHERE problem IS NULL
     ) GROUP BY key ORDER BY min((r, i)) LIMIT ${MOST_COLUMNS + 1}`,
  );
  if (rows.length > MOST_COLUMNS) {
    throw new UserError(`${source} has more than ${MOST_COLUMNS.toLocaleString('en-US')} different keys`, {
      mend: 'keys are column names; put what varies into values',
    });
  }
  return rows.map(({ key }) => String(key));
}

/** One column of JSON text per key, each document parsed once; JSON null is NULL. */
function dataTable(keys: readonly string[], into: string): string {
  const pointers = keys.map((key) => textLiteral(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`));
  const columns = keys.map((_, i) => `nullif(CAST(parts[${i + 1}] AS VARCHAR), 'null') AS c${i}`);
  const parts = keys.length > 0 ? `, json_extract(line, [${pointers.join(', ')}]) AS parts` : '';
  return `CREATE TABLE ${into} AS SELECT ${['source_row', ...columns].join(', ')} FROM (SELECT rowid AS source_row${parts} FROM lines WHERE problem IS NULL)`;
}

async function loadLines(request: LoadRequest): Promise<Lines> {
  const rows = await stageRows(request, { delimiter: null, header: () => undefined, ended: () => undefined });
  // No staged line holds a control character, so the whole line is one field.
  const from = readText(rows, { delimiter: '\x1f', quote: '', columns: 1, missing: [] });
  const [loaded] = await request.engine.query(`CREATE TABLE lines AS SELECT c0 AS line FROM ${from}`);
  sameCount(rows.places.count, loaded?.Count);
  return rows;
}

async function loadArrays(request: LoadRequest): Promise<Lines> {
  const { engine } = request;
  const places = new Places();
  const digest = new SourceDigest(request.watch);
  await engine.query('CREATE TABLE lines (line VARCHAR)');
  for (const [i, file] of request.files.entries()) {
    const path = join(engine.folder, `${request.into}-${i}.json`);
    await stageText(request, { file, path, digest });
    await checkArray(request, file, path);
    const [loaded] = await engine.query(
      `INSERT INTO lines SELECT CAST(unnest(CAST(content AS JSON[])) AS VARCHAR) FROM read_text(${pathLiteral(path)})`,
    );
    places.startFile(file);
    places.add(1, Number(loaded?.Count));
  }
  return { places, rejected: 0, rejections: [], digest: digest.value() };
}

async function stageText(
  request: LoadRequest,
  { file, path, digest }: { readonly file: string; readonly path: string; readonly digest: SourceDigest },
): Promise<void> {
  const staged = await StagedFile.create(path);
  let line = 1;
  try {
    for await (const chunk of sourceText(request, { file, digest, line: () => line })) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) line++;
      staged.write(chunk);
      await staged.flush();
    }
  } finally {
    await staged.close();
  }
  const { size } = await stat(path);
  if (size > LONGEST_ARRAY) {
    throw new UserError(`${file} is ${formatBytes(size)} of one JSON array`, {
      mend: `write JSON Lines (one object per line) above ${formatBytes(LONGEST_ARRAY)}`,
    });
  }
}

async function checkArray(request: LoadRequest, file: string, path: string): Promise<void> {
  const from = `read_text(${pathLiteral(path)})`;
  const [found] = await request.engine.query(
    `SELECT CASE WHEN json_valid(content) THEN json_type(content) END AS type, length(trim(content)) AS length FROM ${from}`,
  );
  if (found?.type === 'ARRAY') return;
  if (found?.type !== null) {
    throw new UserError(`${file} is not an array of objects`, {
      location: { file },
      mend: 'write [{…}, {…}]; for one object per line give the dataset format: jsonl',
    });
  }
  if (Number(found.length) === 0) throw new UserError(`${file} is empty`, { location: { file, line: 1 } });
  throw new UserError(`${file} is not valid JSON${await malformedAt(request, from)}`, { location: { file } });
}

/** DuckDB tells the byte, and quotes the data, which is not passed on. */
async function malformedAt({ engine }: LoadRequest, from: string): Promise<string> {
  try {
    await engine.query(`SELECT count(CAST(content AS JSON)) FROM ${from}`);
    return '';
  } catch (error) {
    const found = /Malformed JSON at byte (\d+) of input: ([^."]+)/.exec(
      error instanceof Error ? error.message : '',
    );
    return found ? ` at byte ${found[1]}: ${found[2]}` : '';
  }
}
