import type { ComparisonRecord } from '../compare/record.js';
import type { GateRule } from '../config/model.js';
import type { ValidationRecord } from '../data/record.js';
import { formatBytes, plural } from '../format.js';
import type { RunRecord } from '../runs/record.js';
import { gateAdjusted, metricOutcomes } from './metric-rule.js';
import { missing, outcome } from './outcome.js';
import type { Decision, RuleOutcome } from './record.js';

/** Rules to decision: the most cautious outcome of any rule, each with its reason. Pure; never throws. */

export interface GateInput {
  readonly rules: readonly GateRule[];
  readonly run: RunRecord;
  readonly comparison: ComparisonRecord;
  /** The newest validation of each dataset on this commit. */
  readonly validations: readonly ValidationRecord[];
}

export function decide(input: GateInput): { readonly decision: Decision; readonly rules: RuleOutcome[] } {
  if (input.run.status !== 'succeeded') {
    const reason = `the run ${input.run.status}: ${input.run.reason ?? 'no reason recorded'}`;
    return { decision: 'reject', rules: [outcome('the run succeeded', 'reject', reason)] };
  }
  const adjusted = gateAdjusted(
    input.rules.filter((rule) => 'metric' in rule),
    input.comparison,
  );
  const rules = input.rules.flatMap((rule) =>
    'metric' in rule ? metricOutcomes(rule, input.comparison, adjusted) : [outcomeOf(rule, input)],
  );
  return { decision: mostCautious(rules.map((rule) => rule.outcome)), rules };
}

/** `reject` over `hold` over `promote`; without any rule nothing speaks against promoting. */
export function mostCautious(outcomes: readonly Decision[]): Decision {
  if (outcomes.includes('reject')) return 'reject';
  return outcomes.includes('hold') ? 'hold' : 'promote';
}

function outcomeOf(rule: Exclude<GateRule, { metric: string }>, input: GateInput): RuleOutcome {
  return 'validation' in rule ? validationOutcome(rule, input) : sizeOutcome(rule, input.run);
}

function validationOutcome(rule: Extract<GateRule, { validation: string }>, input: GateInput): RuleOutcome {
  const words = `dataset ${rule.validation} is valid`;
  const used = input.run.data.find((data) => data.name === rule.validation)?.digest;
  const validation = input.validations.find(
    (record) => record.dataset === rule.validation && (used === undefined || record.digest === used),
  );
  if (!validation)
    return missing(rule.missing, words, `dataset ${rule.validation} was not validated for this run`);
  const failed = validation.checks.filter((check) => !check.passed && check.severity === 'error');
  return validation.valid
    ? outcome(
        words,
        'promote',
        `${plural(validation.checks.length, 'check')} passed on ${plural(validation.rows, 'row')}`,
      )
    : outcome(
        words,
        'reject',
        `${plural(failed.length, 'check')} failed: ${failed.map((check) => check.check).join('; ')}`,
      );
}

function sizeOutcome(rule: Extract<GateRule, { size: unknown }>, run: RunRecord): RuleOutcome {
  const words = `the model is at most ${formatBytes(rule.size.max)}`;
  const models = run.artifacts.filter((artifact) => /^model(\.|$)/.test(artifact.name));
  if (models.length === 0)
    return missing(rule.missing, words, 'the run has no artifact named model (train.outputs.model)');
  const largest = Math.max(...models.map((artifact) => artifact.bytes));
  return outcome(words, largest <= rule.size.max ? 'promote' : 'reject', `it is ${formatBytes(largest)}`);
}
