import { basename, isAbsolute, relative, sep } from 'node:path';
import { modelName } from '../../config/model.js';
import { UserError } from '../../errors.js';
import { plural } from '../../format.js';
import type { StoredRecord } from '../../history/archive.js';
import type { AnyRecord } from '../../history/record.js';
import { placeRecord } from '../../history/stored.js';
import { terminalText } from '../../report/escape.js';
import { type ForeignRun, importedRun } from '../../runs/imported.js';
import { nameFrom } from '../../survey/survey.js';
import type { ImportRequest } from './source.js';

/** What the sources that are other tools have in common. */

/** A run as the history keeps it; one that is there already is given as it is there, for a run is recorded once. */
export interface ForeignRecords {
  of(run: Omit<ForeignRun, 'source'>): StoredRecord;
  /** Says, once an import, how many runs were left aside and why. */
  leave(reason: string): void;
  end(): void;
}

export async function foreignRecords(request: ImportRequest): Promise<ForeignRecords> {
  const { project, world, model } = request;
  if (model !== undefined && !modelName.safeParse(model).success) {
    throw new UserError(`--model ${JSON.stringify(model)} is no name of a model`, {
      mend: 'a name is lower case letters, digits, - and _, at most 64, starting with a letter or digit',
    });
  }
  const history = await project.history();
  const present = new Map<string, AnyRecord>(
    (await history.list({ kind: 'run' })).map((run) => [run.id, run]),
  );
  const left = new Map<string, number>();
  return {
    of(run) {
      const owner = model ?? nameFrom(run.group ?? '') ?? run.tool;
      const rules = project.config.models[owner]?.metrics.rules ?? {};
      const record = importedRun({ ...run, source: sourceName(request) }, { model: owner, rules });
      return placeRecord(present.get(record.id) ?? record);
    },
    leave: (reason) => left.set(reason, (left.get(reason) ?? 0) + 1),
    end() {
      for (const [reason, count] of left)
        world.terminal.warn(terminalText(`${plural(count, 'run')} left aside: ${reason}`));
      left.clear();
    },
  };
}

/** Relative to assay.yml when it lies there; else only its name, for the way to it is nobody's business. */
export function sourceName({ project, path }: ImportRequest): string {
  const way = relative(project.root, path);
  return way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? basename(path) : way;
}

/** Reads what a source yields twice the same, and tells what was left aside only the first time. */
export function foreignSource(
  read: (request: ImportRequest, records: ForeignRecords) => AsyncIterable<StoredRecord>,
): { readonly read: (request: ImportRequest) => AsyncIterable<StoredRecord> } {
  const told = new WeakSet<ImportRequest>();
  return {
    read: async function* (request) {
      const records = await foreignRecords(request);
      yield* read(request, records);
      if (!told.has(request)) records.end();
      told.add(request);
    },
  };
}
