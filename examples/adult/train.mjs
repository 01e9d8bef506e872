// A team's own training script: it knows nothing of Assay but a few environment variables, and would run without them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { binned, boost, predict } from './boosting.mjs';

const params = process.env.ASSAY_PARAMS
  ? JSON.parse(readFileSync(process.env.ASSAY_PARAMS, 'utf8'))
  : { trees: 40, depth: 4, learning_rate: 0.2, l2: 1, subsample: 0.8, leave_out: [] };
const source = process.env.ASSAY_DATA_ADULT ?? new URL('data/adult.csv.gz', import.meta.url);
const random = mulberry32(Number(process.env.ASSAY_SEED ?? 1));

const [header, ...lines] = gunzipSync(readFileSync(source)).toString().trimEnd().split('\n');
const names = header.split(',');
const rows = lines.map((line) => line.split(','));
const column = (name) => rows.map((row) => row[names.indexOf(name)]);
const labels = Float64Array.from(column('class'), (value) => (value === '>50K' ? 1 : 0));
const relationship = column('relationship');

const features = names.filter((name) => name !== 'class' && name !== 'fnlwgt');
const columns = features.map((name) => binned(column(name)));
// Every fifth row is for testing, whatever the seed: runs are compared on the same people.
const testing = rows.map((_, i) => i).filter((i) => i % 5 === 0);
const training = rows
  .map((_, i) => i)
  .filter((i) => i % 5 !== 0 && !params.leave_out.includes(relationship[i]));

console.log(`training on ${training.length} rows, testing on ${testing.length}`);
const model = boost({
  columns,
  labels,
  rows: training,
  trees: params.trees,
  depth: params.depth,
  rate: params.learning_rate,
  l2: params.l2,
  subsample: params.subsample,
  random,
});

mkdirSync('out', { recursive: true });
const [sex, race] = [column('sex'), column('race')];
const scored = testing.map((row) => {
  const score = predict(model, columns, row);
  return [row, labels[row], score >= 0.5 ? 1 : 0, score.toFixed(6), sex[row], race[row]].join(',');
});
writeFileSync('out/predictions.csv', `id,y_true,y_pred,y_score,sex,race\n${scored.join('\n')}\n`);
writeFileSync('out/model.json', JSON.stringify({ features, ...model }));
console.log('wrote out/predictions.csv and out/model.json');

/** A small generator of seeded random numbers (Tommy Ettinger's mulberry32). */
function mulberry32(seed) {
  let state = (seed * 0x9e3779b1) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
