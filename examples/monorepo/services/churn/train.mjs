// Made-up customers: who pays by the month and complains, leaves. Logistic regression by gradient descent.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const params = process.env.ASSAY_PARAMS
  ? JSON.parse(readFileSync(process.env.ASSAY_PARAMS, 'utf8'))
  : { months: 12 };
let state = Number(process.env.ASSAY_SEED ?? 1) * 7919;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};

const customers = Array.from({ length: 2000 }, () => {
  const [monthly, complaints, tenure] = [
    uniform() < 0.5 ? 1 : 0,
    Math.floor(uniform() * 4),
    uniform() * params.months,
  ];
  const chance = 1 / (1 + Math.exp(-(monthly + 0.7 * complaints - 0.2 * tenure - 0.5)));
  return { x: [1, monthly, complaints, tenure], y: uniform() < chance ? 1 : 0 };
});
const [training, testing] = [customers.slice(0, 1500), customers.slice(1500)];
const weights = [0, 0, 0, 0];
const score = (x) => 1 / (1 + Math.exp(-x.reduce((sum, value, i) => sum + value * weights[i], 0)));
const series = [];
for (let epoch = 0; epoch < 200; epoch++) {
  const gradient = [0, 0, 0, 0];
  let loss = 0;
  for (const { x, y } of training) {
    const p = score(x);
    loss -= Math.log(y ? p : 1 - p) / training.length;
    x.forEach((value, i) => {
      gradient[i] += ((p - y) * value) / training.length;
    });
  }
  for (let i = 0; i < weights.length; i++) weights[i] -= 0.1 * gradient[i];
  series.push(loss);
}

const ranked = testing.map(({ x, y }) => ({ y, p: score(x) })).sort((a, b) => a.p - b.p);
const positives = ranked.filter(({ y }) => y).length;
const ranks = ranked.reduce((sum, { y }, i) => sum + (y ? i + 1 : 0), 0);
const auc = (ranks - (positives * (positives + 1)) / 2) / (positives * (ranked.length - positives));
mkdirSync('out', { recursive: true });
writeFileSync(
  'out/metrics.json',
  JSON.stringify({ test: { roc_auc: auc }, train: { log_loss: series.at(-1) } }),
);
console.log(`roc_auc ${auc.toFixed(4)} on ${ranked.length} customers`);
