import { UserError } from '../../errors.js';
import { formatBytes, plural } from '../../format.js';
import type { SourceFile } from '../ports.js';
import { assignments } from './assignments.js';
import { json } from './json.js';
import { LARGEST_FILE, MOST_METRICS, type Reader, type Reading } from './reader.js';
import { table } from './table.js';
import { yaml } from './yaml.js';

/** In the order in which they are asked; each looks at the content, and at the name only where the content is not enough. */
const READERS: readonly Reader[] = [json, assignments, table, yaml];

const HEAD_BYTES = 65_536;

/** Reads the metrics of one file. Throws UserError, with the place where there is one, when that cannot be done. */
export async function readMetricsFile(file: SourceFile): Promise<Reading> {
  if (file.bytes > LARGEST_FILE) {
    throw new UserError(
      `${file.path} is ${formatBytes(file.bytes)}; metrics files are read up to ${formatBytes(LARGEST_FILE)}`,
      { mend: 'name the file that holds only the metrics in metrics.from' },
    );
  }
  const head = textOf(await file.head(HEAD_BYTES), file.path);
  if (head.trim() === '') {
    throw new UserError(`${file.path} is empty`, {
      mend: 'the training command must write its metrics to it',
    });
  }
  const reader = READERS.find(({ recognises }) => recognises(head, file.path));
  if (!reader) {
    throw new UserError(`${file.path} is in no format that Assay knows`, {
      mend: `it reads ${READERS.map(({ name }) => name).join(', ')}`,
    });
  }
  const reading = await reader.read(file);
  if (reading.metrics.length === 0) {
    throw new UserError(`${file.path} (${reader.name}) has no number in it`, {
      mend: 'a metric is a number with a name, such as {"accuracy": 0.91}',
    });
  }
  if (reading.metrics.length > MOST_METRICS) {
    throw new UserError(`${file.path} has ${plural(reading.metrics.length, 'metric')}`);
  }
  return reading;
}

/** The head may end within a character, so a broken last one is no sign of anything; NUL bytes are. */
function textOf(head: Uint8Array, path: string): string {
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (head.includes(0)) {
    throw new UserError(`${path} is ${utf16 ? 'UTF-16 text' : 'binary, not text'}`, {
      mend: utf16
        ? 'write it as UTF-8 (PowerShell: Out-File -Encoding utf8)'
        : 'name a text file in metrics.from',
    });
  }
  return new TextDecoder().decode(head);
}
