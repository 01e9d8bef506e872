import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';

/**
 * Workflows run by act (https://github.com/nektos/act) without containers: from a team's `uses:` line through the reusable
 * workflow and the composite action to the process. Not as GitHub: permissions are not enforced (the token is made with
 * what the job asks for instead), and actions of others do nothing but what is said here.
 */

const ROOT = join(import.meta.dirname, '..', '..');

/** Of ASSAY_ACT, of the PATH, or where `go install` puts it; undefined where there is none. */
export const ACT = [
  process.env.ASSAY_ACT,
  ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, 'act')),
  join(homedir(), 'go', 'bin', 'act'),
].find((path) => path !== undefined && path !== '' && existsSync(path));

/** What a released Assay holds that workflows see; its bundle is the compiled source. Returns its workflows. */
export function releasedAssay(folder: string): readonly string[] {
  mkdirSync(join(folder, 'dist'), { recursive: true });
  for (const path of ['action.yml', 'actions', '.github/workflows', 'package.json']) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  const main = pathToFileURL(join(ROOT, 'build', 'main.js')).href;
  writeFileSync(join(folder, 'dist', 'index.js'), `await import(${JSON.stringify(main)});\n`);
  const workflows = join(folder, '.github', 'workflows');
  return readdirSync(workflows).map((file) => readFileSync(join(workflows, file), 'utf8'));
}

/**
 * The one step of each. act itself answers a checkout without `ref`, by copying; one that names the ref gets the same copy,
 * which the bed made of that ref.
 */
const STEPS: Readonly<Record<string, string>> = {
  'actions/checkout': 'run: cp -a "$ASSAY_BED_CHECKOUT/." "$GITHUB_WORKSPACE/"',
  'actions/upload-artifact':
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    'run: cp "$FROM" "$ASSAY_BED_ARTIFACTS/$NAME.json", env: { FROM: "${{ inputs.path }}", NAME: "${{ inputs.name }}" }',
};

/** Actions of others that the workflows name; what they would do is left out, but for the artifact that leaves the job. */
export function standIns(folder: string, workflows: readonly string[]): readonly string[] {
  const named = workflows.flatMap((text) => [...text.matchAll(/uses: ([\w./-]+@[0-9a-f]{40})/g)]);
  const used = new Set(named.map(([, name = '']) => name));
  return [...used].map((name) => {
    const at = join(folder, name.replaceAll('/', '_'));
    mkdirSync(at, { recursive: true });
    const inputs = [
      'ref',
      'fetch-depth',
      'persist-credentials',
      'name',
      'path',
      'retention-days',
      'include-hidden-files',
      'python-version',
      'node-version',
      'subject-checksums',
    ];
    const step = STEPS[name.split('@')[0] ?? ''] ?? 'run: "true"';
    writeFileSync(
      join(at, 'action.yml'),
      `name: stand-in\ndescription: stand-in\ninputs: { ${inputs.map((one) => `${one}: { description: x }`).join(', ')} }\nruns: { using: composite, steps: [{ shell: bash, ${step} }] }\n`,
    );
    return `${name}=${at}`;
  });
}

/** What the jobs of a workflow of the team ask for, by the names of the API: what GitHub would put into their token. */
export function permissionsAskedFor(file: string): Readonly<Record<string, 'read' | 'write'>> {
  const { jobs } = parse(readFileSync(file, 'utf8')) as {
    readonly jobs: Readonly<
      Record<string, { readonly permissions?: Readonly<Record<string, 'read' | 'write'>> }>
    >;
  };
  return Object.fromEntries(
    Object.values(jobs).flatMap(({ permissions = {} }) =>
      Object.entries(permissions).map(([name, level]) => [name.replaceAll('-', '_'), level]),
    ),
  );
}

export interface ActRun {
  readonly event: string;
  readonly payload: unknown;
  /** Checkout that the job starts with. */
  readonly folder: string;
  readonly workflow: string;
  readonly token: string;
  readonly env: Readonly<Record<string, string>>;
  /** `OWNER/name@ref=FOLDER` */
  readonly repositories: readonly string[];
  /** Where act keeps its own files. */
  readonly home: string;
}

export interface ActResult {
  readonly ok: boolean;
  readonly log: string;
}

export async function runAct(run: ActRun): Promise<ActResult> {
  mkdirSync(run.home, { recursive: true });
  const event = join(run.home, 'event.json');
  writeFileSync(event, JSON.stringify(run.payload));
  const words = [
    run.event,
    '--eventpath',
    event,
    '--workflows',
    join(run.folder, '.github', 'workflows', run.workflow),
    '--platform',
    'ubuntu-latest=-self-hosted',
    '--pull=false',
    '--no-cache-server',
    '--action-cache-path',
    join(run.home, 'cache'),
    '--secret',
    `GITHUB_TOKEN=${run.token}`,
    '--actor',
    'mona',
    ...Object.entries(run.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...run.repositories.flatMap((one) => ['--local-repository', one]),
  ];
  return new Promise((resolve) => {
    const env = {
      PATH: process.env.PATH,
      HOME: run.home,
      XDG_CACHE_HOME: join(run.home, 'xdg'),
      GIT_CONFIG_NOSYSTEM: '1',
    };
    execFile(
      ACT ?? '',
      words,
      { cwd: run.folder, env, timeout: 240_000, maxBuffer: 1e8 },
      (error, stdout, stderr) => {
        resolve({ ok: error === null, log: `${stdout}${stderr}` });
      },
    );
  });
}
