import type { Location } from '../errors.js';
import type { DatasetConfig } from './data.js';
import type { ModelConfig } from './model.js';
import type { Config } from './schema.js';

/** A dataset or model with the folder (absolute) that its paths are relative to: that of the file that declares it. */
export type Placed<T> = T & { readonly folder: string };

export interface LoadedConfig {
  /** As the user named it. */
  readonly file: string;
  readonly history: Config['history'];
  readonly artifacts: Config['artifacts'];
  readonly data: Readonly<Record<string, Placed<DatasetConfig>>>;
  readonly models: Readonly<Record<string, Placed<ModelConfig>>>;
  /** Where a key stands in its file, for annotations: `['models', 'income', 'gate', 0]`. */
  locate(path: readonly (string | number)[]): Location;
}
