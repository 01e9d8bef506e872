import type { Verb } from './verb.js';

/** Every verb, in the order of the help. Loaded only when asked for. */
export const VERBS: Readonly<Record<string, { summary: string; load: () => Promise<Verb> }>> = {
  init: {
    summary: 'look at the repository and write a commented assay.yml and workflows',
    load: async () => (await import('./init.js')).init,
  },
  doctor: {
    summary: 'check config, git, tokens, limits and tools, and say how to mend what is wrong',
    load: async () => (await import('./doctor.js')).doctor,
  },
  demo: {
    summary: 'the whole loop on real data in a scratch repository',
    load: async () => (await import('./demo.js')).demo,
  },
  validate: {
    summary: 'check datasets against their columns and checks',
    load: async () => (await import('./validate.js')).validate,
  },
  train: {
    summary: "run the team's own training command and record a run",
    load: async () => (await import('./train.js')).train,
  },
  evaluate: {
    summary: 'score a run, a version or a predictions file again',
    load: async () => (await import('./evaluate.js')).evaluate,
  },
  compare: {
    summary: 'compare a run with its baseline, with verdicts that know noise',
    load: async () => (await import('./compare.js')).compare,
  },
  report: {
    summary: 'write the pull request comment and the job summary',
    load: async () => (await import('./report.js')).report,
  },
  gate: {
    summary: 'decide: promote, hold or reject, each with its reasons',
    load: async () => (await import('./gate.js')).gate,
  },
  register: {
    summary: 'turn a run into a released version',
    load: async () => (await import('./register.js')).register,
  },
  promote: {
    summary: 'gate a version, move it to a stage and deploy it',
    load: async () => (await import('./promote.js')).promote,
  },
  rollback: {
    summary: 'put the version before back on a stage',
    load: async () => (await import('./rollback.js')).rollback,
  },
  deploy: {
    summary: 'deploy a version to a target, check its health, undo on failure',
    load: async () => (await import('./deploy.js')).deploy,
  },
  runs: {
    summary: 'list runs: filter, sort, table',
    load: async () => (await import('./runs.js')).runs,
  },
  show: {
    summary: 'show one record of any kind and explain it',
    load: async () => (await import('./show.js')).show,
  },
  log: {
    summary: 'what happened to a model, newest first',
    load: async () => (await import('./log.js')).log,
  },
  accept: {
    summary: 'bless a run as the baseline on purpose, with a reason',
    load: async () => (await import('./accept.js')).accept,
  },
  reproduce: {
    summary: 'run a recorded run again and say what differs',
    load: async () => (await import('./reproduce.js')).reproduce,
  },
  auto: {
    summary: 'do what assay.yml says for the event at hand',
    load: async () => (await import('./auto.js')).auto,
  },
};
