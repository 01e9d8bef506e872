import type { Language } from './language.js';

/** The action as workflows name it. The one place where its owner stands. */
export const ACTION = 'OWNER/assay@v1';
/** The reusable workflow that publishes what a fork measured. */
const PUBLISH = 'OWNER/assay/.github/workflows/publish.yml@v1';
const ANSWER = 'OWNER/assay/actions/answer@v1';

/** Third-party actions, pinned so that a moved tag cannot change what runs. */
const CHECKOUT = 'actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2';
const UPLOAD = 'actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0';
const SETUP: Readonly<Record<Language['name'], readonly string[]>> = {
  Python: [
    '      - uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0',
    '        with:',
    "          python-version: '3.12'",
  ],
  R: [
    '      - uses: r-lib/actions/setup-r@d3c5be51b12e724e68f33216ca3c148b66d5f0b6 # v2',
    '        with:',
    '          use-public-rspm: true',
  ],
  Julia: [
    '      - uses: julia-actions/setup-julia@4c0cb0fce8556fdb04a90347310e5db8b1f98fb9 # v2',
    '        with:',
    "          version: '1'",
  ],
  Node: [
    '      - uses: actions/setup-node@53b83947a5a98c8d113130e565377fae1a50d02f # v6.3.0',
    '        with:',
    '          node-version: 24',
  ],
};

export interface WorkflowOptions {
  readonly language: Language | undefined;
  /** The branch that runs are measured on besides pull requests. */
  readonly branch: string;
  /** Path of assay.yml from the top of the repository. */
  readonly config: string;
}

/** `.github/workflows/assay.yml`: one job that does what assay.yml says for the event at hand. */
export function proposeWorkflow({ language, branch, config }: WorkflowOptions): string {
  const lines = [
    '# Runs what assay.yml says: measures every push and every pull request, and says what changed.',
    'name: assay',
    'on:',
    '  push:',
    `    branches: [${JSON.stringify(branch)}]`,
    '  pull_request:',
    '  merge_group: # a merge queue, where there is one, waits for this',
    '',
    '# Nothing by default; the job below asks for what it needs.',
    'permissions: {}',
    '',
    '# A newer push to the same pull request makes the older run pointless; each push to a branch counts.',
    'concurrency:',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    '  group: assay-${{ github.event.pull_request.number || github.sha }}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    "  cancel-in-progress: ${{ github.event_name == 'pull_request' }}",
    '',
    'jobs:',
    '  assay:',
    '    runs-on: ubuntu-latest',
    '    timeout-minutes: 120',
    '    permissions:',
    '      contents: write        # records are appended to the branch `assay`',
    '      pull-requests: write   # the comment on the pull request',
    '      checks: write          # a check run per model',
    '    steps:',
    `      - uses: ${CHECKOUT}`,
    '        with:',
    '          fetch-depth: 0               # the baseline is found in the history',
    '          persist-credentials: false   # Assay is given the token; the training never sees it',
    ...setupLines(language),
    '      - id: assay',
    `        uses: ${ACTION}`,
    ...withConfig(config),
    "      # A fork's token may not write: its report leaves as data, and assay-publish.yml posts it.",
    "      - if: always() && steps.assay.outputs.bundle != ''",
    `        uses: ${UPLOAD}`,
    '        with:',
    '          name: assay-report',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    '          path: ${{ steps.assay.outputs.bundle }}/assay-report.json',
    '          retention-days: 7',
    '          include-hidden-files: true # it lies in .assay/',
  ];
  return `${lines.join('\n')}\n`;
}

function withConfig(config: string): readonly string[] {
  return config === 'assay.yml' ? [] : ['        with:', `          config: ${JSON.stringify(config)}`];
}

/** `.github/workflows/assay-publish.yml`: the second half of a pull request from a fork. */
export function proposePublishing({ config }: Pick<WorkflowOptions, 'config'>): string {
  const lines = [
    '# Posts what the workflow `assay` measured for a pull request from a fork, whose own token may not. It runs on the',
    '# default branch; no code of the fork is checked out or run, and its report is checked before it is shown.',
    'name: assay-publish',
    'on:',
    '  workflow_run: # zizmor: ignore[dangerous-triggers] nothing of the fork is run here',
    '    workflows: [assay]',
    '    types: [completed]',
    '',
    'permissions: {}',
    '',
    'jobs:',
    '  publish:',
    '    permissions:',
    '      contents: read         # assay.yml of the default branch',
    '      actions: read          # the report is an artifact of the run before',
    '      pull-requests: write   # the comment on the pull request',
    '      checks: write          # a check run per model',
    `    uses: ${PUBLISH}`,
    ...withConfig(config).map((line) => line.slice(4)),
  ];
  return `${lines.join('\n')}\n`;
}

/** `.github/workflows/assay-comments.yml`: `/assay …` in comments. */
export function proposeComments({ config }: Pick<WorkflowOptions, 'config'>): string {
  const lines = [
    '# Does what a comment says that begins with /assay, for people who may write here: /assay help tells what can be said.',
    'name: assay-comments',
    'on:',
    '  issue_comment: # zizmor: ignore[dangerous-triggers] who may is looked up, and nothing of the pull request is run',
    '    types: [created]',
    '',
    'permissions: {}',
    '',
    '# One after another: each may move a stage. (A second one that waits is replaced by a third.)',
    'concurrency:',
    '  group: assay-comments',
    '  cancel-in-progress: false',
    '',
    'jobs:',
    '  answer:',
    "    if: contains(github.event.comment.body, '/assay')",
    '    runs-on: ubuntu-latest',
    '    timeout-minutes: 60',
    '    permissions:',
    '      contents: write        # what a comment asks for is recorded and tagged',
    '      issues: write          # reactions and replies on issues',
    '      pull-requests: write   # and on pull requests',
    '      actions: write         # retrain starts a run again',
    '      deployments: write     # the list of environments shows what is live',
    '    steps:',
    '      # The default branch, whatever the pull request: its assay.yml and its commands count.',
    `      - uses: ${CHECKOUT}`,
    '        with:',
    '          fetch-depth: 0',
    '          persist-credentials: false',
    `      - uses: ${ANSWER}`,
    ...withConfig(config),
  ];
  return `${lines.join('\n')}\n`;
}

function setupLines(language: Language | undefined): readonly string[] {
  if (!language) return ['      # set up here what the training needs (a language, its packages)'];
  const install = language.installs
    ? [`      - run: ${JSON.stringify(language.installs)}`]
    : ['      # - run: install here what the training needs'];
  return [...SETUP[language.name], ...install];
}
