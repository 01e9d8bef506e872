import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

/**
 * The built action as GitHub runs it: the step of an action.yml in a real bash, with the files and the environment of a
 * runner, and nothing else.
 */

const ROOT = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'assay launch '));
const runner = join(folder, 'actions runner');
const action = join(runner, '_work', '_actions', 'OWNER', 'assay', 'v1 beta');
const workspace = join(runner, '_work', 'models', 'models');
const withoutNode = join(folder, 'bin');

beforeAll(() => {
  buildBundle();
  mkdirSync(action, { recursive: true });
  for (const path of ['dist', 'actions', 'action.yml']) {
    cpSync(join(ROOT, path), join(action, path), {
      recursive: true,
      filter: (file) => !file.includes('node_modules'),
    });
  }
  mkdirSync(join(workspace, 'project'), { recursive: true });
  mkdirSync(join(runner, '_work', '_temp'), { recursive: true });
  writeFileSync(
    join(workspace, 'project', 'assay.yml'),
    `models: { tiny: { train: { run: 'echo "{\\"accuracy\\": 0.9}" > metrics.json' }, metrics: { from: [metrics.json] } } }\n`,
  );
  mkdirSync(withoutNode);
  for (const tool of ['bash', 'sh', 'dirname', 'readlink', 'sed', 'cat', 'sleep', 'mkfifo']) {
    const path = execFileSync('bash', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
    symlinkSync(path, join(withoutNode, tool));
  }
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The bundle is built here only when it is older than what `npm run compile` emitted. */
function buildBundle(): void {
  const bundle = join(ROOT, 'dist/index.js');
  const newest = Math.max(
    ...readdirSync(join(ROOT, 'build'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.js'))
      .map((path) => statSync(join(ROOT, 'build', path)).mtimeMs),
  );
  if (existsSync(bundle) && statSync(bundle).mtimeMs > newest) return;
  execFileSync('npm', ['run', 'bundle'], { cwd: ROOT, stdio: 'pipe', shell: process.platform === 'win32' });
}

let steps = 0;

/** Evaluates the step of an action.yml as the runner does, for inputs without expressions of their own. */
function prepare(
  verb: string,
  options: { inputs?: Record<string, string>; env?: Record<string, string> } = {},
) {
  const path = verb === 'auto' ? action : join(action, 'actions', verb);
  const { inputs: declared, runs } = parse(readFileSync(join(path, 'action.yml'), 'utf8'));
  const [step] = runs.steps;
  const values: Record<string, string> = { 'github.token': 'a-token' };
  for (const [name, input] of Object.entries<{ default?: string }>(declared)) {
    values[`inputs.${name}`] = options.inputs?.[name] ?? evaluate(input.default ?? '', values);
  }
  const files = join(runner, '_work', '_temp', `step-${++steps}`);
  mkdirSync(files);
  writeFileSync(join(files, 'step.sh'), step.run);
  writeFileSync(join(files, 'event.json'), JSON.stringify({ repository: { default_branch: 'main' } }));
  writeFileSync(join(files, 'output'), '');
  writeFileSync(join(files, 'summary'), '');
  const env: Record<string, string> = {
    PATH: [join(process.execPath, '..'), withoutNode].join(delimiter),
    HOME: folder,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION_PATH: path,
    GITHUB_ACTOR: 'mona',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_EVENT_PATH: join(files, 'event.json'),
    GITHUB_OUTPUT: join(files, 'output'),
    GITHUB_REF_NAME: 'main',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_STEP_SUMMARY: join(files, 'summary'),
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: join(runner, '_work', '_temp'),
    ...Object.fromEntries(
      Object.entries<string>(step.env).map(([name, value]) => [name, evaluate(value, values)]),
    ),
    ...options.env,
  };
  return {
    command: ['--noprofile', '--norc', '-e', '-o', 'pipefail', join(files, 'step.sh')],
    env,
    output: () => readFileSync(join(files, 'output'), 'utf8'),
    summary: () => readFileSync(join(files, 'summary'), 'utf8'),
  };
}

function evaluate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{ (.+?) \}\}/g, (_, name: string) => values[name] ?? '');
}

function runStep(verb: string, options: Parameters<typeof prepare>[1] & { shell?: string } = {}) {
  const step = prepare(verb, options);
  const { status, stdout, stderr } = spawnSync(options.shell ?? 'bash', step.command, {
    cwd: workspace,
    env: step.env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr, output: step.output(), summary: step.summary() };
}

const PROJECT = { 'working-directory': 'project' };

function script(path: string, text: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a step', () => {
  test('trains in its working directory, in a path with spaces, and leaves outputs and a summary', () => {
    const { status, stderr, output, summary } = runStep('train', { inputs: PROJECT });
    expect(stderr).not.toContain('::error');
    expect(status).toBe(0);
    expect(output).toMatch(/^run<<(\S+)\n\d{8}T\d{9}Z-[0-9a-f]{8}\n\1$/m);
    expect(output).toMatch(/^status<<(\S+)\nsucceeded\n\1$/m);
    expect(summary).toBe('');
    const report = runStep('report', { inputs: PROJECT });
    expect(report.status).toBe(0);
    expect(report.summary).toContain('accuracy');
    expect(report.output).toMatch(/^body-file<<(\S+)\n.*comment\.md\n\1$/m);
    expect(existsSync(join(workspace, 'project', '.assay', 'history'))).toBe(true);
  });

  test('wrong input is exit 2 and an annotation', () => {
    const { status, stderr, output } = runStep('train', {
      inputs: { ...PROJECT, config: 'no-such.yml' },
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^::error/m);
    expect(stderr).toContain('no-such.yml');
    expect(output).toBe('');
  });

  test('a working directory that is not there', () => {
    const { status, stderr } = runStep('train', { inputs: { 'working-directory': 'no\n::set-env::x' } });
    expect(status).toBe(2);
    expect(stderr).toBe(
      '::error title=Assay cannot start::There is no such working-directory: no%0A::set-env::x\n',
    );
  });

  test('an output file that cannot be written is a warning, not a failure', () => {
    const { status, stderr } = runStep('train', {
      inputs: PROJECT,
      env: { GITHUB_OUTPUT: join(folder, 'no', 'file') },
    });
    expect(status).toBe(0);
    expect(stderr).toMatch(/^::warning::GITHUB_OUTPUT/m);
  });

  test('an interrupted training is recorded as cancelled, exit 130', async () => {
    const project = join(workspace, 'slow');
    mkdirSync(project);
    writeFileSync(
      join(project, 'assay.yml'),
      'models: { slow: { train: { run: "echo started; sleep 60" }, metrics: { from: [metrics.json] } } }\n',
    );
    const step = prepare('train', { inputs: { 'working-directory': 'slow' } });
    // bash runs the last command of a script as itself or as its child; the signal goes to both, as a runner sends it.
    const child = spawn('bash', step.command, { cwd: workspace, env: step.env, detached: true });
    let log = '';
    const started = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data) => {
          log += data;
          if (log.includes('started')) resolve();
        });
      }
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    await Promise.race([started, ended]);
    expect(child.pid).toBeDefined();
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await ended, log).toBe(130);
    const history = join(project, '.assay', 'history');
    const [record] = readdirSync(history, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.json'),
    );
    expect(JSON.parse(readFileSync(join(history, record ?? ''), 'utf8'))).toMatchObject({
      status: 'cancelled',
    });
  });
});

describe('finding a Node', () => {
  const NO_NODE = { PATH: withoutNode };
  const externals = join(runner, 'externals');
  /** A Node that leaves a mark when it is used. */
  const marked = (path: string) =>
    script(path, `[ "$1" = --version ] || echo "used ${path}" >&2\nexec "${process.execPath}" "$@"`);

  test('none: says which line to add, exit 2', () => {
    const { status, stderr } = runStep('doctor', { inputs: PROJECT, env: NO_NODE });
    expect(status).toBe(2);
    expect(stderr).toBe(
      '::error title=Assay cannot start::There is no Node.js on PATH: Assay needs 20 or newer.%0AAdd this step before it:%0A- uses: actions/setup-node@v5%0A  with: { node-version: 24 }\n',
    );
  });

  test('Node 18 on PATH and nothing else: says that it is too old', () => {
    const old = join(folder, 'old');
    script(join(old, 'node'), 'echo v18.20.8');
    const { status, stderr } = runStep('doctor', {
      inputs: PROJECT,
      env: { PATH: [old, withoutNode].join(delimiter) },
    });
    expect(status).toBe(2);
    expect(stderr).toContain('Node.js v18.20.8 on PATH is too old: Assay needs 20 or newer.');
  });

  test("the runner's own, beside _work; one that does not start here is passed over", () => {
    script(join(externals, 'node24', 'bin', 'node'), 'exit 127');
    const used = marked(join(externals, 'node20', 'bin', 'node'));
    const { status, stderr } = runStep('train', { inputs: PROJECT, env: NO_NODE });
    rmSync(externals, { recursive: true });
    expect(stderr).toContain(`used ${used}`);
    expect(status, stderr).toBe(0);
  });

  test.skipIf(process.platform !== 'linux')(
    "the runner's own, found by its process, wherever its work folder is",
    () => {
      const elsewhere = join(folder, 'other runner');
      const used = marked(join(elsewhere, 'externals', 'node24', 'bin', 'node'));
      mkdirSync(join(elsewhere, 'bin'));
      const worker = join(elsewhere, 'bin', 'Runner.Worker');
      copyFileSync('/bin/bash', worker);
      chmodSync(worker, 0o755);
      const step = prepare('train', { inputs: PROJECT, env: NO_NODE });
      const { status, stderr } = spawnSync(worker, ['-c', 'bash "$@"; exit $?', 'worker', ...step.command], {
        cwd: workspace,
        env: step.env,
        encoding: 'utf8',
      });
      expect(stderr).toContain(`used ${used}`);
      expect(status, stderr).toBe(0);
    },
  );

  test('a checkout without dist says how to build it', () => {
    const source = join(folder, 'source');
    cpSync(join(action, 'actions'), join(source, 'actions'), { recursive: true });
    const { status, stderr } = spawnSync('bash', [join(source, 'actions', 'launch.sh'), 'train'], {
      env: { PATH: [join(process.execPath, '..'), withoutNode].join(delimiter) },
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain('npm ci && npm run build');
  });
});

describe('the bundle', () => {
  test('knows its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const { stdout } = spawnSync(process.execPath, [join(action, 'dist', 'index.js'), '--version'], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(`${version}\n`);
  });

  test('names no folder of the machine it was built on', () => {
    const entries = readdirSync(join(action, 'dist'), { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      expect(text.includes(ROOT), entry.name).toBe(false);
    }
  });
});
