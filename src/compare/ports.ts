/** Facts of the code repository that a baseline is chosen by. Commits are full hexadecimal ids. */
export interface Repository {
  head(): Promise<{
    readonly commit: string | null;
    /** Null when detached. */
    readonly branch: string | null;
    readonly dirty: boolean;
  }>;
  /** The commit a name stands for: a branch (local or of the remote), tag or id; undefined when unknown. */
  resolve(revision: string): Promise<string | undefined>;
  /** Deepens a shallow clone when it has to; undefined when there is none. */
  mergeBase(a: string, b: string): Promise<string | undefined>;
  /** First the commit itself, then its ancestors, nearest first. */
  ancestors(commit: string, limit: number): Promise<readonly string[]>;
}
