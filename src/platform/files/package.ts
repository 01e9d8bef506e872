import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A file or folder of Assay's own package, whether this runs from `build/`, from the bundle in `dist/` or installed.
 * @throws when the package does not hold it
 */
export function packagePath(...parts: readonly string[]): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = join(folder, ...parts);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) throw new Error(`the package does not hold ${parts.join('/')}`);
  }
}
