import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { writeStepResult } from './action.js';

const folder = mkdtempSync(join(tmpdir(), 'assay-step-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
});

function step(env: Record<string, string> = {}) {
  const output = join(folder, `output-${++files}`);
  const summary = join(folder, `summary-${files}`);
  let byte = 0;
  return {
    output: () => readOutputs(readFileSync(output, 'utf8')),
    summary: () => readFileSync(summary, 'utf8'),
    world: {
      env: { GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, ...env },
      randomness: { bytes: (length: number) => new Uint8Array(length).fill(++byte) },
      warn: (text: string) => warnings.push(text),
    },
  };
}

/** The heredoc form as the runner reads it. */
function readOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  while (lines.length > 1) {
    const [name = '', delimiter = ''] = (lines.shift() ?? '').split('<<');
    const end = lines.indexOf(delimiter);
    outputs[name] = lines.splice(0, end).join('\n');
    lines.shift();
  }
  return outputs;
}

test('values arrive as they are, also those that look like the end or like another output', async () => {
  const outputs = {
    run: '1',
    reasons: 'a\nb=c\nrun<<x\nevil\nx\n',
    empty: '',
    'body-file': 'ghadelimiter_1',
  };
  const { world, output } = step();
  await writeStepResult({ outputs, summary: undefined }, world);
  expect(output()).toEqual(outputs);
  expect(warnings).toEqual([]);
});

test('more than GitHub allows is cut, and said', async () => {
  const { world, output } = step();
  await writeStepResult({ outputs: { a: 'x'.repeat(499_999), b: 'yyy' }, summary: undefined }, world);
  expect(output()).toEqual({ a: 'x'.repeat(499_999), b: 'y' });
  expect(warnings).toEqual([expect.stringContaining('"b" is cut from 3 to 1')]);
});

test('the summary is appended', async () => {
  const { world, summary } = step();
  await writeStepResult({ outputs: {}, summary: '# one' }, world);
  await writeStepResult({ outputs: {}, summary: '# two\n' }, world);
  expect(summary()).toBe('# one\n\n# two\n\n');
});

test('a summary over 1 MiB is cut at the end of a line', async () => {
  const { world, summary } = step();
  await writeStepResult({ outputs: {}, summary: `${'é'.repeat(99)}\n`.repeat(10_000) }, world);
  const text = summary();
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
  expect(Buffer.byteLength(text)).toBeGreaterThan(990_000);
  expect(text).not.toContain('\ufffd');
  expect(text).toMatch(/é\n\n_… cut: .*_\n+$/);
});

test.each([
  ['not set', ''],
  ['not writable', join(folder, 'no', 'such', 'folder')],
])('a file that is %s is a warning', async (_, path) => {
  const { world } = step({ GITHUB_OUTPUT: path });
  await writeStepResult({ outputs: { a: '1' }, summary: undefined }, world);
  expect(warnings).toEqual([expect.stringContaining('GITHUB_OUTPUT')]);
});
