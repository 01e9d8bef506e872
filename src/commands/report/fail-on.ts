import { nearest } from '../../config/nearest.js';
import { UserError } from '../../errors.js';
import type { ModelFacts, ReportFacts } from '../../report/facts.js';
import { wasRefused } from '../../report/headline.js';

/** For which answers a report makes its step fail; none unless asked. */

export const FAIL_ON = [
  'reject',
  'hold',
  'failed',
  'invalid',
  'worse',
  'inconclusive',
  'not-posted',
] as const;
export type FailOn = (typeof FAIL_ON)[number];

export const failures = {
  /** @throws UserError for a word that is none of them */
  parse(given: readonly string[]): readonly FailOn[] {
    const words = given.flatMap((one) => one.split(',')).map((word) => word.trim());
    return words
      .filter((word) => word !== '' && word !== 'never')
      .map((word) => {
        const known = FAIL_ON.find((one) => one === word);
        if (known) return known;
        const near = nearest(word, FAIL_ON);
        throw new UserError(`--fail-on ${JSON.stringify(word)} is not an answer`, {
          mend: near ? `did you mean ${near}?` : `one of ${FAIL_ON.join(', ')}`,
        });
      });
  },

  /** Those asked for that came true. */
  of(result: {
    readonly facts: ReportFacts;
    readonly failures: readonly unknown[];
    readonly failOn: readonly FailOn[];
  }): { readonly failed: readonly FailOn[] } {
    const { facts, failOn } = result;
    const came = new Set(facts.models.flatMap(answersOf));
    if (result.failures.length > 0) came.add('not-posted');
    return { failed: failOn.filter((word) => came.has(word)) };
  },
};

function answersOf(facts: ModelFacts): readonly FailOn[] {
  const answers: FailOn[] = [];
  if (facts.run && facts.run.status !== 'succeeded' && !wasRefused(facts)) answers.push('failed');
  if (facts.validations.some((validation) => !validation.valid)) answers.push('invalid');
  const decision = facts.decision?.decision;
  if (decision === 'reject' || decision === 'hold') answers.push(decision);
  const verdict = facts.comparison?.verdict;
  if (verdict === 'worse' || verdict === 'inconclusive') answers.push(verdict);
  return answers;
}
