// Generated rows for the benches of data: twenty columns of what tables hold, the same bytes for the same engine on every machine.
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** Uniform in [0, 1), of the row and the number of the column alone. */
const u = (column) => `(hash(i, ${column}) / 18446744073709551616.0)`;
const normal = (column) =>
  `sqrt(-2 * ln(${u(column)} + 1e-18)) * cos(6.283185307179586 * ${u(column + 1000)})`;
const below = (most, column) => `CAST(floor(${most} * ${u(column)}) AS BIGINT)`;

const COLUMNS = [
  'i AS id',
  `18 + ${below(60, 1)} AS age`,
  `CAST(1000 * exp(${normal(2)}) AS BIGINT) AS income`,
  `${below(100, 3)} AS score`,
  `${below(1e9, 4)} AS account`,
  `CASE WHEN ${u(5)} < 0.9 THEN 0 ELSE ${below(99_999, 6)} END AS capital_gain`,
  ...[7, 8, 9, 10].map((k) => `round(${normal(k)}, 6) AS x${k}`),
  `round(100 * ${u(11)}, 2) AS price`,
  `CASE WHEN ${u(12)} < 0.05 THEN NULL ELSE round(exp(2 * ${normal(13)}), 4) END AS skewed`,
  `CASE WHEN ${u(14)} < 0.1 THEN NULL ELSE round(${normal(15)} * 10 + 50, 3) END AS measured`,
  `['Female', 'Male'][1 + ${below(2, 16)}] AS sex`,
  `'region_' || CAST(floor(40 * ${u(17)} * ${u(117)}) AS INTEGER) AS region`,
  `['basic', 'plus', 'pro', 'enterprise', 'trial'][1 + ${below(5, 18)}] AS plan`,
  `'u' || ${below(1e6, 19)} || '@mail.org' AS email`,
  `DATE '2020-01-01' + CAST(${below(2000, 20)} AS INTEGER) AS day`,
  `TIMESTAMP '2024-01-01' + to_seconds(${below(3e7, 21)}) AS seen`,
  `${u(22)} < 0.3 AS active`,
];

/**
 * Writes ROWS.csv and ROWS.parquet into the folder unless they are there.
 * @param {{ folder: string, rows: number }} options
 * @returns {Promise<{ csv: string, parquet: string, bytes: number }>} paths, and the size of the CSV
 */
export async function generatedData({ folder, rows }) {
  mkdirSync(folder, { recursive: true });
  const [csv, parquet] = ['csv', 'parquet'].map((format) => join(folder, `rows-${rows}.${format}`));
  if (!existsSync(csv) || !existsSync(parquet)) {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    for (const [path, options] of [
      [parquet, 'FORMAT parquet'],
      [csv, "FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S'"],
    ]) {
      await connection.run(
        `COPY (SELECT ${COLUMNS.join(', ')} FROM range(${rows}) AS r(i)) TO '${path}.part' (${options})`,
      );
      renameSync(`${path}.part`, path);
    }
    connection.closeSync();
    instance.closeSync();
  }
  return { csv, parquet, bytes: statSync(csv).size };
}

/** The part of assay.yml with sixteen checks of these rows; each peer's script holds the same. */
export const sixteenChecks = (source) => `history: { directory: history }
data:
  rows:
    source: ${source}
    columns:
      id: { type: integer, required: true, unique: true }
      age: { type: integer, min: 18, max: 77 }
      income: { type: integer, min: 0 }
      score: { type: integer, min: 0, max: 99 }
      x7: { type: number, min: -10, max: 10 }
      price: { type: number, min: 0, max: 100 }
      measured: { type: number, max_missing: 0.15 }
      sex: { allowed: [Female, Male] }
      region: { min_length: 8, max_length: 9 }
      plan: { allowed: [basic, plus, pro, enterprise, trial] }
      email: { pattern: '^[^@]+@[^@]+$' }
      day: { type: date, min: 2020-01-01 }
    checks:
      - rows: { min: 1000 }
`;
