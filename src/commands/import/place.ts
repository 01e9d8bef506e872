import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { UserError } from '../../errors.js';
import type { SourceFile, SourceFolder } from '../../runs/ports.js';
import type { ImportRequest } from './source.js';

/** PATH of an import as a file or folder that readers can read; links in it that lead elsewhere are not followed. */
export async function openPlace(
  request: Pick<ImportRequest, 'project' | 'path' | 'label'>,
): Promise<
  | { readonly kind: 'file'; readonly file: SourceFile }
  | { readonly kind: 'folder'; readonly folder: SourceFolder }
> {
  const found = await stat(request.path).catch(() => undefined);
  if (!found) throw new UserError(`${request.label} is not there`);
  const inside = found.isDirectory() ? request.path : dirname(request.path);
  const workspace = await request.project.workspace(inside);
  if (found.isDirectory()) {
    const folder = await workspace.folder('.');
    if (folder) return { kind: 'folder', folder };
  }
  const file = await workspace.file(basename(request.path));
  if (!file) throw new UserError(`${request.label} is not there`);
  return { kind: 'file', file };
}
