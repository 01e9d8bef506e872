import { askedOf, type GateInput } from './facts.js';
import { judgeAll, mostCautious } from './judge.js';
import type { Decision, DecisionRecord, RuleOutcome } from './record.js';

/** Rules to decision: the most cautious outcome of any rule, each with its reason. Pure; never throws. */
export function decide(input: GateInput): { readonly decision: Decision; readonly rules: RuleOutcome[] } {
  const rules = judgeAll(askedOf(input));
  return { decision: mostCautious(rules.map((rule) => rule.outcome)), rules };
}

/** What the rules say again from a record alone. */
export interface Replay {
  /** Null when the record does not keep what its rules found: an older version wrote it. */
  readonly decision: Decision | null;
  /** What comes out differently from what the record says; empty when it agrees. */
  readonly differences: readonly string[];
}

/** Decides again from nothing but the record of a decision. An override stands beside what the rules said and is not judged. */
export function decideAgain(record: Pick<DecisionRecord, 'rules' | 'decision' | 'override'>): Replay {
  const asked = record.rules.flatMap(({ facts, ...rest }) =>
    facts === undefined ? [] : [{ ...rest, facts }],
  );
  if (asked.length < record.rules.length) return { decision: null, differences: [] };
  const rules = judgeAll(asked);
  const decision = mostCautious(rules.map((rule) => rule.outcome));
  const differences = rules.flatMap((again, i) => {
    const before = record.rules[i];
    if (before === undefined || (before.outcome === again.outcome && before.reason === again.reason))
      return [];
    const said = `${again.rule}: ${before.outcome} (${before.reason})`;
    return [`${said} is recorded, and ${again.outcome} (${again.reason}) follows from the numbers beside it`];
  });
  const recorded = record.override?.was ?? record.decision;
  return {
    decision,
    differences:
      decision === recorded
        ? differences
        : [...differences, `${recorded} is recorded, and ${decision} follows from the rules`],
  };
}
