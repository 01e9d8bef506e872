// Least squares of the price on powers of the area.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const params = process.env.ASSAY_PARAMS
  ? JSON.parse(readFileSync(process.env.ASSAY_PARAMS, 'utf8'))
  : { degree: 1 };
const source = process.env.ASSAY_DATA_FLATS ?? new URL('data/flats.csv', import.meta.url);
const flats = readFileSync(source, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','))
  .map(([id, area, district, price]) => ({ id, area: Number(area), district, price: Number(price) }));
const terms = ({ area }) => Array.from({ length: params.degree + 1 }, (_, power) => (area / 100) ** power);

/** Solves the normal equations by Gaussian elimination. */
function solve(rows) {
  const size = params.degree + 1;
  const matrix = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) =>
      rows.reduce((sum, row) => sum + terms(row)[i] * terms(row)[j], 0),
    ),
    rows.reduce((sum, row) => sum + terms(row)[i] * row.price, 0),
  ]);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      if (k === i) continue;
      const factor = matrix[k][i] / matrix[i][i];
      for (let j = i; j <= size; j++) matrix[k][j] -= factor * matrix[i][j];
    }
  }
  return matrix.map((row, i) => row[size] / row[i]);
}

const weights = solve(flats.filter((_, i) => i % 4 !== 0));
const predict = (flat) => terms(flat).reduce((sum, term, i) => sum + term * weights[i], 0);
mkdirSync('out', { recursive: true });
const lines = flats
  .filter((_, i) => i % 4 === 0)
  .map((flat) => [flat.id, flat.price, predict(flat).toFixed(2), flat.district].join(','));
writeFileSync('out/predictions.csv', `id,price,predicted,district\n${lines.join('\n')}\n`);
writeFileSync('out/model.json', JSON.stringify({ weights }));
console.log(`${lines.length} flats priced`);
