import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { EvaluateConfig } from '../../config/model.js';
import { commandDefinition, scoresDefinition } from '../../metrics/definition.js';
import type { RunRecord } from '../../runs/record.js';

/** Larger files that a command names are data, not code. */
const MOST_CODE_BYTES = 5_000_000;

/**
 * How the metrics of a run are defined now: the settings of `evaluate:`, and for each command of the team's own its text and the files of this
 * repository that it names.
 * @param of.source the predictions file as metrics name it
 */
export async function evaluationOf(
  config: EvaluateConfig,
  of: { readonly folder: string; readonly source: string },
): Promise<NonNullable<RunRecord['evaluation']>> {
  const custom: Record<string, string> = {};
  for (const { name, run } of config.custom) {
    custom[`evaluate.custom.${name}`] = commandDefinition(run, await namedFiles(run, of.folder));
  }
  return { source: of.source, scores: scoresDefinition(config), custom };
}

/** Regular files below the folder that a word of the command names, with their digests, by path. */
async function namedFiles(command: string, folder: string): Promise<(readonly [string, string])[]> {
  const root = await realpath(folder).catch(() => folder);
  const found = new Map<string, string>();
  for (const word of command.split(/[\s"'`;|&<>()=]+/)) {
    if (word === '') continue;
    const path = await realpath(join(root, word)).catch(() => undefined);
    const inside = path === undefined ? '..' : relative(root, path);
    if (path === undefined || inside === '' || inside.startsWith('..')) continue;
    const about = await stat(path).catch(() => undefined);
    if (!about?.isFile() || about.size > MOST_CODE_BYTES) continue;
    const bytes = await readFile(path);
    found.set(inside.split(sep).join('/'), createHash('sha256').update(bytes).digest('hex'));
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}
