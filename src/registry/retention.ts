import type { Artifact } from '../artifacts/artifact.js';

/** Whose artifacts are kept: by rule, and because something refers to them. */

export interface RetentionRule {
  /** The newest runs of each model that are kept. */
  readonly runs: number;
  /** Runs younger than this are kept, in seconds. */
  readonly age: number;
}

/** What retention looks at of a run. */
export interface RetainedRun {
  readonly id: string;
  readonly model: string;
  /** RFC 3339. */
  readonly time: string;
  readonly parent: string | null;
  readonly artifacts: readonly Pick<Artifact, 'name' | 'digest' | 'bytes'>[];
}

/** A run that something needs, and what. */
export interface Reference {
  readonly run: string;
  /** `version income@v1.2.0`, `baseline of main` … */
  readonly why: string;
}

export interface Retention {
  /** Id of each run that is kept, and why. */
  readonly kept: ReadonlyMap<string, string>;
  /** Oldest first. */
  readonly pruned: readonly RetainedRun[];
}

/**
 * @param of.runs in any order
 * @param of.references from versions, acceptances and baselines
 * @param of.comparisons of what a run was compared with: the baseline of a kept run is kept
 */
export function retain(
  rule: RetentionRule,
  of: {
    readonly runs: readonly RetainedRun[];
    readonly references: readonly Reference[];
    readonly comparisons: readonly { readonly candidate: string; readonly baseline: string | null }[];
    /** When it is. */
    readonly now: Date;
  },
): Retention {
  const newestFirst = [...of.runs].sort((a, b) => (a.id < b.id ? 1 : -1));
  const kept = new Map<string, string>();
  const keep = (run: string, why: string) => {
    if (!kept.has(run)) kept.set(run, why);
  };
  for (const { run, why } of of.references) keep(run, why);
  const seen = new Map<string, number>();
  for (const run of newestFirst) {
    const place = (seen.get(run.model) ?? 0) + 1;
    seen.set(run.model, place);
    if (place <= rule.runs) keep(run.id, `newest ${rule.runs}`);
    if ((of.now.getTime() - Date.parse(run.time)) / 1000 < rule.age) keep(run.id, 'young');
  }
  keepWhatTheyNeed(kept, of);
  return { kept, pruned: newestFirst.filter((run) => !kept.has(run.id)).reverse() };
}

/** The runs that kept ones go back to and were compared with, and so on. */
function keepWhatTheyNeed(
  kept: Map<string, string>,
  of: Pick<Parameters<typeof retain>[1], 'runs' | 'comparisons'>,
): void {
  const needs = new Map<string, (readonly [run: string, why: string])[]>();
  const add = (by: string, run: string | null, why: string) => {
    if (run !== null) needs.set(by, [...(needs.get(by) ?? []), [run, why]]);
  };
  for (const { id, parent } of of.runs) add(id, parent, 'a kept run goes back to it');
  // A baseline alone is no reason to keep the baseline that it had itself.
  for (const { candidate, baseline } of of.comparisons) {
    if (kept.has(candidate)) add(candidate, baseline, 'baseline of a kept run');
  }
  const pending = [...kept.keys()];
  for (let run = pending.pop(); run !== undefined; run = pending.pop()) {
    for (const [needed, why] of needs.get(run) ?? []) {
      if (kept.has(needed)) continue;
      kept.set(needed, why);
      pending.push(needed);
    }
  }
}
