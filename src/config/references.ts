import { posix } from 'node:path';
import type { Finding } from './explain.js';
import type { ConfigFile } from './file.js';
import { placed } from './file.js';
import type { Direction, ModelConfig } from './model.js';
import { nearest } from './nearest.js';
import { type Problem, quote } from './problem.js';
import type { Config } from './schema.js';
import type { Path } from './yaml.js';

/** What one part of the config says about another: datasets that exist, targets without a circle, rules that can be met. */

/** A tolerance of half the value lets any regression pass; in the wild it has always been a mistake for 0.5 %. */
const LARGEST_TOLERANCE = 0.5;

/** Which side of a metric is better by its name alone; the room `metrics` knows. */
export type UsualDirection = (metric: string) => Direction;

export interface Surroundings {
  /** Every dataset there is, those of other files too. */
  readonly datasets: readonly string[];
  readonly usualDirection: UsualDirection;
}

export function checkReferences(
  file: ConfigFile & { readonly config: Config },
  { datasets, usualDirection }: Surroundings,
): { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const problems: Finding[] = [];
  const warnings: Finding[] = [];
  for (const [name, model] of Object.entries(file.config.models)) {
    const base: Path = ['models', name];
    problems.push(
      ...datasetFindings(model, base, datasets),
      ...sourceFindings(model, base, name),
      ...ruleFindings(model, base),
      ...gateFindings(model, base),
      ...deployFindings(model, base),
    );
    warnings.push(...directionFindings(model, base, usualDirection));
  }
  problems.push(...sharedOutputs(file.config.models));
  if (Object.keys(file.config.models).length + Object.keys(file.config.data).length === 0) {
    if (file.config.include.length === 0) {
      warnings.push({ path: [], at: 'key', message: 'the file declares no models and no data' });
    }
  }
  const place = (finding: Finding) => placed(finding, file.yaml);
  return { problems: problems.map(place), warnings: warnings.map(place) };
}

function datasetFindings(model: ModelConfig, base: Path, datasets: readonly string[]): readonly Finding[] {
  return model.data.flatMap((dataset, index): readonly Finding[] => {
    if (datasets.includes(dataset)) return [];
    const message = `there is no dataset ${quote(dataset)}`;
    return [
      {
        path: [...base, 'data', index],
        at: 'value',
        message,
        mend: nearestOf(dataset, datasets, 'datasets'),
      },
    ];
  });
}

function nearestOf(word: string, candidates: readonly string[], what: string): string {
  const near = nearest(word, candidates);
  if (near) return `did you mean "${near}"?`;
  return `${what} there are: ${candidates.join(', ') || 'none'}`;
}

function sourceFindings(model: ModelConfig, base: Path, name: string): readonly Finding[] {
  const train = model.train;
  if (!train && !model.evaluate && model.metrics.from.length === 0) {
    const message = `the model ${quote(name)} says neither how it is trained nor where its metrics are`;
    const mend =
      'add train: { run: python train.py }, metrics: { from: [metrics.json] } or evaluate: with a predictions file';
    return [{ path: base, at: 'key', message, mend }];
  }
  if (train && train.run === undefined && train.notebook === undefined) {
    const mend = 'add run: python train.py';
    return [
      {
        path: [...base, 'train'],
        at: 'key',
        message: '"run" is missing here: the command that trains',
        mend,
      },
    ];
  }
  return [];
}

function ruleFindings(model: ModelConfig, base: Path): readonly Finding[] {
  return Object.entries(model.metrics.rules).flatMap(([metric, rule]): readonly Finding[] => {
    const { tolerance } = rule;
    if (tolerance?.kind !== 'relative' || tolerance.share < LARGEST_TOLERANCE) return [];
    const percent = `${Number((tolerance.share * 100).toPrecision(6))}%`;
    const message = `a tolerance of ${percent} would call ${quote(metric)} equal when it is half as large`;
    const mend = `write less than 50%; did you mean ${Number(tolerance.share.toPrecision(6))}%?`;
    return [{ path: [...base, 'metrics', 'rules', metric, 'tolerance'], at: 'value', message, mend }];
  });
}

function gateFindings(model: ModelConfig, base: Path): readonly Finding[] {
  return model.gate.flatMap((rule, index): readonly Finding[] => {
    const path = [...base, 'gate', index];
    if ('validation' in rule && !model.data.includes(rule.validation)) {
      const message = `the model does not use a dataset ${quote(rule.validation)}`;
      const mend = nearestOf(rule.validation, model.data, 'datasets of the model');
      return [{ path: [...path, 'validation'], at: 'value', message, mend }];
    }
    if (!('metric' in rule)) return [];
    const direction = model.metrics.rules[rule.metric]?.direction;
    if (direction === 'none' && (rule.require === 'better' || rule.require === 'not-worse')) {
      const message = `${quote(rule.metric)} cannot be ${rule.require}: its rule says direction: none`;
      const mend = 'give it direction: higher or lower, or require { min: … }, { max: … } or { change: … }';
      return [{ path: [...path, 'metric'], at: 'value', message, mend }];
    }
    return [];
  });
}

function deployFindings(model: ModelConfig, base: Path): readonly Finding[] {
  const targets = Object.keys(model.deploy);
  const needs = (target: string | undefined) =>
    target !== undefined && Object.hasOwn(model.deploy, target) ? model.deploy[target]?.needs : undefined;
  return targets.flatMap((target): readonly Finding[] => {
    const path = [...base, 'deploy', target, 'needs'];
    const first = needs(target);
    if (first === undefined) return [];
    if (!targets.includes(first)) {
      const message = `there is no target ${quote(first)} in this model`;
      return [{ path, at: 'value', message, mend: nearestOf(first, targets, 'targets') }];
    }
    const chain = [target];
    for (let next: string | undefined = first; next !== undefined; next = needs(next)) {
      if (next === target && chain.every((other) => targets.indexOf(other) >= targets.indexOf(target))) {
        const message = `${[...chain, target].join(' needs ')}: none could ever be the first`;
        return [{ path, at: 'value', message, mend: 'remove one of these needs' }];
      }
      if (chain.includes(next)) return [];
      chain.push(next);
    }
    return [];
  });
}

function directionFindings(model: ModelConfig, base: Path, usual: UsualDirection): readonly Finding[] {
  return Object.entries(model.metrics.rules).flatMap(([metric, { direction }]): readonly Finding[] => {
    const known = usual(metric);
    if (known === 'none' || !direction || direction === 'none' || direction === known) return [];
    const message = `direction: ${direction} for ${quote(metric)}, where ${known} is usually better; the rule is followed`;
    return [{ path: [...base, 'metrics', 'rules', metric, 'direction'], at: 'value', message }];
  });
}

/** Two trainings that write one file: the second would be taken for the first. */
function sharedOutputs(models: Config['models']): readonly Finding[] {
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [name, model] of Object.entries(models)) {
    const base: Path = ['models', name];
    const outputs: { readonly path: Path; readonly file: string }[] = [
      ...model.metrics.from.map((file, index) => ({ path: [...base, 'metrics', 'from', index], file })),
      ...Object.entries(model.train?.outputs ?? {}).map(([output, file]) => ({
        path: [...base, 'train', 'outputs', output],
        file,
      })),
    ];
    if (model.evaluate)
      outputs.push({ path: [...base, 'evaluate', 'predictions'], file: model.evaluate.predictions });
    for (const { path, file } of outputs) {
      const normal = posix.normalize(file);
      const owner = owners.get(normal);
      if (owner !== undefined && owner !== name && !/[*?[\]{}]/.test(file)) {
        const message = `the models "${owner}" and "${name}" write the same file`;
        findings.push({ path, at: 'value', message, mend: 'give each model a file of its own' });
      } else owners.set(normal, name);
    }
  }
  return findings;
}
