import type { JsonValue } from '../json-text.js';
import { readNested } from '../nested.js';
import { readParamsYaml } from '../params-yaml.js';
import { isMap, type JsonMap, type JsonShape, mapAt } from './value.js';

/** `wandb-summary.json` of Weights & Biases, with the params of the `config.yaml` beside it. */
export const wandbSummary: JsonShape = {
  name: 'Weights & Biases',
  recognises: (value, path) =>
    isMap(value) &&
    (/(^|\/)wandb-summary\.json$/.test(path) ||
      ('_wandb' in value && ('_step' in value || '_runtime' in value))),
  async read(value, file) {
    const reading = readNested(summaryOf(mapAt(value)), file.path);
    const config = await file.beside('config.yaml');
    if (!config) return reading;
    const { params, notes } = await readParamsYaml(config);
    return { ...reading, params: configOf(params), notes };
  },
};

/** Without what wandb writes for itself (`_step`, `_runtime`), histograms and pictures. */
export function summaryOf(summary: JsonMap): JsonMap {
  return Object.fromEntries(
    Object.entries(summary)
      .filter(([name, value]) => !name.startsWith('_') && !(isMap(value) && '_type' in value))
      .map(([name, value]): [string, JsonValue] => [name, isMap(value) ? summaryOf(value) : value]),
  );
}

/** `{ lr: { desc: null, value: 0.1 } }` is `{ lr: 0.1 }`. */
function configOf<T>(params: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(params).flatMap(([name, entry]): [string, T][] => {
      if (name === '_wandb' || name === 'wandb_version') return [];
      const wrapped = typeof entry === 'object' && entry !== null && 'value' in entry;
      return [[name, wrapped ? (entry.value as T) : entry]];
    }),
  );
}
