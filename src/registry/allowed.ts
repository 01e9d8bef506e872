import type { GateRule } from '../config/model.js';
import { overrideBy } from '../gate/override.js';
import type { Decision, DecisionRecord } from '../gate/record.js';
import type { Origin } from '../history/record.js';
import { nameWithSlice } from '../metrics/metric.js';

/** Whether a gate's decision lets a run become a version or go to a stage. */

/** The newest decision on a run, whatever it was compared with; undefined when the gate never saw it. */
export function newestDecision(
  decisions: readonly DecisionRecord[],
  run: string,
): DecisionRecord | undefined {
  return decisions.filter((decision) => decision.run === run).sort((a, b) => (a.id < b.id ? 1 : -1))[0];
}

/** A model without gate rules lets every run pass. */
export function hasGate(gate: readonly GateRule[]): boolean {
  return gate.length > 0;
}

/** What stood in the way, in words: the reason of each rule that did not say promote. */
export function objections(decision: DecisionRecord): readonly string[] {
  return decision.rules
    .filter((rule) => rule.outcome !== 'promote')
    .map((rule) => `${nameWithSlice(rule.rule, rule.slice)}: ${rule.reason}`);
}

/**
 * A person's decision to go ahead, beside what the rules said. The rules' outcomes are kept as they were.
 */
export function overriding(
  decision: DecisionRecord,
  by: {
    readonly reason: string;
    readonly origin: Origin;
    readonly stamp: { readonly id: string; readonly time: string };
  },
): DecisionRecord {
  const was: Decision = decision.override?.was ?? decision.decision;
  return {
    ...decision,
    ...by.stamp,
    actor: by.origin.actor,
    trigger: by.origin.trigger,
    decision: 'promote',
    override: overrideBy({ actor: by.origin.actor, reason: by.reason, was }),
  };
}
