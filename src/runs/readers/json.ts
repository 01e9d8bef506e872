import { UserError } from '../../errors.js';
import { customBenchmark, pytestBenchmark } from './json/benchmarks.js';
import { evidently, evidentlyReport } from './json/evidently.js';
import { greatExpectations } from './json/great-expectations.js';
import { lmEval } from './json/lm-eval.js';
import { notebook } from './json/notebook.js';
import { promptfoo } from './json/promptfoo.js';
import { classificationReport, crossValidate } from './json/scikit-learn.js';
import { trainerState } from './json/trainer.js';
import type { JsonShape } from './json/value.js';
import { wandbSummary } from './json/wandb-summary.js';
import { parseJson } from './json-text.js';
import { readNested } from './nested.js';
import { LARGEST_FILE, type Reader } from './reader.js';

/** Documents that mean more than their numbers do; in the order in which they are asked. */
const SHAPES: readonly JsonShape[] = [
  notebook,
  trainerState,
  crossValidate,
  classificationReport,
  lmEval,
  promptfoo,
  evidently,
  evidentlyReport,
  greatExpectations,
  pytestBenchmark,
  customBenchmark,
  wandbSummary,
];

/** JSON, also with Python's bare NaN and Infinity. What becomes a metric where no tool is recognised: see `readNested`. */
export const json: Reader = {
  name: 'JSON',
  recognises: (head) => /^\s*[{[]/.test(head),
  async read(file) {
    const value = parseJson(await file.text(LARGEST_FILE), file.path);
    const shape = SHAPES.find(({ recognises }) => recognises(value, file.path));
    if (shape) return shape.read(value, file);
    const reading = readNested(value, file.path);
    if (reading.metrics.some(({ name }) => name === '')) {
      throw new UserError('a list of numbers has no name', {
        location: { file: file.path, line: 1 },
        mend: 'write { "name": [ … ] }',
      });
    }
    return reading;
  },
};
