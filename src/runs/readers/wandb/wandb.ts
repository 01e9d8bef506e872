import { UserError } from '../../../errors.js';
import type { SourceFolder } from '../../ports.js';
import {
  type BinaryReader,
  type FolderEntry,
  type FolderReader,
  LARGEST_LOG,
  type Reading,
} from '../reader.js';
import { beginsAsLog } from './log.js';
import { readWandbLog } from './run.js';

/** `run-20261125_101401-zu6sv0n1`, `offline-run-…`: sorted by the time in the name. */
const RUN_FOLDER = /^(?:offline-)?run-(\d{8}_\d{6})-(.+)$/;

/** The log of one run. */
export const wandbLog: BinaryReader = {
  name: 'Weights & Biases',
  largest: LARGEST_LOG,
  recognises: (head, path) => beginsAsLog(head) || (/\.wandb$/.test(path) && head.length > 0),
  async read(file) {
    if (!beginsAsLog(await file.head(7)))
      throw new UserError(`${file.path} is not a log of Weights & Biases`);
    return (await readWandbLog(file)).reading;
  },
};

/** A run's own folder, or `wandb/` with many: the newest run, or the one that is named. */
export const wandbFolder: FolderReader = {
  name: 'Weights & Biases',
  recognises: (_, names) => runFolders(names).length > 0 || logName(names) !== undefined || hasSummary(names),
  async read(folder, options) {
    const names = await folder.list('');
    const all = runFolders(names);
    if (all.length === 0) return readRun(folder);
    const chosen: string[] = [];
    for (const name of all) {
      const [, , id = ''] = RUN_FOLDER.exec(name) ?? [];
      const isMeant =
        options.run === undefined
          ? options.since === undefined || ((await folder.modified(name)) ?? 0) > options.since
          : id.startsWith(options.run);
      if (isMeant) chosen.push(name);
    }
    const [newest, ...others] = chosen;
    const run = newest === undefined ? undefined : await folder.folder(newest);
    if (!run) {
      throw new UserError(
        options.run === undefined
          ? `no run in ${folder.path} was written by this run`
          : `there is no run ${options.run} in ${folder.path}`,
        { mend: `runs there are: ${all.slice(0, 5).join(', ')}` },
      );
    }
    const reading = await readRun(run);
    if (others.length === 0) return reading;
    const note = `${folder.path} has ${others.length + 1} runs of this training: the newest is read, ${newest}`;
    return { ...reading, notes: [...(reading.notes ?? []), note] };
  },
};

/** Newest first. */
export function runFolders(names: readonly FolderEntry[]): readonly string[] {
  const time = (name: string): string => RUN_FOLDER.exec(name)?.[1] ?? '';
  return names
    .filter(({ name, folder }) => folder && RUN_FOLDER.test(name))
    .map(({ name }) => name)
    .sort((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : a < b ? 1 : -1));
}

export function logName(names: readonly FolderEntry[]): string | undefined {
  return names.find(({ name, folder }) => !folder && /^run-.*\.wandb$/.test(name))?.name;
}

function hasSummary(names: readonly FolderEntry[]): boolean {
  return names.some(({ name }) => name === 'wandb-summary.json');
}

/** The log has everything; without it the summary that is beside it, or in `files/`. */
async function readRun(folder: SourceFolder): Promise<Reading> {
  const log = logName(await folder.list(''));
  const source =
    (log === undefined ? undefined : await folder.file(log)) ??
    (await folder.file('wandb-summary.json')) ??
    (await folder.file('files/wandb-summary.json'));
  if (!source) throw new UserError(`${folder.path} has neither a log nor a summary of Weights & Biases`);
  const { readMetricsFile } = await import('../readers.js');
  return readMetricsFile(source);
}
