import { formatSeconds } from '../format.js';
import { defineVerb } from './command-line/verb.js';

export const demo = defineVerb(
  {
    name: 'demo',
    summary: 'the whole loop on real data in a scratch repository',
    description:
      'Makes a scratch git repository with the UCI Adult data (48,842 people) and a training script in plain JavaScript, and plays what happens to a model in it: a first version goes live; a change that is really better is promoted; one within the noise is held; one that is better on the whole but worse for one group is rejected; broken data are refused; a version is rolled back. Every scene is the verbs themselves, run for real. The repository stays for looking around.\n\nIt needs nothing but Node and git, and no network. Seeds are fixed: every run says the same, but for times and ids.',
    arguments: [],
    options: {
      directory: {
        kind: 'text',
        description: 'where to make the repository; a new temporary folder when left out',
        placeholder: 'PATH',
        input: false,
      },
    },
    outputs: {},
    examples: [
      { command: 'assay demo', explains: 'about half a minute' },
      { command: 'assay demo --directory ./assay-demo', explains: 'keep it here' },
    ],
  },
  async (input, world) => {
    const [{ makeScratch }, { play }, { packagePath }] = await Promise.all([
      import('../demo/scratch.js'),
      import('../demo/play.js'),
      import('../platform/files/package.js'),
    ]);
    const started = world.clock.monotonic();
    const scratch = makeScratch(packagePath('examples', 'adult'), input.options.directory);
    const print = (text: string) => {
      for (const line of text.split('\n')) world.terminal.info(line);
    };
    print(`A scratch repository: ${scratch.folder}`);
    const { comment, scenes } = await play({ scratch, world, print });
    const seconds = world.clock.monotonic() - started;
    return {
      exit: 0,
      json: { folder: scratch.folder, page: comment.page, seconds, scenes },
      text: [
        '',
        'The comment on pull request 3, as a reader sees it:',
        '',
        comment.text,
        '',
        `The same as a page:  ${comment.page}`,
        `Look around:         cd ${scratch.folder}`,
        '                     assay runs; assay log income; git log --stat assay',
        `All of it took ${formatSeconds(seconds)}.`,
      ].join('\n'),
      outputs: {},
    };
  },
);
