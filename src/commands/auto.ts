import type { Runner, World } from '../world.js';
import { parseInput } from './command-line/input.js';
import { defineVerb, type Outcome } from './command-line/verb.js';
import { openProject, type Project } from './project/project.js';
import { VERBS } from './verbs.js';

export const auto = defineVerb(
  {
    name: 'auto',
    summary: 'do what assay.yml says for the event at hand',
    description:
      'For a pull request, a merge queue and a terminal: validate the data, train, compare with the baseline, decide by the gate, report. The answer is that of the gate.\n\nFor a push to the default branch, a schedule or a dispatched workflow: the same, so that the next pull request finds its baseline; the decision of the gate is recorded and shown, but only invalid data and a failed training fail the step, because the change is already merged.\n\nFor any other event it says so and does nothing. When a step cannot be done, those that build on it are left out, and the report is still written.',
    arguments: [],
    options: {},
    outputs: {
      run: 'id of the run that was recorded',
      decision: 'of the gate: promote, hold or reject',
      verdict: 'the headline of the comparison: worse, inconclusive, better, equal, new …',
      'body-file': 'file with the report as markdown',
      'comment-url': 'where the report was posted; empty when it was not',
      bundle: 'folder with the report as data, where this job may not post it; empty otherwise',
    },
    examples: [
      { command: 'assay auto', explains: 'all steps for what is checked out here' },
      { command: 'assay auto --config services/churn/assay.yml', explains: 'one project of a monorepo' },
    ],
  },
  async (input, world) => {
    const occasion = occasionOf(world.runner);
    if (occasion.kind === 'none') {
      world.terminal.info(occasion.why);
      return { exit: 0, json: { did: [], why: occasion.why }, text: occasion.why, outputs: {} };
    }
    const project = await openProject(world, input.config);
    const steps = await runSteps(plannedSteps(project), { config: input.config, world });
    return mergeSteps(steps, occasion.kind);
  },
);

type Occasion =
  | { readonly kind: 'candidate' }
  | { readonly kind: 'merged' }
  | { readonly kind: 'none'; readonly why: string };

/** What the event asks for: judging a candidate, measuring what is merged, or nothing. */
export function occasionOf(runner: Runner): Occasion {
  if (runner.pullRequest !== null || runner.kind === 'local') return { kind: 'candidate' };
  const { event } = runner.trigger;
  const ref = runner.ref ?? null;
  const nothing = (why: string): Occasion => ({
    kind: 'none',
    why: `nothing to do for ${why}: assay auto works on pull requests and on the default branch; other verbs (register, promote, deploy) are steps of their own`,
  });
  if (ref === null) return nothing(`the event "${event}"`);
  if (ref.kind === 'tag') return nothing(`the tag ${JSON.stringify(ref.name)}`);
  if (['workflow_dispatch', 'schedule', 'web', 'api', 'trigger'].includes(event)) return { kind: 'merged' };
  if (!['push', 'ci'].includes(event)) return nothing(`the event "${event}"`);
  if (runner.defaultBranch !== null && ref.name !== runner.defaultBranch) {
    return nothing(`a push to ${JSON.stringify(ref.name)}, which is not the default branch`);
  }
  return { kind: 'merged' };
}

/**
 * The verbs in order, and which earlier ones each builds on. A step whose answer was no is built on all the same: a refused
 * or failed training is a run, which the gate rejects with its reason.
 */
interface PlannedStep {
  readonly verb: 'validate' | 'train' | 'compare' | 'gate' | 'report';
  readonly needs: readonly string[];
}

function plannedSteps(project: Project): readonly PlannedStep[] {
  const hasData = Object.keys(project.config.data).length > 0;
  const hasModels = Object.keys(project.config.models).length > 0;
  const steps: PlannedStep[] = [
    { verb: 'train', needs: ['validate'] },
    { verb: 'compare', needs: ['train'] },
    { verb: 'gate', needs: ['train'] },
    { verb: 'report', needs: [] },
  ];
  return [
    ...(hasData || !hasModels ? [{ verb: 'validate' as const, needs: [] }] : []),
    ...(hasModels ? steps : []),
  ];
}

type Step = { readonly verb: PlannedStep['verb'] } & (
  | { readonly state: 'done'; readonly outcome: Outcome }
  | { readonly state: 'failed'; readonly error: unknown }
  | { readonly state: 'left out'; readonly because: string }
);

async function runSteps(
  planned: readonly PlannedStep[],
  options: { readonly config: string; readonly world: World },
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const { verb, needs } of planned) {
    const broken = steps.find((step) => needs.includes(step.verb) && step.state !== 'done');
    if (broken) {
      steps.push({ verb, state: 'left out', because: broken.verb });
      continue;
    }
    options.world.terminal.info(`assay ${verb}`);
    try {
      steps.push({ verb, state: 'done', outcome: await runVerb(verb, options) });
    } catch (error) {
      steps.push({ verb, state: 'failed', error });
    }
    if (options.world.cancel.aborted) break;
  }
  return steps;
}

async function runVerb(
  name: PlannedStep['verb'],
  options: { readonly config: string; readonly world: World },
): Promise<Outcome> {
  const entry = VERBS[name];
  if (!entry) throw new Error(`the verb ${name} is not in the list of verbs`);
  const verb = await entry.load();
  return verb.run(parseInput(verb.spec, [`--config=${options.config}`]), options.world);
}

function mergeSteps(steps: readonly Step[], kind: 'candidate' | 'merged'): Outcome {
  const done = steps.filter((step) => step.state === 'done');
  const failures = steps.flatMap((step) => (step.state === 'left out' ? [] : (failureOf(step) ?? [])));
  const answers = done.filter(
    (step) => kind === 'candidate' || step.verb === 'validate' || step.verb === 'train',
  );
  const outputs: Record<string, string> = Object.assign({}, ...done.map((step) => step.outcome.outputs));
  const wanted = Object.keys(auto.spec.outputs);
  const report = done.find((step) => step.verb === 'report');
  const summary = report?.outcome.summary ?? done.flatMap((step) => step.outcome.summary ?? []).join('\n\n');
  return {
    exit: answers.some((step) => step.outcome.exit === 1) ? 1 : 0,
    json: { did: steps.map(stepJson) },
    text: steps.map(stepText).join('\n'),
    outputs: Object.fromEntries(wanted.map((name) => [name, outputs[name] ?? ''])),
    ...(summary === '' ? {} : { summary }),
    ...(failures.length === 0
      ? {}
      : { failure: failures.length === 1 ? failures[0] : new AggregateError(failures) }),
  };
}

function failureOf(step: Exclude<Step, { state: 'left out' }>): unknown {
  return step.state === 'failed' ? step.error : step.outcome.failure;
}

function stepJson(step: Step): unknown {
  switch (step.state) {
    case 'done':
      return { verb: step.verb, state: step.state, exit: step.outcome.exit, result: step.outcome.json };
    case 'failed':
      return { verb: step.verb, state: step.state, reason: reasonOf(step.error) };
    case 'left out':
      return { verb: step.verb, state: step.state, reason: leftOut(step.because) };
  }
}

function stepText(step: Step): string {
  const heading = `== ${step.verb} ==`;
  switch (step.state) {
    case 'done':
      return `${heading}\n${step.outcome.text}`;
    case 'failed':
      return `${heading}\ncould not be done; the reason stands at the end\n`;
    case 'left out':
      return `${heading}\n${leftOut(step.because)}\n`;
  }
}

function leftOut(because: string): string {
  return `left out, because ${because} could not be done`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
