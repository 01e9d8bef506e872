import type { MetricRule } from '../config/model.js';
import { type Metric, metricKey } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import { benjaminiHochberg } from '../statistics/multiplicity.js';
import { mean } from '../statistics/sums.js';
import { differenceOf, LEVEL, type PairedRows } from './difference.js';
import {
  type ComparisonRecord,
  type MetricComparison,
  type MetricSide,
  mostPressing,
  type Verdict,
} from './record.js';
import type { Repeats } from './repeats.js';
import { judge, toleranceOf } from './verdict.js';

/** Row-by-row evidence: per metric key, or why there is none. */
export type PairedEvidence =
  | {
      readonly kind: 'paired';
      readonly byMetric: ReadonlyMap<string, PairedRows>;
      /** Metrics of which the rows are too few to know how much they matter, with the reason. */
      readonly refused?: ReadonlyMap<string, string>;
      /** Where the runs have only some rows in common. */
      readonly common?: CommonRows;
    }
  | { readonly kind: 'unpaired'; readonly why: string | null }
  /** The two were scored on different data: numbers stand side by side, but no verdict is possible. */
  | { readonly kind: 'incomparable'; readonly why: string };

/** Both runs scored again: on the rows that both have, where these are not all, or by the definition of now. */
export interface CommonRows {
  /** What was left out: `3900 rows in common, of 4000 here and 4100 in the baseline`; null when nothing was. */
  readonly words: string | null;
  /** Per metric key, the values on these rows, one per seed. */
  readonly values: ReadonlyMap<string, CommonValues>;
}

export interface CommonValues {
  readonly candidate: readonly number[];
  readonly baseline: readonly number[];
  readonly rows: number;
}

export interface ComparisonInput {
  readonly candidate: RunRecord;
  /** Undefined when there is no baseline: every metric is `new`. */
  readonly baseline: RunRecord | undefined;
  readonly evidence: PairedEvidence;
  /** The history's own noise, per metric key; used where the two runs tell none. */
  readonly repeats?: ReadonlyMap<string, Repeats>;
  readonly rules: Readonly<Record<string, MetricRule>>;
  /** Names of metrics that the team watches (rules and gate): judged as a family of their own, and alone in the headline. */
  readonly watched: ReadonlySet<string>;
  /** Whether a rule of the gate looks at this slice: those are a family of their own as well. */
  readonly isGated?: (metric: Pick<Metric, 'name' | 'slice'>) => boolean;
}

export type ComparisonResult = Pick<
  ComparisonRecord,
  'verdict' | 'metrics' | 'params' | 'data' | 'costs' | 'warnings'
>;

/** Compares every metric of two runs. Pure; never throws. */
export function compareRuns(input: ComparisonInput): ComparisonResult {
  const { candidate, baseline, evidence } = input;
  const pairs = pairMetrics(candidate.metrics, baseline?.metrics ?? []);
  const metrics = judgeAll(pairs, input);
  return {
    verdict: baseline ? headline(metrics, input) : 'new',
    metrics,
    params: baseline ? changedParams(baseline, candidate) : [],
    data: baseline ? changedData(baseline, candidate) : [],
    costs: costs(baseline, candidate),
    warnings: [...unfinished(candidate), ...warningsOf(evidence)],
  };
}

/** A run that stopped early is compared with what it measured until then, and nobody should read that as a whole run. */
function unfinished({ status, reason }: RunRecord): readonly string[] {
  if (status === 'succeeded') return [];
  const why = reason === null ? '' : `: ${reason}`;
  return [`this run ${status === 'failed' ? 'failed' : 'was cancelled'}${why}`];
}

function warningsOf(evidence: PairedEvidence): string[] {
  if (evidence.kind === 'paired' && evidence.common) {
    const { words } = evidence.common;
    return [
      words === null
        ? 'evaluate: changed since the baseline, so both are scored again as it says now'
        : `scored on other rows, so compared on those that both have: ${words}`,
    ];
  }
  return evidence.kind === 'unpaired' && evidence.why ? [evidence.why] : [];
}

interface Pair {
  readonly key: string;
  readonly candidate: Metric | undefined;
  readonly baseline: Metric | undefined;
}

/** In the candidate's order, then what only the baseline has. */
function pairMetrics(candidate: readonly Metric[], baseline: readonly Metric[]): Pair[] {
  const before = new Map(baseline.map((metric) => [metricKey(metric), metric]));
  const pairs: Pair[] = candidate.map((metric) => {
    const key = metricKey(metric);
    const other = before.get(key);
    before.delete(key);
    return { key, candidate: metric, baseline: other };
  });
  return [...pairs, ...[...before].map(([key, metric]) => ({ key, candidate: undefined, baseline: metric }))];
}

function judgeAll(pairs: readonly Pair[], input: ComparisonInput): MetricComparison[] {
  const compared = pairs.map((pair) => ({ pair, draft: draftOf(pair, input) }));
  const adjusted = new Map<Pair, number>();
  for (const family of FAMILIES) {
    const members = compared.filter(
      ({ draft }) => draft.p !== null && familyOf(draft.comparison, input) === family,
    );
    const corrected = benjaminiHochberg(members.map(({ draft }) => draft.p ?? 1));
    members.forEach(({ pair }, index) => {
      adjusted.set(pair, corrected[index] ?? 1);
    });
  }
  return compared.map(({ pair, draft }) => {
    if (!draft.difference) return draft.comparison;
    const pAdjusted = adjusted.get(pair) ?? null;
    const judgement = judge({
      difference: draft.difference,
      direction: draft.comparison.direction,
      tolerance: draft.comparison.tolerance,
      declared: input.rules[draft.comparison.name]?.tolerance,
      pAdjusted,
    });
    const common = commonOf(pair, input) ? commonInWords(input) : '';
    return {
      ...draft.comparison,
      p_adjusted: pAdjusted,
      ...judgement,
      reason: `${common}${judgement.reason}`,
    };
  });
}

/** Metrics judged together: what few people watch must not drown in what nobody does. */
const FAMILIES = ['watched', 'gated slices', 'others'] as const;

function familyOf(metric: Pick<Metric, 'name' | 'slice'>, input: ComparisonInput): (typeof FAMILIES)[number] {
  if (metric.slice !== null) return input.isGated?.(metric) ? 'gated slices' : 'others';
  return input.watched.has(metric.name) ? 'watched' : 'others';
}

/** Everything but the verdict, which needs the p-values of the whole family. */
function draftOf(
  pair: Pair,
  input: ComparisonInput,
): {
  readonly comparison: MetricComparison;
  readonly difference: ReturnType<typeof differenceOf> | null;
  readonly p: number | null;
} {
  const { candidate, baseline } = pair;
  const metric = candidate ?? baseline;
  if (!metric) throw new Error('a pair without metrics');
  const common = commonOf(pair, input);
  const base: MetricComparison = {
    name: metric.name,
    split: metric.split,
    slice: metric.slice,
    direction: metric.direction,
    candidate: candidate ? sideOf(candidate, common && { ...common, values: common.candidate }) : null,
    baseline: baseline ? sideOf(baseline, common && { ...common, values: common.baseline }) : null,
    difference: null,
    interval: null,
    level: LEVEL,
    standard_error: null,
    degrees_of_freedom: null,
    p: null,
    p_adjusted: null,
    method: 'none',
    tolerance: 0,
    verdict: 'incomparable',
    reason: '',
    needs: null,
  };
  const outcome = withoutDifference(pair, input);
  if (outcome || !base.candidate || !base.baseline) {
    const [verdict, reason] = outcome ?? ['incomparable', ''];
    return { comparison: { ...base, verdict, reason }, difference: null, p: null };
  }
  const paired = input.evidence.kind === 'paired' ? (input.evidence.byMetric.get(pair.key) ?? null) : null;
  const sides = { candidate: base.candidate, baseline: base.baseline };
  const difference = differenceOf(sides, {
    paired,
    refused: input.evidence.kind === 'paired' ? input.evidence.refused?.get(pair.key) : undefined,
    repeats: input.repeats?.get(pair.key) ?? null,
    sameSeeds: haveSameSeeds(input),
  });
  const noise = difference.noise;
  const comparison: MetricComparison = {
    ...base,
    tolerance: toleranceOf(input.rules[metric.name]?.tolerance, sides.baseline.value),
    difference: difference.value,
    interval: noise ? [noise.interval[0], noise.interval[1]] : null,
    standard_error: noise?.standardError ?? null,
    degrees_of_freedom: noise?.degreesOfFreedom ?? null,
    p: noise?.p ?? null,
    method: noise?.method ?? 'none',
  };
  return { comparison, difference, p: metric.direction === 'none' ? null : (noise?.p ?? null) };
}

/** Both were trained with the same seeds, each of which ended well. */
function haveSameSeeds({ candidate, baseline }: ComparisonInput): boolean {
  const [ours, theirs] = [candidate.seeds, baseline?.seeds ?? []];
  return (
    ours.length > 1 &&
    ours.length === theirs.length &&
    ours.every(({ seed, status }, i) => {
      const other = theirs[i];
      return status === 'succeeded' && other?.status === 'succeeded' && other.seed === seed;
    })
  );
}

/** Verdicts that need no arithmetic; undefined when the two values can be compared. */
function withoutDifference(pair: Pair, input: ComparisonInput): [Verdict, string] | undefined {
  const { candidate, baseline } = pair;
  if (!input.baseline) return ['new', 'no baseline to compare with'];
  if (!candidate) return ['missing', 'the baseline has it, this run does not'];
  if (!baseline) return ['new', 'the baseline does not have it'];
  if (candidate.value === null && baseline.value === null)
    return ['incomparable', undefinedInBoth(candidate, baseline)];
  if (candidate.value === null) return ['missing', candidate.reason ?? 'no value'];
  if (baseline.value === null) return ['new', `the baseline has no value: ${baseline.reason ?? 'unknown'}`];
  if (input.evidence.kind === 'incomparable') return ['incomparable', input.evidence.why];
  const redefined = redefinedBy({ candidate, baseline }, input);
  if (redefined && !commonOf(pair, input)) return ['incomparable', redefined];
  const others = input.evidence.kind === 'paired' ? input.evidence.common?.words : undefined;
  if (others && !commonOf(pair, input)) {
    return ['incomparable', `scored on other rows: ${others}; predictions do not give this metric`];
  }
  if (isOpposite(candidate.direction, baseline.direction)) {
    return [
      'incomparable',
      `the metric means something else: ${candidate.direction} is better here, ${baseline.direction} in the baseline`,
    ];
  }
  return undefined;
}

/** Nothing was lost: neither run has a value, each with its reason. */
function undefinedInBoth(candidate: Metric, baseline: Metric): string {
  const [ours, theirs] = [candidate.reason ?? 'no value', baseline.reason ?? 'no value'];
  return ours === theirs
    ? `undefined in both runs: ${ours}`
    : `undefined in both runs: ${ours}; in the baseline: ${theirs}`;
}

function isUndefined({ candidate, baseline }: MetricComparison): boolean {
  return candidate?.value === null && baseline?.value === null;
}

function isOpposite(a: Metric['direction'], b: Metric['direction']): boolean {
  return a !== b && a !== 'none' && b !== 'none';
}

/** Why the two numbers do not mean the same, where both runs say how theirs was defined. */
function redefinedBy(
  { candidate, baseline }: { readonly candidate: Metric; readonly baseline: Metric },
  input: ComparisonInput,
): string | undefined {
  const [ours, theirs] = [input.candidate.evaluation, input.baseline?.evaluation];
  if (!ours || !theirs) return undefined;
  const [own, other] = [candidate.source ?? '', baseline.source ?? ''];
  const [command, before] = [ours.custom[own], theirs.custom[other]];
  if (own === other && command !== undefined && before !== undefined) {
    return command === before ? undefined : `computed by other code than in the baseline: ${own} changed`;
  }
  const isScored = own === ours.source && other === theirs.source;
  return isScored && ours.scores !== theirs.scores
    ? 'defined otherwise than in the baseline (evaluate: task, positive, threshold, at, season or weights changed), and the predictions of both are not there to be scored again'
    : undefined;
}

function commonInWords({ evidence }: ComparisonInput): string {
  const words = evidence.kind === 'paired' ? evidence.common?.words : undefined;
  return words === null ? 'scored again as now defined: ' : 'on the rows in common: ';
}

/** The values on the rows that both runs scored; undefined when these are all rows, or they have none. */
function commonOf(pair: Pair, { evidence }: ComparisonInput): CommonValues | undefined {
  return evidence.kind === 'paired' ? evidence.common?.values.get(pair.key) : undefined;
}

function sideOf(
  metric: Metric,
  common: { readonly values: readonly number[]; readonly rows: number } | undefined,
): MetricSide {
  if (common) {
    const { values, rows } = common;
    return {
      value: mean(values),
      n: rows,
      stderr: null,
      seed_values: values.length > 1 ? [...values] : null,
    };
  }
  return {
    value: metric.value,
    ...(metric.reason === undefined ? {} : { reason: metric.reason }),
    n: metric.n,
    stderr: metric.stderr,
    seed_values: metric.seed_values,
  };
}

/** The most pressing verdict among the overall metrics that the team watches, or among all when it names none. */
function headline(metrics: readonly MetricComparison[], input: ComparisonInput): Verdict {
  const overall = metrics.filter((metric) => metric.slice === null);
  const watched = overall.filter((metric) => input.watched.has(metric.name));
  const shown = watched.length > 0 ? watched : overall;
  // What has no value in either run says nothing, unless there is nothing else.
  const defined = shown.filter((metric) => !isUndefined(metric));
  const judged = defined.length > 0 ? defined : shown;
  return mostPressing(judged.map(({ verdict }) => verdict)) ?? 'equal';
}

/** Of the training command, and of its own tools where assay.yml does not set them. */
function changedParams(baseline: RunRecord, candidate: RunRecord): ComparisonRecord['params'] {
  const before = { ...baseline.tool_params, ...baseline.params };
  const after = { ...candidate.tool_params, ...candidate.params };
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => ({ name, baseline: before[name], candidate: after[name] }));
}

function changedData(baseline: RunRecord, candidate: RunRecord): ComparisonRecord['data'] {
  const before = new Map(baseline.data.map((data) => [data.name, data]));
  const after = new Map(candidate.data.map((data) => [data.name, data]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name)?.digest !== after.get(name)?.digest)
    .map((name) => ({
      name,
      baseline: before.get(name)?.digest ?? null,
      candidate: after.get(name)?.digest ?? null,
      rows: [before.get(name)?.rows ?? null, after.get(name)?.rows ?? null],
    }));
}

function costs(baseline: RunRecord | undefined, candidate: RunRecord): ComparisonRecord['costs'] {
  const of = (run: RunRecord | undefined) => ({
    seconds: run?.seconds ?? null,
    peak_memory_bytes: run?.resources.peak_memory_bytes ?? null,
    cpu_seconds: run?.resources.cpu_seconds ?? null,
    model_bytes: run?.artifacts.find((artifact) => artifact.name === 'model')?.bytes ?? null,
  });
  const [before, after] = [of(baseline), of(candidate)];
  return (['seconds', 'peak_memory_bytes', 'cpu_seconds', 'model_bytes'] as const)
    .filter((name) => before[name] !== null || after[name] !== null)
    .map((name) => ({ name, baseline: before[name], candidate: after[name] }));
}
