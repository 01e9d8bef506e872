import type { Listing } from './listing.js';

export interface Language {
  readonly name: 'Python' | 'R' | 'Julia' | 'Node';
  readonly why: string;
  /** How a script is started, such as `uv run python`. */
  readonly runs: string;
  /** How a CI machine installs what the project needs; undefined when nothing says so. */
  readonly installs: string | undefined;
}

interface Kind extends Omit<Language, 'why' | 'runs' | 'installs'> {
  /** Files that tell, the most telling first, each with the way to start and to install. */
  readonly signs: readonly { readonly file: RegExp; readonly runs: string; readonly installs?: string }[];
}

const KINDS: readonly Kind[] = [
  {
    name: 'Python',
    signs: [
      { file: /^uv\.lock$/, runs: 'uv run python', installs: 'pip install uv && uv sync --frozen' },
      { file: /^poetry\.lock$/, runs: 'poetry run python', installs: 'pip install poetry && poetry install' },
      { file: /^Pipfile\.lock$/, runs: 'pipenv run python', installs: 'pip install pipenv && pipenv sync' },
      { file: /^requirements\.txt$/, runs: 'python', installs: 'pip install -r requirements.txt' },
      { file: /^pyproject\.toml$/, runs: 'python', installs: 'pip install .' },
      { file: /^setup\.py$/, runs: 'python', installs: 'pip install .' },
      { file: /\.(py|ipynb)$/, runs: 'python' },
    ],
  },
  {
    name: 'R',
    signs: [
      {
        file: /^renv\.lock$/,
        runs: 'Rscript',
        installs: `Rscript -e 'install.packages("renv"); renv::restore()'`,
      },
      { file: /^DESCRIPTION$/, runs: 'Rscript' },
      { file: /\.R$/i, runs: 'Rscript' },
    ],
  },
  {
    name: 'Julia',
    signs: [
      {
        file: /^Project\.toml$/,
        runs: 'julia --project=.',
        installs: `julia --project=. -e 'using Pkg; Pkg.instantiate()'`,
      },
      { file: /\.jl$/, runs: 'julia' },
    ],
  },
  {
    name: 'Node',
    signs: [
      { file: /^package-lock\.json$/, runs: 'node', installs: 'npm ci' },
      { file: /^package\.json$/, runs: 'node', installs: 'npm install' },
      { file: /(^|\/)train\.m?js$/, runs: 'node' },
    ],
  },
];

/** The first language with a sign at the top of the repository; else the one with files anywhere. */
export async function recogniseLanguage(listing: Listing): Promise<Language | undefined> {
  const top = listing.files.filter((file) => !file.includes('/'));
  for (const files of [top, listing.files]) {
    for (const { name, signs } of KINDS) {
      for (const { file, runs, installs } of signs) {
        const found = files.find((path) => file.test(path));
        if (found) return { name, why: `${found} is there`, runs, installs };
      }
    }
  }
  return undefined;
}
