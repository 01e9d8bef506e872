import { plural } from '../format.js';
import { RECORD_KINDS } from '../history/record.js';
import { newestFirst } from '../history/stored.js';
import { textTable } from '../report/table.js';
import { defineVerb } from './command-line/verb.js';
import { chosenModels, openProject } from './project/project.js';
import { knowRecord, summarize } from './records/known-record.js';
import { readLimit } from './runs.js';

const DATASET_KINDS = ['validation', 'profile', 'drift'] as const;

function isSame(a: { kind: string; owner: string }, b: { kind: string; owner: string }): boolean {
  return a.kind === b.kind && a.owner === b.owner;
}

export const log = defineVerb(
  {
    name: 'log',
    summary: 'what happened to a model, newest first',
    description:
      'Every record of a model in one list, newest first: runs, comparisons, decisions, versions, stages, deployments and accepted baselines, and the validations, profiles and comparisons of the datasets it uses. One line each; `assay show ID` tells the rest.',
    arguments: [
      { name: 'model', description: 'a model of assay.yml, or one that was there', required: true },
    ],
    options: {
      limit: { kind: 'number', description: 'how many records, 20 unless told', placeholder: 'N' },
    },
    outputs: { count: 'how many records there are' },
    examples: [
      { command: 'assay log income', explains: 'the last 20 things that happened to a model' },
      { command: 'assay log income --limit 500 --json', explains: 'its whole story for a program' },
    ],
  },
  async (input, world) => {
    const limit = readLimit(input.options.limit);
    const [model = ''] = input.arguments;
    const project = await openProject(world, input.config);
    const history = await project.history();
    const datasets = project.config.models[model]?.data ?? [];
    const queries = [
      ...RECORD_KINDS.map((kind) => ({ kind, owner: model })),
      ...datasets.flatMap((owner) => DATASET_KINDS.map((kind) => ({ kind, owner }))),
    ].filter((query, at, all) => at === all.findIndex((one) => isSame(one, query)));
    // Counted by their fields alone; whole records are read of the newest.
    const totals = await Promise.all(
      queries.map(async (query) => (await history.select({ ...query, limit })).total),
    );
    const count = totals.reduce((sum, total) => sum + total, 0);
    const lists = await Promise.all(queries.map((query) => history.list({ ...query, limit })));
    const shown = newestFirst(lists.flat()).slice(0, limit);
    // A model that is no longer in the config may still have a story; a name without either is a mistake.
    if (count === 0) chosenModels(project, model);
    const table = textTable({
      columns: [{ title: 'time (UTC)' }, { title: 'what' }, { title: 'id' }, { title: '' }],
      rows: shown.map((record) => {
        const known = knowRecord(record);
        const kind = record.schema.replace(/^assay\/|@.*$/g, '');
        return [record.time.slice(0, 16).replace('T', ' '), kind, record.id, summarize(known)];
      }),
    });
    const rest = `${shown.length} of ${plural(count, 'record')}; all: --limit ${count}`;
    return {
      exit: 0,
      json: { count: count, records: shown },
      text:
        count === 0
          ? `Nothing has happened to ${model} yet; the first run is made by: assay train ${model}`
          : [table, ...(shown.length < count ? ['', rest] : [])].join('\n'),
      outputs: { count: String(count) },
    };
  },
);
