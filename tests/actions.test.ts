import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NoOperationTraceWriter } from '@actions/workflow-parser';
import { convertActionTemplate, parseAction } from '@actions/workflow-parser/actions/index';
import { describe, expect, test } from 'vitest';
import { wordsFromAction } from '../src/commands/command-line/input.js';
import type { VerbSpec } from '../src/commands/command-line/verb.js';
import { VERBS } from '../src/commands/verbs.js';

const ROOT = join(import.meta.dirname, '..');
/** Verbs that make no sense as a step: they ask, show or set up. */
const TERMINAL_ONLY = ['init', 'demo', 'completion'];
const ACTION_VERBS = Object.keys(VERBS).filter((verb) => !TERMINAL_ONLY.includes(verb));

function pathOf(verb: string): string {
  return verb === 'auto' ? 'action.yml' : `actions/${verb}/action.yml`;
}

async function specOf(verb: string): Promise<VerbSpec> {
  const entry = VERBS[verb];
  if (!entry) throw new Error(`no verb ${verb}`);
  return (await entry.load()).spec;
}

/** As GitHub parses it. */
function parse(verb: string) {
  const name = pathOf(verb);
  const content = readFileSync(join(ROOT, name), 'utf8');
  const { context, value } = parseAction({ name, content }, new NoOperationTraceWriter());
  const errors = context.errors.getErrors().map((error) => error.message);
  if (!value) throw new Error(`${name} does not parse: ${errors.join('; ')}`);
  const template = convertActionTemplate(context, value);
  if (template.runs.using !== 'composite') throw new Error(`${name} is not composite`);
  const [step, ...more] = template.runs.steps;
  if (!step || !('run' in step) || more.length > 0)
    throw new Error(`${name} must be one step that runs the launcher`);
  const env = new Map<string, string>();
  if (step.env?.templateTokenType === 2) {
    for (let index = 0; index < step.env.count; index++) {
      const pair = step.env.get(index);
      env.set(pair.key.toString(), pair.value.toString());
    }
  }
  return { content, errors, template, run: step.run.toString(), env };
}

test('there is an action for every verb that can be a step, and for no other', () => {
  const folders = readdirSync(join(ROOT, 'actions')).filter((name) =>
    existsSync(join(ROOT, 'actions', name, 'action.yml')),
  );
  expect([...folders, 'auto'].sort()).toEqual([...ACTION_VERBS].sort());
});

test('there is a page for every verb, and for nothing else', () => {
  const pages = readdirSync(join(ROOT, 'docs/verbs'));
  expect(pages.sort()).toEqual(['README.md', ...Object.keys(VERBS).map((verb) => `${verb}.md`)].sort());
});

describe.each(ACTION_VERBS)('%s', (verb) => {
  test('parses as GitHub parses it', () => {
    expect(parse(verb).errors).toEqual([]);
  });

  test('has the inputs of the verb, each handed over by the environment', async () => {
    const spec = await specOf(verb);
    const { template, env } = parse(verb);
    const inputs = (template.inputs ?? []).map((input) => input.id);
    const own = [
      ...spec.arguments.map((argument) => argument.name),
      ...Object.entries(spec.options).flatMap(([name, option]) => (option.input === false ? [] : [name])),
    ];
    expect(inputs).toEqual([...own, 'config', 'working-directory', 'token']);
    expect(new Set(inputs).size).toBe(inputs.length);
    for (const name of [...own, 'config']) {
      expect(env.get(`ASSAY_WITH_${name.toUpperCase().replaceAll('-', '_')}`)).toBe(`\${{ inputs.${name} }}`);
    }
    expect(env.get('ASSAY_DOOR')).toBe('action');
    for (const input of template.inputs ?? []) expect(input.description).toMatch(/^\S.{5,}/s);
  });

  test('what it hands over is read back by the verb', async () => {
    const spec = await specOf(verb);
    const given = Object.fromEntries(
      Object.entries(spec.options).flatMap(([name, option]) =>
        option.kind === 'flag' && option.input !== false
          ? [[`ASSAY_WITH_${name.toUpperCase().replaceAll('-', '_')}`, 'true']]
          : [],
      ),
    );
    expect(wordsFromAction(spec, given)).toHaveLength(Object.keys(given).length + 1);
  });

  test('has the outputs of the verb', async () => {
    const spec = await specOf(verb);
    const outputs = parse(verb).template.outputs ?? [];
    expect(outputs.map((output) => output.id)).toEqual(Object.keys(spec.outputs));
    for (const output of outputs) {
      expect(output.value?.toString()).toBe(`\${{ steps.assay.outputs.${output.id} }}`);
    }
  });

  test('runs the launcher with its own verb, and no expression reaches the shell', () => {
    const { run } = parse(verb);
    const launcher = verb === 'auto' ? 'actions/launch.sh' : '../launch.sh';
    expect(run).toBe(`bash "$GITHUB_ACTION_PATH/${launcher}" ${verb}`);
  });
});
