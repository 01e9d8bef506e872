/** What a GitHub would know of one repository, as plain as the bed needs it. */

export type Level = 'read' | 'write';
export interface Token {
  readonly login: string;
  readonly type: 'Bot' | 'User';
  /** By the names of the API: `pull_requests`, `issues`, `contents`, `checks`, `deployments`, `actions`. */
  readonly permissions: Readonly<Record<string, Level>>;
}

export interface Comment {
  readonly id: number;
  readonly issue: number;
  readonly author: { readonly login: string; readonly type: 'Bot' | 'User' };
  body: string;
  minimized: string | null;
  readonly reactions: string[];
}

export interface Pull {
  readonly number: number;
  state: 'open' | 'closed';
  headSha: string;
  readonly headRef: string;
  /** `owner/name` of where the head is; null when that fork was deleted. */
  readonly headRepo: string | null;
  readonly baseRef: string;
}

export interface Asset {
  readonly id: number;
  readonly name: string;
  readonly bytes: Buffer;
  readonly contentType: string;
  state: 'uploaded' | 'open';
  label?: string;
}
export interface Release {
  readonly id: number;
  tag: string;
  name: string;
  body: string;
  draft: boolean;
  prerelease: boolean;
  immutable: boolean;
  target: string;
  readonly assets: Asset[];
}

export interface CheckRun {
  readonly id: number;
  readonly sha: string;
  fields: Record<string, unknown>;
  readonly annotations: unknown[];
}

export interface Deployment {
  readonly id: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly sha: string;
  readonly statuses: Record<string, unknown>[];
}

export interface Artifact {
  readonly id: number;
  readonly run: number;
  readonly name: string;
  readonly zip: Buffer;
  readonly expired?: boolean;
}

export interface WorkflowRun {
  readonly id: number;
  readonly headSha: string;
  readonly headBranch: string;
  readonly headRepo: string;
  readonly event: string;
  readonly workflow?: string;
  readonly status?: string;
}

export interface Repository {
  readonly name: string;
  readonly defaultBranch: string;
  readonly pulls: Pull[];
  readonly comments: Comment[];
  readonly checks: CheckRun[];
  readonly releases: Release[];
  readonly deployments: Deployment[];
  readonly artifacts: Artifact[];
  readonly runs: WorkflowRun[];
  readonly workflows: { readonly id: number; readonly path: string; readonly state: string }[];
  /** What people may do: admin, write, read, none. */
  readonly people: Record<string, 'admin' | 'write' | 'read' | 'none'>;
  readonly rules: Record<string, { readonly type: string }[]>;
  readonly branches: Record<string, { readonly sha: string; readonly protected: boolean }>;
  /** `base...head` to the merge base's id. */
  readonly mergeBases: Record<string, string>;
  /** Asked for those that are not listed. */
  mergeBaseOf?: (base: string, head: string) => string | undefined;
  /** Commits to the numbers of pull requests they came with. */
  readonly commitPulls: Record<string, readonly number[]>;
  readonly dispatches: { readonly kind: string; readonly body: unknown }[];
  /** Published releases cannot be changed. */
  immutableReleases: boolean;
}

export function emptyRepository(name: string): Repository {
  return {
    name,
    defaultBranch: 'main',
    pulls: [],
    comments: [],
    checks: [],
    releases: [],
    deployments: [],
    artifacts: [],
    runs: [],
    workflows: [],
    people: {},
    rules: {},
    branches: {},
    mergeBases: {},
    commitPulls: {},
    dispatches: [],
    immutableReleases: false,
  };
}
