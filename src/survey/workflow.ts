import type { Language } from './language.js';

/** The action as workflows name it. The one place where its owner stands. */
export const ACTION = 'OWNER/assay@v1';

/** Third-party actions, pinned so that a moved tag cannot change what runs. */
const CHECKOUT = 'actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2';
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
    '    steps:',
    `      - uses: ${CHECKOUT}`,
    '        with:',
    '          fetch-depth: 0               # the baseline is found in the history',
    '          persist-credentials: false   # Assay is given the token; the training never sees it',
    ...setupLines(language),
    `      - uses: ${ACTION}`,
    ...(config === 'assay.yml' ? [] : ['        with:', `          config: ${JSON.stringify(config)}`]),
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
