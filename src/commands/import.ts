import { resolve } from 'node:path';
import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import { plural } from '../format.js';
import type { StoredRecord } from '../history/archive.js';
import { recordKind } from '../history/record.js';
import { defineVerb } from './command-line/verb.js';
import { type ImportRequest, type ImportSource, SOURCES } from './import/source.js';
import { openProject } from './project/project.js';

/** Records that are added by one commit. */
const STEP = 5000;

export const importVerb = defineVerb(
  {
    name: 'import',
    summary: 'bring records of another place into the history',
    description: [
      'Reads PATH as SOURCE says, and adds the records to the history. Everything is read and checked before anything is written. A record that is there already is left as it is, so an import may be repeated, and goes on where an interrupted one stopped; one whose id is there with other content is refused, and nothing is written.',
      'Of another tool, what it did not keep (the command, the machine, the data) stays unknown in the record. Its runs belong to the model that `--model` names, else to one named like their experiment, project or suite. A run is recorded once: what changes there afterwards is not brought.',
      `Sources:\n\n${Object.entries(SOURCES)
        .map(([name, { summary }]) => `* \`${name}\`: ${summary}`)
        .join('\n')}`,
    ].join('\n\n'),
    arguments: [
      { name: 'source', description: `what PATH is: ${Object.keys(SOURCES).join(', ')}`, required: true },
      { name: 'path', description: 'a file or folder', required: true },
    ],
    options: {
      model: {
        kind: 'text',
        description: 'the model that runs of another tool belong to',
        placeholder: 'MODEL',
      },
      'dry-run': { kind: 'flag', description: 'read and check, and write nothing' },
    },
    outputs: {
      records: 'how many records were added',
      present: 'how many of those read were in the history already',
    },
    examples: [
      { command: 'assay import jsonl history.jsonl', explains: 'a history that was exported elsewhere' },
      { command: 'assay import jsonl history.jsonl --dry-run', explains: 'only check the file' },
      { command: 'assay import mlflow mlruns --model income', explains: 'all runs of a store of MLflow' },
      { command: 'assay import dvc .', explains: 'the metrics of every commit of a DVC repository' },
    ],
  },
  async (input, world) => {
    const [name = '', label = ''] = input.arguments;
    const source = await findSource(name);
    const project = await openProject(world, input.config);
    const path = resolve(world.cwd, label);
    const request: ImportRequest = { project, world, path, label, model: input.options.model };
    const read = await checkAll(source, request);
    const dry = input.options['dry-run'];
    const result = dry ? { added: 0, present: 0 } : await addAll(source, request, read.total);
    const kinds = Object.fromEntries([...read.kinds].sort());
    const counted = Object.entries(kinds).map(([kind, count]) => plural(count, kind));
    const found = `${plural(read.total, 'record')} in ${label}${counted.length > 0 ? ` (${counted.join(', ')})` : ''}`;
    return {
      exit: 0,
      json: { source: name, read: read.total, kinds, ...result, dry_run: dry },
      text: dry
        ? `${found}; nothing was written`
        : `${found}: ${result.added} added, ${result.present} there already`,
      outputs: { records: String(result.added), present: String(result.present) },
    };
  },
);

async function findSource(name: string): Promise<ImportSource> {
  const entry = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
  if (entry) return entry.load();
  const near = nearest(name, Object.keys(SOURCES));
  throw new UserError(`there is no source ${JSON.stringify(name)} to import`, {
    mend: near ? `did you mean ${near}?` : `sources there are: ${Object.keys(SOURCES).join(', ')}`,
  });
}

/** The first of two readings: what is wrong is found before anything is written. Only ids are kept in memory. */
async function checkAll(
  source: ImportSource,
  request: ImportRequest,
): Promise<{ readonly total: number; readonly kinds: ReadonlyMap<string, number> }> {
  const ids = new Map<string, string>();
  const kinds = new Map<string, number>();
  const progress = request.world.terminal.progress(`reading ${request.label}`);
  try {
    for await (const { path, record } of source.read(request)) {
      if (ids.has(record.id)) {
        throw new UserError(`${request.label} holds two records of the id ${record.id}`, {
          mend: 'an id names one record for ever: remove one of them',
        });
      }
      ids.set(record.id, path);
      const kind = recordKind(record);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (ids.size % 1000 === 0) progress.update(ids.size);
    }
  } finally {
    progress.end();
  }
  return { total: ids.size, kinds };
}

async function addAll(
  source: ImportSource,
  request: ImportRequest,
  total: number,
): Promise<{ readonly added: number; readonly present: number }> {
  const archive = await request.project.archive();
  const progress = request.world.terminal.progress('importing');
  let sum = { added: 0, present: 0 };
  let step: StoredRecord[] = [];
  const add = async () => {
    const { added, present } = await archive.restore(step);
    sum = { added: sum.added + added, present: sum.present + present };
    step = [];
    progress.update(sum.added + sum.present, total);
  };
  try {
    for await (const stored of source.read(request)) {
      request.world.cancel.throwIfAborted();
      step.push(stored);
      if (step.length >= STEP) await add();
    }
    if (step.length > 0) await add();
  } finally {
    progress.end();
  }
  return sum;
}
