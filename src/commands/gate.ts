import { type ComparisonRecord, comparisonRecord } from '../compare/record.js';
import { validationRecord } from '../data/record.js';
import { decide } from '../gate/decide.js';
import { mostCautious } from '../gate/judge.js';
import { overrideBy } from '../gate/override.js';
import type { Decision, DecisionRecord, RuleOutcome } from '../gate/record.js';
import { fieldIs } from '../history/condition.js';
import type { HistoryQuery } from '../history/port.js';
import { readRecords } from '../history/read.js';
import { nameWithSlice } from '../metrics/metric.js';
import { terminalText } from '../report/escape.js';
import type { RunRecord } from '../runs/record.js';
import type { World } from '../world.js';
import { defineVerb } from './command-line/verb.js';
import { compareModel, findRun } from './evaluation/comparison.js';
import { chosenModels, openProject, type Project } from './project/project.js';
import { requiredReason } from './release/reason.js';

export const gate = defineVerb(
  {
    name: 'gate',
    summary: 'decide: promote, hold or reject, each with its reasons',
    description:
      'Applies the rules under `gate:` to the newest run of this commit. `promote` means that every rule is satisfied beyond doubt; `reject` that one is violated; `hold` that it cannot be told, or that something is missing. The decision is recorded with the reason of every rule, also when it refuses.\n\nA person can decide otherwise with --override and a reason; both decisions are kept.',
    arguments: [{ name: 'model', description: 'the model; all when left out' }],
    options: {
      run: { kind: 'text', description: 'the run to decide on', placeholder: 'RUN' },
      baseline: {
        kind: 'text',
        description: 'merge-base, branch:NAME, stage:NAME, run:ID or blessed, instead of what assay.yml says',
        placeholder: 'POLICY',
      },
      override: {
        kind: 'text',
        description: 'promote whatever the rules say, for this reason (recorded with your name)',
        placeholder: 'REASON',
      },
    },
    outputs: {
      decision: 'promote, hold or reject; of several models the most cautious',
      reasons: 'one line per rule',
    },
    examples: [
      {
        command: 'assay gate',
        explains: 'decide on the newest run of this commit; exit 1 unless it is promote',
      },
      {
        command: "assay gate income --override 'slice too small, checked by hand'",
        explains: 'promote on a person’s word, recorded',
      },
    ],
  },
  async (input, world) => {
    const { override } = input.options;
    const reason = override === undefined ? undefined : requiredReason('--override', override);
    const project = await openProject(world, input.config);
    const decisions: DecisionRecord[] = [];
    for (const { name } of chosenModels(project, input.arguments[0])) {
      const run = await findRun(project, name, input.options.run);
      const comparison = input.options.baseline ? undefined : await newestComparison(project, run);
      decisions.push(
        await decideModel({
          project,
          world,
          model: name,
          run,
          ...(input.options.baseline ? { baseline: input.options.baseline } : {}),
          ...(comparison ? { comparison } : {}),
          ...(reason === undefined ? {} : { override: reason }),
        }),
      );
    }
    const decision = mostCautious(decisions.map((record) => record.decision));
    return {
      exit: decision === 'promote' ? 0 : 1,
      json: decisions.length === 1 ? decisions[0] : decisions,
      text: decisions.map(decisionText).join('\n'),
      outputs: { decision, reasons: decisions.flatMap((record) => record.rules.map(ruleText)).join('\n') },
    };
  },
);

export interface DecisionRequest {
  readonly project: Project;
  readonly world: World;
  readonly model: string;
  readonly run: RunRecord;
  readonly baseline?: string;
  /** A comparison that is in the history already; made and appended otherwise. */
  readonly comparison?: ComparisonRecord;
  /** A person's reason to promote against the rules. */
  readonly override?: string;
}

/** Decides on a run and records the decision (and the comparison it rests on, when that is new) in one step. */
export async function decideModel(request: DecisionRequest): Promise<DecisionRecord> {
  const { project, world, model, run } = request;
  const history = await project.history();
  const [chosen] = chosenModels(project, model);
  const comparison =
    request.comparison ??
    (await compareModel({
      project,
      world,
      model,
      candidate: run,
      ...(request.baseline ? { baseline: request.baseline } : {}),
    }));
  const rulesOfGate = chosen?.model.gate ?? [];
  const datasets = rulesOfGate.flatMap((rule) => ('validation' in rule ? [rule.validation] : []));
  const validations = await Promise.all(
    datasets.map((owner) => readRecords(history, validationQuery(owner, run), validationRecord)),
  );
  const { decision, rules } = decide({
    rules: rulesOfGate,
    run,
    comparison,
    validations: validations.flat(),
  });
  const origin = await project.origin();
  const override = isOverridden(request, decision)
    ? overrideBy({ actor: origin.actor, reason: request.override, was: decision })
    : null;
  const record: DecisionRecord = {
    schema: 'assay/decision@1',
    ...project.stamp(),
    ...origin,
    commit: run.commit,
    model,
    run: run.id,
    comparison: comparison.id,
    decision: override === null ? decision : 'promote',
    rules,
    override,
  };
  await history.append(request.comparison ? [record] : [comparison, record]);
  return record;
}

function isOverridden(
  request: DecisionRequest,
  decision: Decision,
): request is DecisionRequest & { readonly override: string } {
  if (request.override === undefined) return false;
  if (decision !== 'promote') return true;
  request.world.terminal.info(
    'the gate says promote by itself: --override was not needed and is not recorded',
  );
  return false;
}

/** Of the data that the run was made from; the newest where that is not known. */
function validationQuery(owner: string, run: RunRecord): HistoryQuery {
  const digest = run.data.find((data) => data.name === owner)?.digest;
  return digest === undefined
    ? { kind: 'validation', owner, limit: 1 }
    : { kind: 'validation', owner, where: fieldIs('digest', digest) };
}

async function newestComparison(project: Project, run: RunRecord): Promise<ComparisonRecord | undefined> {
  const query = { kind: 'comparison', owner: run.model, where: fieldIs('candidate.run', run.id) } as const;
  const [newest] = await readRecords(await project.history(), query, comparisonRecord);
  return newest;
}

const SIGNS: Readonly<Record<Decision, string>> = { promote: '✓', hold: '?', reject: '✗' };

function decisionText(record: DecisionRecord): string {
  const lines = record.rules.map((rule) => `  ${SIGNS[rule.outcome]} ${terminalText(ruleText(rule))}`);
  const override = record.override
    ? `  overridden by ${terminalText(record.override.by)}: ${terminalText(record.override.reason)} (the rules said ${record.override.was})`
    : '';
  const none =
    record.rules.length === 0 ? '  no rules under `gate:` in assay.yml, so nothing speaks against it' : '';
  return [`${record.model}: ${record.decision}`, ...lines, none, override, '']
    .filter((line, i, all) => line || i === all.length - 1)
    .join('\n');
}

function ruleText(rule: RuleOutcome): string {
  return `${nameWithSlice(rule.rule, rule.slice)}: ${rule.outcome}: ${rule.reason}`;
}
