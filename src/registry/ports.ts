export interface ReleaseAsset {
  readonly name: string;
  readonly digest: string;
  readonly bytes: number;
}

/** Where versions are published: draft, upload, verify, publish, so that a killed job leaves a draft and never half a release. */
export interface Releases {
  /** Also takes up a draft there is of that tag (title and body become these); throws UserError for a published one. */
  createDraft(release: {
    readonly tag: string;
    readonly title: string;
    readonly body: string;
    /** What its tag will stand on, should it not be there yet when it is published; null outside git. */
    readonly commit: string | null;
  }): Promise<void>;
  /** Uploads the file and verifies what arrived against the digest; replaces an asset of that name while it is a draft. */
  upload(tag: string, asset: ReleaseAsset, path: string): Promise<void>;
  /** Returns where people find it, also for one that is published already; null when it has no address. */
  publish(tag: string): Promise<{ readonly url: string | null }>;
  find(
    tag: string,
  ): Promise<{ readonly published: boolean; readonly assets: readonly ReleaseAsset[] } | undefined>;
}

/** Tags of the repository, readable by GTO. */
export interface Tags {
  /** Annotated tag; throws UserError when it exists on another commit. */
  create(tag: string, commit: string, message: string): Promise<void>;
  list(prefix: string): Promise<readonly string[]>;
}
