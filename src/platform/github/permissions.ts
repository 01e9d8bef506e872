/** What each verb asks of the token, as a workflow grants it, and why. Docs, doctor and examples say what stands here. */

export interface Grant {
  readonly name: string;
  readonly level: 'read' | 'write';
  readonly why: string;
}

const RECORDS: Grant = {
  name: 'contents',
  level: 'write',
  why: 'records are appended to the history branch',
};
const LOOK: Grant = { name: 'contents', level: 'read', why: 'the history is a branch of the repository' };
const COMMENT: Grant = { name: 'pull-requests', level: 'write', why: 'the comment on the pull request' };
const CHECKS: Grant = { name: 'checks', level: 'write', why: 'a check run per model' };
const DEPLOYMENTS: Grant = {
  name: 'deployments',
  level: 'write',
  why: 'the list of environments shows what is live',
};

const GRANTS: Readonly<Record<string, readonly Grant[]>> = {
  auto: [RECORDS, COMMENT, CHECKS],
  report: [LOOK, COMMENT, CHECKS],
  register: [{ ...RECORDS, why: 'the release, its tag and the record of it' }],
  promote: [{ ...RECORDS, why: 'the tag of the stage and the record of it' }, DEPLOYMENTS],
  rollback: [{ ...RECORDS, why: 'the tag of the stage and the record of it' }, DEPLOYMENTS],
  deploy: [RECORDS, DEPLOYMENTS],
  answer: [
    { ...RECORDS, why: 'what a comment asks for is recorded' },
    { name: 'issues', level: 'write', why: 'reactions and replies on issues' },
    { name: 'pull-requests', level: 'write', why: 'reactions and replies on pull requests' },
    { name: 'actions', level: 'write', why: 'retrain starts a run again' },
    DEPLOYMENTS,
  ],
  doctor: [LOOK, { name: 'actions', level: 'read', why: 'to see whether schedules are switched off' }],
  runs: [LOOK],
  show: [LOOK],
  log: [LOOK],
  export: [LOOK],
};

/** @param verb any verb; those that only append records share one answer */
export function grantsFor(verb: string): readonly Grant[] {
  return GRANTS[verb] ?? [RECORDS];
}

/** `contents: write # records are …`, a line each, as in `permissions:` of a job. */
export function grantLines(grants: readonly Grant[]): readonly string[] {
  return grants.map(({ name, level, why }) => `${name}: ${level} # ${why}`);
}
