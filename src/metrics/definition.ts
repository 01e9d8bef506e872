import { createHash } from 'node:crypto';
import type { EvaluateConfig } from '../config/model.js';

/** What the numbers of a run mean: two runs whose metrics are defined differently cannot be compared by them. */

/** Changes whenever a formula of this room does, so that old values are scored again rather than compared. */
const FORMULAS = 2;

/** Digest of everything under `evaluate:` that moves a value without any prediction moving. */
export function scoresDefinition(config: EvaluateConfig): string {
  const { task, positive = null, threshold, at, season, columns } = config;
  const ofTask = {
    binary: { positive, threshold },
    multiclass: {},
    multilabel: { threshold },
    regression: {},
    ranking: { at },
    forecast: { season },
  }[task];
  return digestOf(JSON.stringify([FORMULAS, task, ofTask, columns.weight !== undefined]));
}

/** Of a metric that a command computes: the command, and what the files are that it names. @param files by path, sorted */
export function commandDefinition(command: string, files: readonly (readonly [string, string])[]): string {
  return digestOf(JSON.stringify([command, files]));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
