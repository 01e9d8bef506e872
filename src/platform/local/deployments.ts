import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Deployments } from '../../deploy/ports.js';
import { UserError } from '../../errors.js';
import type { Clock } from '../../history/port.js';
import { errorCode, makeFolder, readIfThere, storeError, writeAtomically } from './store.js';

const deploymentFile = z.looseObject({ statuses: z.array(z.unknown()) });

/** Deployments as numbered files, each with every status it went through. */
export function localDeployments(options: { readonly folder: string; readonly clock: Clock }): Deployments {
  const { folder, clock } = options;
  const place = (id: string) => join(folder, `${id}.json`);
  const now = () => clock.now().toISOString();
  return {
    create: async (deployment) => {
      await makeFolder(folder);
      for (let number = await highestNumber(folder); ; ) {
        number += 1;
        const id = String(number);
        const text = toText({ id, ...deployment, created: now(), statuses: [] });
        try {
          await writeFile(place(id), text, { flag: 'wx' });
          return { id };
        } catch (error) {
          // Somebody took the number in between.
          if (errorCode(error) !== 'EEXIST') throw storeError(error, place(id));
        }
      }
    },
    update: async (id, status, { description, url }) => {
      const text = /^\d+$/.test(id) ? await readIfThere(place(id)) : undefined;
      if (text === undefined) throw new UserError(`there is no deployment ${id}`);
      const deployment = deploymentFile.parse(JSON.parse(text));
      const statuses = [...deployment.statuses, { status, time: now(), description, url }];
      await writeAtomically(place(id), toText({ ...deployment, statuses }));
    },
  };
}

async function highestNumber(folder: string): Promise<number> {
  const names = await readdir(folder);
  return names.reduce((highest, name) => Math.max(highest, Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0)), 0);
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
