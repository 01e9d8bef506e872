/** Runs of MLflow, as its file store and its databases have them alike. */

export type MlflowStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

/** What is known of a run before its metrics are read. */
export interface MlflowHead {
  readonly id: string;
  /** Name of its experiment, its id where the name is not known. */
  readonly experiment: string;
  readonly name: string | undefined;
  readonly status: MlflowStatus;
  /** Milliseconds since 1970; undefined when it was not recorded, or not yet. */
  readonly started: number | undefined;
  readonly ended: number | undefined;
  readonly user: string | undefined;
  readonly deleted: boolean;
}

export interface MlflowPoint {
  readonly step: number;
  /** May be NaN or infinite. */
  readonly value: number;
  readonly time: number;
}

export interface MlflowRun extends MlflowHead {
  readonly params: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  /** All points that were logged, by name. */
  readonly metrics: ReadonlyMap<string, readonly MlflowPoint[]>;
}

/** A version of a registered model. */
export interface MlflowModelVersion {
  readonly model: string;
  readonly version: string;
  readonly run: string | undefined;
  /** `Production` and the like, of MLflow before aliases. */
  readonly stage: string | undefined;
  readonly aliases: readonly string[];
}

/** A store of MLflow: a folder (`mlruns`) or a database. */
export interface MlflowStore {
  readonly path: string;
  heads(): Promise<readonly MlflowHead[]>;
  /** With params, tags and metrics, in the order of `heads`. */
  runs(heads: readonly MlflowHead[]): Promise<readonly MlflowRun[]>;
  /** Of every run that was made inside another, that other's id. */
  parents(): Promise<ReadonlyMap<string, string>>;
  versions(): Promise<readonly MlflowModelVersion[]>;
  /** When the run was last written, where that is known only from its files. */
  modified?(id: string): Promise<number | undefined>;
}

/** The value that MLflow shows for a metric: of the highest step the latest, of those the largest. */
export function latest(points: readonly MlflowPoint[]): MlflowPoint | undefined {
  return points.reduce<MlflowPoint | undefined>((best, point) => {
    if (!best || point.step > best.step) return point;
    if (point.step < best.step || point.time < best.time) return best;
    return point.time > best.time || point.value > best.value ? point : best;
  }, undefined);
}

export const PARENT_TAG = 'mlflow.parentRunId';
export const COMMIT_TAG = 'mlflow.source.git.commit';
