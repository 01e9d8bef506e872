import { resolve } from 'node:path';
import { UserError } from '../../errors.js';
import type { SparkSession } from '../../platform/spark/session.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';

/** One Spark application for all datasets of a command, started when the first of them needs it. */
export interface SparkSessions {
  open(): Promise<{ readonly session: SparkSession; readonly staging: string | undefined }>;
}

/** Runs `use` with sessions, and ends what was started however it ends. */
export async function withSpark<T>(
  project: Project,
  world: World,
  use: (spark: SparkSessions) => Promise<T>,
): Promise<T> {
  let started: Promise<SparkSession> | undefined;
  const { spark } = project.config.engine;
  const start = async () => {
    const { SparkSession: Session } = await import('../../platform/spark/session.js');
    const progress = world.terminal.progress('starting Spark');
    try {
      return await Session.start({
        submit: spark?.submit ?? 'spark-submit',
        master: spark?.master,
        conf: Object.fromEntries(
          Object.entries(spark?.conf ?? {}).map(([key, value]) => [key, resolved(key, String(value), world)]),
        ),
        args: spark?.args ?? [],
        cwd: project.root,
        processes: await project.processes(),
        cancel: world.cancel,
        // What matters of its log is said when it fails.
        ...(world.env.ASSAY_DEBUG && { onLine: world.terminal.passthrough }),
      });
    } finally {
      progress.end();
    }
  };
  try {
    return await use({
      open: async () => {
        started ??= start();
        return {
          session: await started,
          staging: spark?.staging === undefined ? undefined : resolve(project.root, spark.staging),
        };
      },
    });
  } finally {
    const session = await started?.catch(() => undefined);
    await session?.close();
  }
}

/** `$NAME` stands for an environment variable, so that no secret is written in assay.yml. */
function resolved(key: string, value: string, { env }: World): string {
  const name = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(value)?.[1];
  if (name === undefined) return value;
  const found = env[name];
  if (found !== undefined) return found;
  throw new UserError(`engine: spark: conf: ${key} is ${value}, and there is no such environment variable`, {
    mend: `set ${name}, in a workflow by env: ${name}: \${{ secrets.${name} }}`,
  });
}
