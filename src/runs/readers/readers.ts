import { UserError } from '../../errors.js';
import { formatBytes, plural } from '../../format.js';
import type { SourceFile, SourceFolder } from '../ports.js';
import { assignments } from './assignments.js';
import { benchmarkData } from './benchmark-data.js';
import { kindOfBinary } from './binary-kinds.js';
import { FOLDER_READERS } from './folders.js';
import { json } from './json.js';
import { jsonLines } from './jsonl.js';
import { junit } from './junit.js';
import {
  type BinaryReader,
  LARGEST_FILE,
  MOST_METRICS,
  type Reader,
  type Reading,
  type ReadOptions,
} from './reader.js';
import { sqlite } from './sqlite.js';
import { table } from './table.js';
import { eventFile } from './tensorboard/tensorboard.js';
import { wandbLog } from './wandb/wandb.js';
import { yaml } from './yaml.js';

/** In the order in which they are asked; each looks at the content, and at the name only where the content is not enough. */
const BINARY_READERS: readonly BinaryReader[] = [sqlite, wandbLog, eventFile];
const READERS: readonly Reader[] = [junit, benchmarkData, jsonLines, json, assignments, table, yaml];

const HEAD_BYTES = 65_536;

/** Reads the metrics of one file. Throws UserError, with the place where there is one, when that cannot be done. */
export async function readMetricsFile(file: SourceFile, options: ReadOptions = {}): Promise<Reading> {
  const head = await file.head(HEAD_BYTES);
  const binary = BINARY_READERS.find((reader) => reader.recognises(head, file.path));
  const reader = binary ?? textReader(head, file);
  const largest = reader?.largest ?? LARGEST_FILE;
  if (file.bytes > largest) {
    throw new UserError(
      `${file.path} is ${formatBytes(file.bytes)}; metrics files are read up to ${formatBytes(largest)}`,
      { mend: 'name the file that holds only the metrics in metrics.from' },
    );
  }
  if (!reader) {
    throw new UserError(`${file.path} is in no format that Assay knows`, {
      mend: `it reads ${[...READERS, ...BINARY_READERS].map(({ name }) => name).join(', ')}: see docs/readers.md`,
    });
  }
  return checked(await reader.read(file, options), { path: file.path, name: reader.name });
}

/** Reads the metrics of a folder that a tool writes. Throws UserError when no tool is recognised. */
export async function readMetricsFolder(folder: SourceFolder, options: ReadOptions = {}): Promise<Reading> {
  const names = await folder.list('');
  for (const reader of FOLDER_READERS) {
    if (!(await reader.recognises(folder, names))) continue;
    return checked(await reader.read(folder, options), { path: folder.path, name: reader.name });
  }
  const path = folder.path.replace(/\/$/, '');
  throw new UserError(`${path} is a folder in which Assay recognises no tool`, {
    mend: `name the files in it, such as ${path}/*.json; folders it reads: ${FOLDER_READERS.map(({ name }) => name).join(', ')}`,
  });
}

function checked(reading: Reading, of: { readonly path: string; readonly name: string }): Reading {
  if (reading.metrics.length === 0) {
    throw new UserError(`${of.path} (${of.name}) has no number in it`, {
      mend: 'a metric is a number with a name, such as {"accuracy": 0.91}',
    });
  }
  if (reading.metrics.length > MOST_METRICS) {
    throw new UserError(
      `${of.path} has ${plural(reading.metrics.length, 'metric')}; at most 10,000 are read`,
    );
  }
  return reading;
}

function textReader(head: Uint8Array, file: SourceFile): Reader | undefined {
  const binary = kindOfBinary(head);
  if (binary === undefined) {
    const text = new TextDecoder().decode(head);
    if (text.trim() !== '') return READERS.find(({ recognises }) => recognises(text, file.path));
    throw new UserError(`${file.path} is empty`, {
      mend: 'the training command must write its metrics to it',
    });
  }
  // Of a file that is too large, that is the first thing to say.
  if (file.bytes > LARGEST_FILE) return undefined;
  throw new UserError(`${file.path} is ${binary.what}`, { mend: binary.mend });
}
