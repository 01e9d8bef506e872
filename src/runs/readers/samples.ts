import { isList, type JsonMap, textAt } from './json/value.js';
import type { Reading, ReadMetric } from './reader.js';

/** Per-sample logs of lm-evaluation-harness (`--log_samples`): `samples_<task>_<time>.jsonl`. */

export function isSample(row: JsonMap): boolean {
  return row.doc_id !== undefined && (isList(row.filtered_resps) || isList(row.resps));
}

const NOT_SCORES = new Set(['doc_id', 'target', 'doc']);

/** Running sums of the scores; the texts of prompts and answers are never kept. */
export class SampleScores {
  readonly #task: string;
  readonly #sums = new Map<string, { n: number; mean: number; squares: number }>();

  constructor(path: string) {
    const name = path.split('/').at(-1) ?? path;
    this.#task = name.replace(/^samples_/, '').replace(/(?:_\d{4}-\d\d-\d\dT[\d.-]+)?\.jsonl$/i, '');
  }

  add(row: JsonMap): void {
    const filter = textAt(row, 'filter') ?? 'none';
    const listed = isList(row.metrics)
      ? row.metrics.filter((name) => typeof name === 'string')
      : Object.keys(row);
    for (const name of listed) {
      const score = Object.hasOwn(row, name) ? row[name] : undefined;
      const number = typeof score === 'boolean' ? Number(score) : score;
      if (typeof number !== 'number' || !Number.isFinite(number) || NOT_SCORES.has(name)) continue;
      const key = filter === 'none' ? name : `${name},${filter}`;
      const sum = this.#sums.get(key) ?? { n: 0, mean: 0, squares: 0 };
      this.#sums.set(key, sum);
      // Welford (1962): stable for any size.
      sum.n++;
      const change = number - sum.mean;
      sum.mean += change / sum.n;
      sum.squares += change * (number - sum.mean);
    }
  }

  /** Means with the standard error of a mean, s/√n, as the harness computes it. */
  reading(): Reading {
    const metrics = [...this.#sums].map(([name, { n, mean, squares }]): ReadMetric => {
      const stderr = n > 1 ? Math.sqrt(squares / (n - 1) / n) : 0;
      return { name: `${this.#task}/${name}`, value: mean, ...(stderr > 0 ? { n, stderr } : {}) };
    });
    return { metrics, series: [] };
  }
}
