import { UserError } from '../errors.js';
import type { Decision, DecisionRecord } from './record.js';

/**
 * A person's word over that of the rules, as the record keeps it.
 * @throws UserError when no person is behind it: a decision against the rules has somebody who answers for it
 */
export function overrideBy(of: {
  readonly actor: string;
  readonly reason: string;
  readonly was: Decision;
}): NonNullable<DecisionRecord['override']> {
  const { actor, reason, was } = of;
  if (actor !== 'unknown' && !actor.endsWith('[bot]')) return { by: actor, reason, was };
  throw new UserError(
    `--override needs a person, and this is run by ${actor === 'unknown' ? 'nobody known' : actor}`,
    {
      mend: 'start the job by hand (workflow_dispatch); elsewhere the name comes from GITLAB_USER_LOGIN, BUILD_USER_ID or USER',
    },
  );
}
