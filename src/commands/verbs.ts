import type { Verb } from './command-line/verb.js';

export const GROUPS = ['start', 'data', 'train and judge', 'release', 'history', 'other'] as const;

interface Entry {
  /** The heading it stands under in the help. */
  readonly group: (typeof GROUPS)[number];
  readonly load: () => Promise<Verb>;
}

/** Every verb, in the order of the help. Loaded only when asked for. */
export const VERBS: Readonly<Record<string, Entry>> = {
  init: { group: 'start', load: async () => (await import('./init.js')).init },
  doctor: { group: 'start', load: async () => (await import('./doctor.js')).doctor },
  demo: { group: 'start', load: async () => (await import('./demo.js')).demo },
  ingest: { group: 'data', load: async () => (await import('./ingest.js')).ingest },
  validate: { group: 'data', load: async () => (await import('./validate.js')).validate },
  profile: { group: 'data', load: async () => (await import('./profile.js')).profile },
  drift: { group: 'data', load: async () => (await import('./drift.js')).drift },
  train: { group: 'train and judge', load: async () => (await import('./train.js')).train },
  evaluate: { group: 'train and judge', load: async () => (await import('./evaluate.js')).evaluate },
  compare: { group: 'train and judge', load: async () => (await import('./compare.js')).compare },
  gate: { group: 'train and judge', load: async () => (await import('./gate.js')).gate },
  report: { group: 'train and judge', load: async () => (await import('./report.js')).report },
  register: { group: 'release', load: async () => (await import('./register.js')).register },
  promote: { group: 'release', load: async () => (await import('./promote.js')).promote },
  rollback: { group: 'release', load: async () => (await import('./rollback.js')).rollback },
  deploy: { group: 'release', load: async () => (await import('./deploy.js')).deploy },
  runs: { group: 'history', load: async () => (await import('./runs.js')).runs },
  show: { group: 'history', load: async () => (await import('./show.js')).show },
  log: { group: 'history', load: async () => (await import('./log.js')).log },
  accept: { group: 'history', load: async () => (await import('./accept.js')).accept },
  reproduce: { group: 'history', load: async () => (await import('./reproduce.js')).reproduce },
  history: { group: 'history', load: async () => (await import('./history.js')).history },
  import: { group: 'history', load: async () => (await import('./import.js')).importVerb },
  export: { group: 'history', load: async () => (await import('./export.js')).exportVerb },
  prune: { group: 'history', load: async () => (await import('./prune.js')).prune },
  auto: { group: 'other', load: async () => (await import('./auto.js')).auto },
  answer: { group: 'other', load: async () => (await import('./answer.js')).answer },
  completion: { group: 'other', load: async () => (await import('./completion.js')).completion },
};
