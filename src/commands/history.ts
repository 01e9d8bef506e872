import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import type { World } from '../world.js';
import { defineVerb, type Outcome } from './command-line/verb.js';

type Deed = (
  input: { readonly config: string; readonly before: string | undefined; readonly content: boolean },
  world: World,
) => Promise<Outcome>;

/** What can be done, loaded when it is asked for. */
const DEEDS: Readonly<Record<string, () => Promise<Deed>>> = {
  compact: async () => (await import('./history/compact.js')).compactHistory,
  verify: async () => (await import('./history/verify.js')).verifyHistory,
  push: async () => (await import('./history/push.js')).pushHistory,
};

export const history = defineVerb(
  {
    name: 'history',
    summary: 'upkeep of the history: compact, verify, push',
    description: [
      '`compact` makes one file of each closed month of a model or dataset, so that a long history stays far from the limits of a server and is read fast. Ids and bytes of the records stay; the new files are read back and compared before the old ones go; all of it is one commit, so that a kill leaves the history as it was; trainings may go on meanwhile.',
      '`verify` reads every record and holds it against its path and the schema of its kind, looks for what records refer to (runs, comparisons, decisions) and for every piece of every artifact, and says what is missing or broken. With `--content` artifacts are read, and held against their digests, where the store has not done so itself. What `assay prune` removed is counted and no problem; records of a newer Assay are counted and not checked. The exit code is 1 when something is wrong.',
      '`push` sends records that could not be sent (`.assay/unsent`), and those that only the local branch has, to the remote. What waits is sent by the next verb on its own; this is for sending it now, and for a clone whose records have stayed local.',
    ].join('\n\n'),
    arguments: [{ name: 'deed', description: 'what to do: compact, verify or push', required: true }],
    options: {
      before: {
        kind: 'text',
        description: 'compact months before this one; the current month when left out',
        placeholder: 'YYYY-MM',
      },
      content: {
        kind: 'flag',
        description: 'verify: read every artifact too; takes as long as downloading all of them',
      },
    },
    outputs: {
      records: 'how many records were compacted, verified or sent',
      problems: 'how many problems `verify` found',
    },
    examples: [
      { command: 'assay history compact', explains: 'once a month, by a schedule or by hand' },
      { command: 'assay history verify', explains: 'is everything there, and as it should be?' },
      { command: 'assay history verify --content', explains: 'and is every artifact what its digest says?' },
      { command: 'assay history push', explains: 'share what this clone has recorded' },
    ],
  },
  async (input, world) => {
    const [name = ''] = input.arguments;
    const load = Object.hasOwn(DEEDS, name) ? DEEDS[name] : undefined;
    if (!load) {
      const near = nearest(name, Object.keys(DEEDS));
      throw new UserError(`assay history does not know ${JSON.stringify(name)}`, {
        mend: near ? `did you mean: assay history ${near}?` : `it knows ${Object.keys(DEEDS).join(', ')}`,
      });
    }
    const deed = await load();
    const { before, content } = input.options;
    return deed({ config: input.config, before, content }, world);
  },
);
