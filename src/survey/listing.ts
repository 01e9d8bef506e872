/** The files of a repository as `init` sees them. Environments, dependencies and build output are left out. */
export interface Listing {
  /** Relative to the folder, with `/`, sorted by depth and then by name. */
  readonly files: readonly string[];
  /** Folders directly in it that are listed, hidden ones too. */
  readonly folders: readonly string[];
  /** The first `length` bytes as text; an empty text when it cannot be read. */
  head(file: string, length: number): Promise<string>;
}
