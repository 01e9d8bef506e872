import type { ComparisonRecord } from '../compare/record.js';
import type { ValidationRecord } from '../data/record.js';
import type { DecisionRecord } from '../gate/record.js';
import type { RunRecord } from '../runs/record.js';

/** What a report is made of: records as they are in the history, nothing measured anew. */

export interface ModelFacts {
  readonly model: string;
  /** The newest run of the commit; undefined when there is none. */
  readonly run: RunRecord | undefined;
  /** The newest comparison of that run. */
  readonly comparison: ComparisonRecord | undefined;
  /** The newest decision about that run. */
  readonly decision: DecisionRecord | undefined;
  /** The newest validation, for this commit, of each dataset that the model uses. */
  readonly validations: readonly ValidationRecord[];
  /** What the main metric was before; undefined when there is no such metric or nothing before it. */
  readonly trend?: Trend | undefined;
  /** Names of the metrics that the gate or a rule names: shown first. */
  readonly watched: readonly string[];
}

/** The values of a metric in the runs before this one. */
export interface Trend {
  readonly metric: string;
  /** Whose runs they are; null outside git. */
  readonly branch: string | null;
  /** Oldest first, one for each commit, without this run. */
  readonly points: readonly {
    readonly run: string;
    readonly commit: string | null;
    readonly value: number;
  }[];
}

export interface ReportFacts {
  /** Which comment this is: one per pull request and key. */
  readonly key: string;
  readonly commit: string | null;
  /** Of Assay, for the footer. */
  readonly version: string;
  /** Address of the CI run that has everything; null when there is none. */
  readonly url: string | null;
  readonly models: readonly ModelFacts[];
  /** One plain sentence that stands below the headline, about where all of this comes from. */
  readonly remark?: string;
}
