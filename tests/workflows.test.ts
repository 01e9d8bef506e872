import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..');

/** The project's own workflows and those of the examples. */
const WORKFLOWS = [
  ...list('.github/workflows'),
  ...readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter(
      (path) => /\.github[\\/]workflows[\\/][^\\/]+\.ya?ml$/.test(path) && !path.includes('node_modules'),
    )
    .map((path) => join('examples', path)),
];

function list(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}
interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Record<string, { readonly permissions?: unknown; readonly steps?: readonly Step[] }>;
}

describe.each(WORKFLOWS)('%s', (path) => {
  const content = readFileSync(join(ROOT, path), 'utf8');
  const workflow: Workflow = parse(content);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps ?? []);

  test('parses as GitHub parses it', async () => {
    const { context, value } = parseWorkflow({ name: path, content }, new NoOperationTraceWriter());
    if (value) await convertWorkflowTemplate(context, value);
    expect(context.errors.getErrors().map((error) => error.message)).toEqual([]);
  });

  test('grants nothing at the top, and each job what it needs, with the reason', () => {
    expect(workflow.permissions).toEqual({});
    for (const job of Object.values(workflow.jobs)) expect(job.permissions).toBeDefined();
    for (const grant of content.match(/^ +[a-z-]+: (read|write)\b.*$/gm) ?? []) {
      expect(grant).toMatch(/ # \S+/);
    }
  });

  test('no expression reaches a shell', () => {
    for (const step of steps) expect(step.run ?? '').not.toContain('${{');
  });

  test.skipIf(path.startsWith('examples'))(
    'actions of others are pinned, and no token is left in the checkout',
    () => {
      for (const { uses, with: inputs } of steps) {
        // The project's own actions go by the major tag that these workflows were released with.
        if (
          uses === undefined ||
          uses.startsWith('./') ||
          /^OWNER\/assay(\/actions\/[a-z]+)?@v1$/.test(uses)
        ) {
          continue;
        }
        expect(uses).toMatch(/^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/);
        expect(content).toMatch(new RegExp(`${uses} # v\\d+\\.\\d+\\.\\d+`));
        if (uses.startsWith('actions/checkout@')) expect(inputs?.['persist-credentials']).toBe(false);
      }
    },
  );
});

/** What a team copies from the documentation. */
const DOCUMENTED = [
  ...readFileSync(join(ROOT, 'docs/github.md'), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g),
].map(([, text = '']) => text);

interface Callable {
  readonly on: {
    readonly workflow_call: { readonly inputs: Record<string, { readonly required?: boolean }> };
  };
}
interface Caller {
  readonly jobs: Record<
    string,
    { readonly uses: string; readonly permissions: unknown; readonly with?: Record<string, unknown> }
  >;
}

test.each(DOCUMENTED.map((content) => [/^name: (.*)$/m.exec(content)?.[1] ?? '', content]))(
  'the documented caller %s grants what the called workflow asks for, and hands over what it takes',
  async (_, content) => {
    const { context, value } = parseWorkflow({ name: 'caller.yml', content }, new NoOperationTraceWriter());
    if (value) await convertWorkflowTemplate(context, value);
    expect(context.errors.getErrors().map((error) => error.message)).toEqual([]);
    const { jobs }: Caller = parse(content);
    for (const { uses, permissions, with: given = {} } of Object.values(jobs)) {
      const file = /^OWNER\/assay\/(\.github\/workflows\/[\w-]+\.yml)@v1$/.exec(uses)?.[1] ?? '';
      const called: Workflow & Callable = parse(readFileSync(join(ROOT, file), 'utf8'));
      expect(Object.values(called.jobs).map((job) => job.permissions)).toEqual([permissions]);
      const { inputs } = called.on.workflow_call;
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
      const required = Object.keys(inputs).filter((name) => inputs[name]?.required);
      expect(Object.keys(given)).toEqual(expect.arrayContaining(required));
    }
  },
);
