import { assertNever } from '../errors.js';
import { formatBytes, plural } from '../format.js';
import { holm } from '../statistics/multiplicity.js';
import type { Asked } from './facts.js';
import { judgeMetric } from './metric-rule.js';
import type { Decision, MissingPolicy, RuleFacts, RuleOutcome } from './record.js';

/** From what the rules found to their outcomes: from a run when it is decided, and from the record alone when it is explained. */

/** An outcome with its reason; `missing` where there is nothing to judge, which the rule's own policy decides. */
export type Answer = readonly [Decision | 'missing', string];

export function judgeAll(asked: readonly Asked[]): RuleOutcome[] {
  const adjusted = adjustedP(asked);
  return asked.map((one) => {
    const p = adjusted.get(one);
    const { evidence } = one;
    const [outcome, reason] = settled(one.facts, answerOf(one, p ?? 1));
    return {
      rule: one.rule,
      metric: one.metric,
      slice: one.slice,
      outcome,
      reason,
      ...(evidence ? { evidence: { ...evidence, p_adjusted: p ?? evidence.p } } : {}),
      facts: one.facts,
    };
  });
}

/** `reject` over `hold` over `promote`; without any rule nothing speaks against promoting. */
export function mostCautious(outcomes: readonly Decision[]): Decision {
  if (outcomes.includes('reject')) return 'reject';
  return outcomes.includes('hold') ? 'hold' : 'promote';
}

/** The p-values of everything that rules about change look at, adjusted together; each metric and slice counts once. */
function adjustedP(asked: readonly Asked[]): ReadonlyMap<Asked, number> {
  const families = new Map<string, { readonly p: number; readonly members: Asked[] }>();
  for (const one of asked) {
    const { facts, evidence, metric, slice } = one;
    if (facts.kind !== 'metric' || typeof facts.require !== 'string') continue;
    if (evidence === undefined || evidence.p === null) continue;
    const key = JSON.stringify([metric, facts.split, slice]);
    const known = families.get(key) ?? { p: evidence.p, members: [] };
    known.members.push(one);
    families.set(key, known);
  }
  const tests = [...families.values()];
  const adjusted = holm(tests.map(({ p }) => p));
  return new Map(tests.flatMap(({ members }, i) => members.map((one) => [one, adjusted[i] ?? 1] as const)));
}

function answerOf({ facts, evidence, metric }: Asked, p: number): Answer {
  switch (facts.kind) {
    case 'run':
      return facts.status === 'succeeded'
        ? ['promote', 'the run succeeded']
        : ['reject', `the run ${facts.status}: ${facts.reason ?? 'no reason recorded'}`];
    case 'metric':
      return judgeMetric({ name: metric ?? '', facts, evidence, p });
    case 'validation':
      return ofValidation(facts);
    case 'size':
      if (facts.bytes === null)
        return ['missing', 'the run has no artifact named model (train.outputs.model)'];
      return [facts.bytes <= facts.max_bytes ? 'promote' : 'reject', `it is ${formatBytes(facts.bytes)}`];
    default:
      return assertNever(facts);
  }
}

function ofValidation({ dataset, found }: Extract<RuleFacts, { kind: 'validation' }>): Answer {
  if (!found) return ['missing', `dataset ${dataset} was not validated for this run`];
  return found.valid
    ? ['promote', `${plural(found.checks, 'check')} passed on ${plural(found.rows, 'row')}`]
    : ['reject', `${plural(found.failed.length, 'check')} failed: ${found.failed.join('; ')}`];
}

/** What it means when what a rule is about is not there. */
function settled(facts: RuleFacts, [outcome, reason]: Answer): readonly [Decision, string] {
  if (outcome !== 'missing') return [outcome, reason];
  const policy: MissingPolicy = facts.kind === 'run' ? 'hold' : facts.missing;
  return policy === 'ignore' ? ['promote', `${reason}; ignored as the rule says`] : [policy, reason];
}
