import { UserError } from '../../errors.js';
import type { StoredRecord } from '../../history/archive.js';
import { isRecordTime } from '../../runs/imported.js';
import type { SourceFile } from '../../runs/ports.js';
import { readWandbLog } from '../../runs/readers/wandb/run.js';
import { logName, runFolders } from '../../runs/readers/wandb/wandb.js';
import { type ForeignRecords, foreignSource } from './foreign.js';
import { openPlace } from './place.js';
import type { ImportRequest } from './source.js';

/** The runs of `wandb/`, of one run's folder, or of one log, that have ended. */
export const wandbSource = foreignSource(async function* (request, records) {
  const logs = await logsOf(request);
  if (logs.length === 0) {
    throw new UserError(`${request.label} has no log of Weights & Biases (run-ID.wandb)`, {
      mend: 'the client writes one for each run, online or offline; name the folder wandb, or one run in it',
    });
  }
  for (const log of logs) {
    const stored = await recordOf(log, records);
    if (stored) yield stored;
  }
});

/** Oldest first. */
async function logsOf(request: ImportRequest): Promise<readonly SourceFile[]> {
  const place = await openPlace(request);
  if (place.kind === 'file') return [place.file];
  const { folder } = place;
  const names = await folder.list('');
  const own = logName(names);
  const paths = own === undefined ? [] : [own];
  for (const run of runFolders(names).toReversed()) {
    const log = logName(await folder.list(run));
    if (log !== undefined) paths.push(`${run}/${log}`);
  }
  const files = await Promise.all(paths.map((path) => folder.file(path)));
  return files.filter((file) => file !== undefined);
}

async function recordOf(log: SourceFile, records: ForeignRecords): Promise<StoredRecord | undefined> {
  const run = await readWandbLog(log);
  if (run.exitCode === undefined) records.leave('without an end in the log: killed, or still going');
  else if (run.id === undefined || !isRecordTime(run.started))
    records.leave('without an id or a start time in the log');
  else {
    const failed = run.exitCode !== 0;
    return records.of({
      tool: 'wandb',
      id: run.id,
      name: run.name,
      group: run.project,
      purpose: 'train',
      status: failed ? 'failed' : 'succeeded',
      reason: failed ? `exit code ${run.exitCode}` : null,
      time: run.started,
      seconds: run.seconds,
      actor: undefined,
      commit: run.commit,
      dirty: undefined,
      reading: run.reading,
    });
  }
  return undefined;
}
