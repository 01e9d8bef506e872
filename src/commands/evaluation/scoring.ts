import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluateConfig, MetricRule } from '../../config/model.js';
import { UserError } from '../../errors.js';
import { formatBytes } from '../../format.js';
import type { Curve } from '../../metrics/curve.js';
import { type Metric, metricKey } from '../../metrics/metric.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';
import { withTemporaryFolder } from '../project/temporary.js';
import { readPredictions } from './predictions-file.js';

/** One predictions file to metrics and curves, for `train` and `evaluate`. */

export interface Scoring {
  readonly project: Project;
  readonly world: World;
  readonly config: EvaluateConfig;
  readonly rules: Readonly<Record<string, MetricRule>>;
  /** Of assay.yml: where commands run. */
  readonly folder: string;
  readonly seed: number | null;
}

export interface Scores {
  readonly metrics: readonly Metric[];
  readonly curves: readonly Curve[];
}

/**
 * @param path absolute
 * @param file how messages and the record name it
 * @throws UserError when it cannot be scored, or a command of the team's own fails
 */
export async function scoreFile(path: string, file: string, of: Scoring): Promise<Scores> {
  const { config, world, rules } = of;
  const predictions = await readPredictions(path, { file, config, world });
  const { scorePredictions } = await import('../../metrics/score.js');
  const { curvesOf } = await import('../../metrics/curves.js');
  const metrics = scorePredictions(predictions, config, rules);
  const custom = await customMetrics(path, of);
  const known = new Set(metrics.map(metricKey));
  const twice = custom.find((metric) => known.has(metricKey(metric)));
  if (twice) {
    throw new UserError(`${twice.source} prints ${JSON.stringify(twice.name)}, which is computed already`, {
      mend: 'give it another name',
    });
  }
  return { metrics: [...metrics, ...custom], curves: curvesOf(predictions, of.seed) };
}

/** A command prints a few numbers: more is something else. */
const MOST_PRINTED = 1_000_000;

async function customMetrics(path: string, of: Scoring): Promise<readonly Metric[]> {
  if (of.config.custom.length === 0) return [];
  const { parseCustomMetrics } = await import('../../metrics/custom.js');
  const metrics: Metric[] = [];
  for (const { name, run, timeout } of of.config.custom) {
    const printed = await withTemporaryFolder((scratch) =>
      printedBy({ name, run, timeout }, { path, scratch, of }),
    );
    const source = `evaluate.custom.${name}`;
    metrics.push(...parseCustomMetrics(printed, { name, source, split: of.config.split, rules: of.rules }));
  }
  const keys = metrics.map(metricKey);
  const twice = metrics.find((metric, at) => keys.indexOf(metricKey(metric)) !== at);
  if (!twice) return metrics;
  throw new UserError(`the metric ${JSON.stringify(twice.name)} is printed twice under evaluate: custom:`, {
    mend: 'give each its own name',
  });
}

/** Stdout goes to a file, so that what the command says beside it (stderr) is shown as it comes and does not mix in. */
async function printedBy(
  command: EvaluateConfig['custom'][number],
  given: { readonly path: string; readonly scratch: string; readonly of: Scoring },
): Promise<string> {
  const { of, scratch } = given;
  const { world, project } = of;
  const output = join(scratch, 'metrics.json');
  const processes = await project.processes();
  const result = await processes.run(
    {
      command: `{ ${command.run}\n} > "$ASSAY_METRICS"`,
      cwd: of.folder,
      env: {
        ASSAY_PREDICTIONS: given.path,
        ASSAY_METRICS: output,
        ASSAY_TASK: of.config.task,
        ASSAY_SPLIT: of.config.split,
        ...(of.seed === null ? {} : { ASSAY_SEED: String(of.seed) }),
      },
      timeoutSeconds: command.timeout,
      onLine: world.terminal.passthrough,
      leftovers: 'stop',
    },
    world.cancel,
  );
  const what = `evaluate.custom.${command.name}`;
  if (result.outcome === 'cancelled') throw world.cancel.reason;
  if (result.outcome === 'timeout') {
    throw new UserError(`${what} did not end within ${command.timeout} s`, {
      mend: 'make it faster, or give it a longer timeout:',
    });
  }
  if (result.outcome !== 'exited' || result.exitCode !== 0) {
    const last = result.log.tail.at(-1);
    throw new UserError(
      `${what} failed${result.exitCode === null ? '' : ` (exit ${result.exitCode})`}${last ? `: ${last}` : ''}`,
      { mend: 'it reads the file named by ASSAY_PREDICTIONS and prints JSON on stdout' },
    );
  }
  const { size } = await stat(output);
  if (size > MOST_PRINTED) {
    throw new UserError(
      `${what} printed ${formatBytes(size)}, and at most ${formatBytes(MOST_PRINTED)} are read`,
      {
        mend: 'print metrics only; what else there is to say belongs on stderr',
      },
    );
  }
  return readFile(output, 'utf8');
}
