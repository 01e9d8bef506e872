import { readRecord } from '../history/read.js';
import { terminalText } from '../report/escape.js';
import { defineVerb } from './command-line/verb.js';
import { openProject } from './project/project.js';
import { knowRecord } from './records/known-record.js';
import { recordText } from './show/text.js';

/** Tables of a comparison are wide. */
const LONGEST_LINE = 4000;

export const show = defineVerb(
  {
    name: 'show',
    summary: 'show one record of any kind and explain it',
    description: [
      'Shows a record in words: a run with its metrics, parameters, data, environment and the end of its log; a comparison with every verdict; a decision with the reason of every rule; a validation, version, stage, deployment or accepted baseline.',
      'The id may be shortened to what is unique; if it is not, the records it could mean are listed. A record that was written by a newer Assay is shown as it is.',
    ].join('\n\n'),
    arguments: [{ name: 'id', description: 'the id of a record, or its beginning', required: true }],
    options: {},
    outputs: { record: 'the record, as JSON' },
    examples: [
      { command: 'assay show 20261124T034602123Z-89abcdef', explains: 'one record' },
      { command: 'assay show 20261124T0346 --json', explains: 'by the beginning of its id, for a program' },
    ],
  },
  async (input, world) => {
    const [id = ''] = input.arguments;
    const project = await openProject(world, input.config);
    const record = await readRecord(await project.history(), id.trim());
    const text = recordText(knowRecord(record));
    return {
      exit: 0,
      json: record,
      text: text
        .split('\n')
        .map((line) => terminalText(line, LONGEST_LINE))
        .join('\n'),
      outputs: { record: JSON.stringify(record) },
    };
  },
);
