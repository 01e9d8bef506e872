/** Where people read the report: one comment per pull request and key, updated in place. */
export interface Comments {
  upsert(comment: {
    /** Null when there is no pull request: the comment is kept for the commit. */
    readonly pullRequest: number | null;
    /** One comment per key (a model, or `all`). */
    readonly key: string;
    readonly body: string;
  }): Promise<{ readonly url: string | null }>;
}
