import type { Decision } from '../gate/record.js';
import type { Scratch } from './scratch.js';

/** What happens in the demo, scene by scene: changes to the repository, verbs, and what to look at. */
export interface Scene {
  readonly title: string;
  /** What somebody did, in a sentence or two. */
  readonly story: string;
  readonly prepare?: (scratch: Scratch) => void;
  /** The pull request it happens in; left out for work on main. */
  readonly pullRequest?: number;
  /** Verbs with their words, and the exit code each must end with: a demo that goes otherwise is broken, and says so. */
  readonly verbs: readonly {
    readonly words: string;
    readonly exit: 0 | 1;
    /** What the gate must say. */
    readonly decision?: Decision;
  }[];
  readonly afterwards?: (scratch: Scratch) => void;
  /** What the reader should take away. */
  readonly lesson: string;
}

const PARAMS = '{ trees: 8, depth: 3, learning_rate: 0.3, l2: 1, subsample: 0.8, leave_out: [] }';
const DEEPER = '{ trees: 10, depth: 4, learning_rate: 0.3, l2: 1, subsample: 0.8, leave_out: [] }';
const SMOOTHER = '{ trees: 10, depth: 4, learning_rate: 0.3, l2: 2, subsample: 0.8, leave_out: [] }';
const LONGER =
  '{ trees: 60, depth: 4, learning_rate: 0.3, l2: 1, subsample: 0.8, leave_out: [Unmarried, Other-relative] }';

/** The comment shown at the end is that of this pull request. */
export const SHOWN_PULL_REQUEST = 3;

export const SCENES: readonly Scene[] = [
  {
    title: 'A first model on main',
    story: 'Data are checked, the model is trained with three seeds, released, and goes to production.',
    verbs: [
      { words: 'validate', exit: 0 },
      { words: 'train income', exit: 0 },
      { words: 'gate income', decision: 'promote', exit: 0 },
      { words: 'register income --version 1.0.0', exit: 0 },
      { words: 'promote income@v1.0.0 --to prod', exit: 0 },
    ],
    lesson: 'The run is on the branch `assay` of the repository, the version is a tag that GTO reads.',
  },
  {
    title: 'A change that is really better',
    story: 'Pull request 1 grows deeper trees.',
    pullRequest: 1,
    prepare: (scratch) => {
      scratch.branch('deeper-trees');
      scratch.change('assay.yml', { [PARAMS]: DEEPER }, 'Grow deeper trees');
    },
    verbs: [
      { words: 'train income', exit: 0 },
      { words: 'compare', exit: 0 },
      { words: 'gate income', decision: 'promote', exit: 0 },
      { words: 'report', exit: 0 },
    ],
    afterwards: (scratch) => scratch.merge('deeper-trees'),
    lesson: 'Better beyond doubt, for the whole and for each group, so it is merged.',
  },
  {
    title: 'It is released and deployed',
    story: 'The merged commit is already measured: no second training.',
    verbs: [
      { words: 'register income --version 1.1.0', exit: 0 },
      { words: 'promote income@v1.1.0 --to prod', exit: 0 },
    ],
    lesson: 'The gate compared it with what is live, the health check answered, the deployment is recorded.',
  },
  {
    title: 'A change within the noise',
    story: 'Pull request 2 doubles the regularisation. Somebody saw a better number once.',
    pullRequest: 2,
    prepare: (scratch) => {
      scratch.branch('more-regularisation');
      scratch.change('assay.yml', { [DEEPER]: SMOOTHER }, 'Regularise more');
    },
    verbs: [
      { words: 'train income', exit: 0 },
      { words: 'compare', exit: 0 },
      { words: 'gate income', decision: 'hold', exit: 1 },
      { words: 'report', exit: 0 },
    ],
    lesson:
      'Nobody can tell from three seeds, so Assay does not either: it holds, and says what it would take.',
  },
  {
    title: 'Better on the whole, worse for one group',
    story: 'Pull request 3 trains longer, on an export of the data that lost two kinds of household.',
    pullRequest: 3,
    prepare: (scratch) => {
      scratch.branch('new-export');
      scratch.change('assay.yml', { [DEEPER]: LONGER }, 'Train longer, on the new export');
    },
    verbs: [
      { words: 'train income', exit: 0 },
      { words: 'compare', exit: 0 },
      { words: 'gate income', decision: 'reject', exit: 1 },
      { words: 'report --html .assay/reports/comment.html', exit: 0 },
    ],
    lesson: 'The overall number rose, and the model got worse for women. An average would have shipped it.',
  },
  {
    title: 'Broken data',
    story: 'Pull request 4 refreshes the data. Some ages are in months, and a code book changed.',
    pullRequest: 4,
    prepare: (scratch) => {
      scratch.branch('refresh-data');
      scratch.changeData(breakData, 'Refresh the data');
    },
    verbs: [
      { words: 'train income', exit: 1 },
      { words: 'report', exit: 0 },
    ],
    lesson:
      'Refused before a minute was spent on training: which rows, how many, and no value of anybody shown.',
  },
  {
    title: 'Back to the version before',
    story: 'Customers complain. Production goes back to the version it had.',
    prepare: (scratch) => scratch.checkout('main'),
    verbs: [
      { words: 'rollback income --stage prod --reason complaints', exit: 0 },
      { words: 'log income --limit 6', exit: 0 },
    ],
    lesson: 'What was live, when, who moved it and why: all of it is in the history.',
  },
];

/** Ages in months on three lines, another code for sex on two; the header is line 1. */
function breakData(line: string, number: number): string {
  if ([1204, 7310, 31_007].includes(number)) {
    const [age = '', ...rest] = line.split(',');
    return [Number(age) * 12, ...rest].join(',');
  }
  if ([502, 40_113].includes(number)) return line.replace(/,(Female|Male),/, (sex) => `,${sex[1]},`);
  return line;
}
