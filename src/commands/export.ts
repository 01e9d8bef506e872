import { resolve } from 'node:path';
import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import { plural } from '../format.js';
import { terminalText } from '../report/escape.js';
import { defineVerb } from './command-line/verb.js';
import { type ExportTarget, TARGETS } from './export/target.js';
import { openProject } from './project/project.js';

export const exportVerb = defineVerb(
  {
    name: 'export',
    summary: 'hand the whole history to another tool',
    description: [
      'Writes every record of the history, so that nobody is locked in. A file is replaced only once the new one is complete.',
      `Targets:\n\n${Object.entries(TARGETS)
        .map(([name, { summary }]) => `* \`${name}\`: ${summary}`)
        .join('\n')}`,
    ].join('\n\n'),
    arguments: [
      { name: 'target', description: `what is written: ${Object.keys(TARGETS).join(', ')}`, required: true },
      { name: 'path', description: 'where to write, for targets that are files' },
    ],
    options: { model: { kind: 'text', description: 'only records of this model', placeholder: 'MODEL' } },
    outputs: { records: 'how many records were written', place: 'where they are' },
    examples: [
      { command: 'assay export jsonl history.jsonl', explains: 'everything, byte for byte' },
      {
        command: 'assay export parquet history',
        explains: 'tables for pandas, Polars or DuckDB: select * from "history/runs.parquet"',
      },
      { command: 'assay export mlflow mlruns', explains: 'every run, for MLflow to open' },
    ],
  },
  async (input, world) => {
    const [name = '', label] = input.arguments;
    const target = await findTarget(name);
    const project = await openProject(world, input.config);
    const { records, place } = await target.write({
      project,
      world,
      label,
      path: label === undefined ? undefined : resolve(world.cwd, label),
      model: input.options.model,
    });
    return {
      exit: 0,
      json: { target: name, records, place },
      text: `${plural(records, 'record')} written to ${terminalText(place)}`,
      outputs: { records: String(records), place },
    };
  },
);

async function findTarget(name: string): Promise<ExportTarget> {
  const entry = Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined;
  if (entry) return entry.load();
  const near = nearest(name, Object.keys(TARGETS));
  throw new UserError(`there is no target ${JSON.stringify(name)} to export to`, {
    mend: near ? `did you mean ${near}?` : `targets there are: ${Object.keys(TARGETS).join(', ')}`,
  });
}
