import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { help } from '../src/commands/command-line/help.js';
import { VERBS } from '../src/commands/verbs.js';

const ROOT = join(import.meta.dirname, '..');
const ASSAY = join(ROOT, 'build/main.js');
const folder = mkdtempSync(join(tmpdir(), 'assay-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The command line as a person at a terminal has it: nothing of a CI around it. */
const ENV = { PATH: process.env.PATH, HOME: folder, USER: 'ada' };

function assay(words: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [ASSAY, ...words], {
    cwd: folder,
    env: { ...ENV, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('--version', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

  test.each(['--version', '-V'])('%s', (word) => {
    expect(assay([word])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('loads nothing else', () => {
    const text = readFileSync(ASSAY, 'utf8');
    expect(text.match(/^import .*$/gm)).toEqual(["import { readFileSync } from 'node:fs';"]);
  });
});

describe('help', () => {
  test.each([[[]], [['help']], [['--help']], [['-h']]])(
    '%j: every verb with its summary, on stdout',
    (words) => {
      const { status, stdout, stderr } = assay(words);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      for (const verb of Object.keys(VERBS)) expect(stdout).toMatch(new RegExp(`^  ${verb} +\\S`, 'm'));
    },
  );

  test.each(Object.keys(VERBS))('%s: complete, and within 80 columns', async (name) => {
    const verb = await VERBS[name]?.load();
    if (!verb) throw new Error(`${name} does not load`);
    const { spec } = verb;
    expect(spec.name).toBe(name);
    const text = await help(verb, 80);
    expect(text.startsWith(`assay ${name}: `)).toBe(true);
    for (const option of [...Object.keys(spec.options), 'config', 'json', 'quiet']) {
      expect(text).toMatch(new RegExp(`^  --${option}\\b`, 'm'));
    }
    for (const { command } of spec.examples) expect(text).toContain(command);
    expect(spec.examples.length).toBeGreaterThan(0);
    // A command is shown as it is typed, and what the author laid out stays so.
    const authored = [spec.description, ...spec.examples.map(({ command }) => command)].join('\n');
    const long = text.split('\n').filter((line) => line.length > 80 && !authored.includes(line.trim()));
    expect(long).toEqual([]);
  });

  test('help VERB is VERB --help', () => {
    expect(assay(['help', 'train'])).toEqual(assay(['train', '--help']));
  });
});

describe('what is not understood', () => {
  test.each([
    [['trian'], 'error: there is no verb "trian"\n  did you mean: assay train?\n'],
    [['help', 'gates'], 'error: there is no verb "gates"\n  did you mean: assay gate?\n'],
    [['constructor'], 'error: there is no verb "constructor"\n  see: assay help\n'],
    [['--json'], 'error: there is no verb "--json"\n  see: assay help\n'],
    [['train', '--confg', 'x'], 'error: train has no option --confg\n  did you mean --config?\n'],
    [
      ['\u001b[31m::error::x\n::y'],
      'error: there is no verb "\\u001b[31m::error::x\\n::y"\n  see: assay help\n',
    ],
  ])('%j', (words, stderr) => {
    expect(assay(words)).toEqual({ status: 2, stdout: '', stderr });
  });

  test('no config: what to do about it, without a stack', () => {
    const { status, stdout, stderr } = assay(['train']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('assay.yml');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('on GitHub the place in the config becomes an annotation', () => {
    writeFileSync(join(folder, 'assay.yml'), 'modles: {}\n');
    const { status, stderr } = assay(['train'], { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder });
    rmSync(join(folder, 'assay.yml'));
    expect(status).toBe(2);
    expect(stderr).toMatch(/^::error file=assay\.yml,line=1,col=1::/m);
  });
});

describe('completion', () => {
  test('bash offers verbs, options and choices', () => {
    const script = join(folder, 'assay.bash');
    writeFileSync(script, assay(['completion', 'bash']).stdout);
    const complete = (...words: string[]) => {
      const ask = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _assay; declare -p COMPREPLY';
      const { stdout } = spawnSync('bash', ['--norc', '-c', ask, script, 'assay', ...words], {
        encoding: 'utf8',
      });
      return Array.from(stdout.matchAll(/\]="(.*?)"/g), (match) => match[1]);
    };
    expect(complete('tr')).toEqual(['train']);
    expect(complete('help', 'ga')).toEqual(['gate']);
    expect(complete('train', '--conf')).toEqual(['--config']);
    expect(complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test.each([
    ['zsh', '-n'],
    ['fish', '--no-execute'],
  ])('%s: the shell reads it, where there is one', (shell, check) => {
    const { status, stdout } = assay(['completion', shell]);
    expect(status).toBe(0);
    for (const verb of Object.keys(VERBS)) expect(stdout).toContain(verb);
    const read = spawnSync(shell, [check], { input: stdout, encoding: 'utf8' });
    if (!read.error) expect(read).toMatchObject({ status: 0, stderr: '' });
  });

  test('another shell is refused by name', () => {
    expect(assay(['completion', 'tcsh'])).toMatchObject({
      status: 2,
      stderr: 'error: there is no completion for "tcsh"\n  shells there are: bash, zsh, fish\n',
    });
  });

  test('--json is one document', () => {
    expect(JSON.parse(assay(['completion', 'fish', '--json']).stdout)).toMatchObject({ shell: 'fish' });
  });
});

test('a reader that stops early ends it silently', async () => {
  const child = spawn(process.execPath, [ASSAY, 'completion', 'zsh'], { cwd: folder, env: ENV });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('whoever will not wait for the recording presses Ctrl-C again', async () => {
  const project = join(folder, 'stubborn');
  mkdirSync(project);
  writeFileSync(
    join(project, 'assay.yml'),
    `models: { m: { train: { run: "trap '' INT TERM; echo started; sleep 4" }, metrics: { from: [metrics.json] } } }\n`,
  );
  const child = spawn(process.execPath, [ASSAY, 'train'], { cwd: project, env: ENV });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      log += data;
      if (data.includes('started') || data.includes('stopping')) child.kill('SIGINT');
    });
  }
  const code = await new Promise((resolve) => child.on('exit', resolve));
  expect(log).toContain('SIGINT received: stopping, and recording what was measured');
  expect(code).toBe(130);
  // It did not wait for the command, so nothing of it was recorded.
  expect(existsSync(join(project, '.assay', 'history'))).toBe(false);
});
