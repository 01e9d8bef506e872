export interface WritersReport {
  readonly seconds: number;
  readonly requests: number;
  readonly results: readonly {
    readonly number: number;
    readonly wasKilled: boolean;
    /** Whether every git it had started was killed with it; undefined for those that nobody meant to kill. */
    readonly whole: boolean | undefined;
    readonly code: number | null;
    readonly run: string | undefined;
    readonly stderr: string;
  }[];
  /** Records at the remote once all writers had ended. */
  readonly landed: readonly { readonly id: string }[];
  /** And after the next verb in each clone whose writer was killed. */
  readonly afterwards: readonly { readonly id: string }[];
  /** Locks and half-written files that were there before that verb. */
  readonly leftByKills: number;
  readonly fsck: string;
  readonly commits: number;
  readonly changedCheckouts: readonly string[];
  readonly leftovers: readonly string[];
  readonly unsent: readonly string[];
}

export function runWriters(options: {
  /** An empty folder, for all of it. */
  readonly root: string;
  /** `build/main.js` or `dist/index.js`. */
  readonly assay: string;
  readonly writers: number;
  readonly killed: number;
  readonly seed: string;
  readonly onProgress?: (ended: number, writers: number) => void;
}): Promise<WritersReport>;

export function problemsOf(report: WritersReport): readonly string[];
