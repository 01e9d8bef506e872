export interface BedRelease {
  readonly id: number;
  readonly tag_name: string;
  readonly draft?: boolean;
  readonly immutable: boolean;
}
export interface BedAsset {
  readonly id: number;
  readonly release: number;
  readonly name: string;
  state: string;
  size: number;
  created_at: Date;
  updated_at: Date;
}
export interface UploadFault {
  /** 401, 429, or 502 after the asset was taken. */
  readonly status?: 401 | 429 | 502;
  readonly retryAfter?: number;
  /** The connection is cut after so many bytes; the asset stays as `starter`. */
  readonly cutAfter?: number;
  /** 502 that leaves the asset as `starter`. */
  readonly keepsStarter?: boolean;
  /** The connection is cut after the asset was taken. */
  readonly hangUp?: boolean;
  /** Taken, but not as it was sent. */
  readonly lies?: boolean;
  /** Called when the upload begins. */
  readonly meanwhile?: () => void;
  /** Called when all of it has been sent; an asset that is gone then is answered by 404. */
  readonly atItsEnd?: (asset: BedAsset) => void;
}
export interface ReleaseAssetsBed {
  readonly url: string;
  readonly releases: Map<number, BedRelease>;
  readonly assets: Map<number, BedAsset>;
  readonly requests: string[];
  readonly uploadFaults: UploadFault[];
  readonly downloadCuts: number[];
  readonly answers: {
    readonly status: number;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
  ranges: 'known' | 'ignored' | 'short';
  permission: 'write' | 'read';
  graphql: boolean;
  immutable: boolean;
  now: () => Date;
  onAnswer: ((method: string, path: string, status: number, body: unknown) => void) | undefined;
  path(id: number): string;
  env(): Readonly<Record<string, string>>;
  close(): Promise<void>;
}
export function releaseAssetsBed(options: {
  readonly folder: string;
  readonly mostAssets?: number;
  readonly immutable?: boolean;
}): Promise<ReleaseAssetsBed>;
