import { readFile } from 'node:fs/promises';

/** The task and the columns of scores, from the header and the first rows, where the reference does not say. */
export async function guessed(path: string): Promise<Record<string, unknown>> {
  if (!/\.(csv|tsv|jsonl)$/.test(path)) return { task: 'binary' };
  const [header = '', ...lines] = (await readFile(path, 'utf8')).split(/\r?\n/, 200);
  const isJson = header.startsWith('{');
  const split = (line: string) =>
    line.split(path.endsWith('.tsv') ? '\t' : ',').map((field) => field.replace(/^"|"$/g, ''));
  const names = isJson ? Object.keys(JSON.parse(header) as object) : split(header);
  const at = names.indexOf('y_true');
  const labels = (isJson ? [header, ...lines] : lines)
    .filter((line) => line !== '')
    .map((line) =>
      isJson ? String((JSON.parse(line) as Record<string, unknown>).y_true) : (split(line)[at] ?? ''),
    );
  const pattern = ['p[{label}]', 'p_{label}', 'score_{label}', 'y_score_{label}', 'proba_{label}'].find(
    (one) => {
      const [before = '', after = ''] = one.split('{label}');
      return names.filter((name) => name.startsWith(before) && name.endsWith(after)).length > 1;
    },
  );
  const scores = pattern === undefined ? {} : { score: pattern };
  if (names.includes('true[0]') || names.some((name) => name.startsWith('true['))) {
    return {
      task: 'multilabel',
      columns: { label: 'true[{label}]', prediction: 'pred[{label}]', ...scores },
    };
  }
  if (names.includes('query') || names.includes('qid')) {
    return { task: 'ranking', columns: names.includes('query') ? {} : { query: 'qid' } };
  }
  if (names.includes('series')) {
    const time = ['time', 'timestamp', 'date', 'ds'].find((name) => names.includes(name));
    return {
      task: 'forecast',
      columns: { query: 'series', ...(time === undefined ? {} : { time }), ...quantilesOf(names) },
    };
  }
  if (labels.some((label) => /[|;[]/.test(label))) return { task: 'multilabel', columns: scores };
  if (pattern !== undefined) return { task: 'multiclass', columns: scores };
  const distinct = new Set(labels);
  if (names.includes('y_score') || distinct.size <= 2) return { task: 'binary' };
  const isNumeric = labels.every((label) => label !== '' && Number.isFinite(Number(label)));
  const isFractional = labels.some((label) => !Number.isInteger(Number(label)));
  return isNumeric && (isFractional || distinct.size > 20)
    ? { task: 'regression', columns: quantilesOf(names) }
    : { task: 'multiclass' };
}

function quantilesOf(names: readonly string[]): { readonly score?: string } {
  return names.some((name) => /^q\[0?\.\d+\]$/.test(name)) ? { score: 'q[{label}]' } : {};
}
