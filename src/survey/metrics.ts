import { directionOf } from '../metrics/direction.js';
import { columnsOf } from './columns.js';
import type { Listing } from './listing.js';

export interface MetricsFile {
  readonly path: string;
  readonly why: string;
  /** A metric in it whose better side is known by its name, the most telling first. */
  readonly judged: string | undefined;
}

const NAME =
  /(^|\/)(metrics?|results?|scores?|eval(uation)?|summary|all_results)([_-][\w-]*)?\.(json|ya?ml|csv|tsv)$/i;
const HEADLINE = ['roc_auc', 'auc', 'f1_macro', 'f1', 'accuracy', 'rmse', 'mae', 'r2', 'log_loss', 'loss'];
const MOST_FILES = 4;

/** Files named like metrics that hold numbers with names. */
export async function recogniseMetrics(listing: Listing): Promise<readonly MetricsFile[]> {
  const found: MetricsFile[] = [];
  for (const path of listing.files.filter((file) => NAME.test(file)).slice(0, 20)) {
    const head = await listing.head(path, 100_000);
    const names = /\.(csv|tsv)$/i.test(path) ? columnsOf(head) : numberNames(head);
    if (names.length === 0 || looksLikePredictions(names)) continue;
    const judged = headline(names);
    if (/\.(csv|tsv)$/i.test(path) && !judged) continue;
    const why = `its name, and ${judged ? `"${judged}" in it` : 'numbers in it'}`;
    found.push({ path, why, judged });
    if (found.length === MOST_FILES) break;
  }
  return found;
}

/** Names of numbers in JSON or YAML, without reading its structure: `"accuracy": 0.93`, `loss: 1e-3`. */
function numberNames(text: string): readonly string[] {
  const matches = text.matchAll(/^[\s{,]*["']?([A-Za-z_][\w./@ -]*?)["']?\s*:\s*-?(?:\d|NaN|Infinity)/gm);
  const inline = text.matchAll(/["']([A-Za-z_][\w./@ -]*)["']\s*:\s*-?(?:\d|NaN|Infinity)/g);
  return [...new Set([...matches, ...inline].flatMap((match) => match[1] ?? []))].slice(0, 200);
}

function headline(names: readonly string[]): string | undefined {
  const known = names.filter((name) => directionOf(name, {}) !== 'none');
  return HEADLINE.find((name) => known.includes(name)) ?? known[0];
}

const LABEL = /^(y_true|label|target|actual|truth)$/i;
const PREDICTION = /^(y_pred|y_score|pred|prediction|predicted|score|proba)$/i;

function looksLikePredictions(columns: readonly string[]): boolean {
  return columns.some((name) => LABEL.test(name)) && columns.some((name) => PREDICTION.test(name));
}

/** A table with a column of labels and one of predictions, named like predictions. */
export async function recognisePredictions(
  listing: Listing,
): Promise<{ readonly path: string; readonly columns: readonly string[] } | undefined> {
  const candidates = listing.files.filter((file) => /pred[^/]*\.(csv|tsv)$/i.test(file));
  for (const path of candidates.slice(0, 5)) {
    const columns = columnsOf(await listing.head(path, 20_000));
    if (looksLikePredictions(columns)) return { path, columns };
  }
  return undefined;
}
