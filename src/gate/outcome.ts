import type { Decision, RuleOutcome } from './record.js';

type Subject = Partial<Pick<RuleOutcome, 'metric' | 'slice' | 'evidence'>>;

/** What a rule says when what it is about is not there. */
export function missing(
  policy: 'hold' | 'reject' | 'ignore',
  rule: string,
  reason: string,
  subject: Subject = {},
): RuleOutcome {
  const decision = policy === 'ignore' ? 'promote' : policy;
  return outcome(
    rule,
    decision,
    policy === 'ignore' ? `${reason}; ignored as the rule says` : reason,
    subject,
  );
}

export function outcome(
  rule: string,
  decision: Decision,
  reason: string,
  subject: Subject = {},
): RuleOutcome {
  return { rule, metric: null, slice: null, ...subject, outcome: decision, reason };
}
