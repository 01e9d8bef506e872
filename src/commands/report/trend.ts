import type { ModelConfig } from '../../config/model.js';
import { allOf, fieldIs } from '../../history/condition.js';
import type { Trend } from '../../report/facts.js';
import type { RunRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';

/** The names of more commits would overlap below the chart. */
const MOST_POINTS = 10;

/**
 * What the metric that the gate asks about first was on the branch that the change goes into: clean runs that succeeded
 * before this one, the newest of each commit. By their fields alone; no record is read whole.
 */
export async function trendOf(
  project: Project,
  of: { readonly world: World; readonly model: ModelConfig; readonly run: RunRecord },
): Promise<Trend | undefined> {
  const { world, model, run } = of;
  const metric = mainMetric(model, run);
  if (metric === undefined) return undefined;
  const { runner } = world;
  const branch = runner.pullRequest?.targetBranch ?? runner.defaultBranch ?? run.code.branch;
  const where = allOf([
    fieldIs('status', 'succeeded'),
    ...(branch === null ? [] : [fieldIs('code.branch', branch)]),
  ]);
  const field = `metrics.${metric}`;
  const history = await project.history();
  const { rows } = await history.select({
    kind: 'run',
    owner: run.model,
    ...(where && { where }),
    fields: ['commit', 'purpose', 'code.dirty', 'code.branch', field],
  });
  const points = new Map<string, Trend['points'][number]>();
  for (const row of rows) {
    if (points.size === MOST_POINTS) break;
    const [commit, value] = [row.get('commit'), row.get(field)];
    const isOfBefore = row.id < run.id && (commit !== run.commit || commit === null);
    if (!isOfBefore || typeof value !== 'number') continue;
    if (row.get('code.dirty') === true || row.get('purpose') === 'reproduce') continue;
    const key = typeof commit === 'string' ? commit : row.id;
    if (!points.has(key)) {
      points.set(key, { run: row.id, commit: typeof commit === 'string' ? commit : null, value });
    }
  }
  return points.size === 0 ? undefined : { metric, branch, points: [...points.values()].reverse() };
}

/** What the gate asks about first, else the first that has a rule, else the first of the run. */
function mainMetric(model: ModelConfig, run: RunRecord): string | undefined {
  const overall = run.metrics.filter(({ slice, value }) => slice === null && value !== null);
  const named = [
    ...model.gate.flatMap((rule) => ('metric' in rule ? [rule.metric] : [])),
    ...Object.keys(model.metrics.rules),
  ];
  return named.find((name) => overall.some((metric) => metric.name === name)) ?? overall[0]?.name;
}
