import { readColumns } from '../nested.js';
import { isList, isMap, type JsonShape, listAt, mapAt, metricFrom, numberAt, paramOf } from './value.js';

const COUNTERS = new Set(['epoch', 'step']);
const SETTINGS = ['num_train_epochs', 'max_steps', 'train_batch_size', 'eval_steps', 'logging_steps'];

/**
 * `trainer_state.json` of the Trainer of transformers: per logged value its last one and the series over the steps. The
 * names are as the log has them: `loss`, `eval_accuracy`.
 */
export const trainerState: JsonShape = {
  name: 'Trainer of transformers',
  recognises: (value) =>
    isMap(value) && isList(value.log_history) && numberAt(value, 'global_step') !== undefined,
  read(value, file) {
    const columns = new Map<string, { steps: number[]; values: number[] }>();
    for (const row of listAt(value, 'log_history')) {
      if (!isMap(row)) continue;
      for (const name of Object.keys(row)) {
        const cell = numberAt(row, name);
        if (cell === undefined || COUNTERS.has(name)) continue;
        const column = columns.get(name) ?? { steps: [], values: [] };
        columns.set(name, column);
        column.steps.push(numberAt(row, 'step') ?? column.steps.length);
        column.values.push(cell);
      }
    }
    const reading = readColumns(columns, { path: '', file: file.path });
    const state = mapAt(value);
    return {
      metrics: [
        ...reading.metrics,
        ...metricFrom(state.best_metric, { name: 'best_metric', file: file.path }),
      ],
      series: reading.series,
      params: Object.fromEntries(
        SETTINGS.flatMap((name) => {
          const given = state[name];
          return typeof given === 'number' ? [[name, paramOf(given)]] : [];
        }),
      ),
    };
  },
};
