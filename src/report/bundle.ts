import { z } from 'zod';
import { comparisonRecord } from '../compare/record.js';
import { validationRecord } from '../data/record.js';
import { UserError } from '../errors.js';
import { shortCommit } from '../format.js';
import { decisionRecord } from '../gate/record.js';
import { runRecord } from '../runs/record.js';
import { terminalText } from './escape.js';
import type { ModelFacts, ReportFacts } from './facts.js';

/**
 * The two halves of a pull request from a fork. Its job may not write, so what it measured leaves it as data, and a job
 * of the repository itself reads it. Whoever opens a pull request controls every byte of that data: nothing of it is
 * believed that can be looked up, nothing of it is shown as it is, and it is never run.
 */

export const BUNDLE_FILE = 'assay-report.json';
/** A report of 500 metrics in 20 slices has about 10 MB. */
export const MAXIMUM_BUNDLE_BYTES = 32 * 1024 * 1024;
const MOST_MODELS = 200;
const MOST_METRICS = 50_000;

const modelFacts = z.strictObject({
  model: z.string().regex(/^[a-z0-9_][a-z0-9_-]{0,63}$/),
  run: runRecord.optional(),
  comparison: comparisonRecord.optional(),
  decision: decisionRecord.optional(),
  validations: z.array(validationRecord).max(200),
  watched: z.array(z.string().max(500)).max(2000),
});

export const bundleSchema = z.strictObject({
  schema: z.literal('assay/report@1'),
  pull_request: z.int().positive(),
  commit: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/),
  key: z.string().regex(/^[\w./:+-]{1,300}$/),
  models: z.array(modelFacts).max(MOST_MODELS),
});
export type Bundle = z.infer<typeof bundleSchema>;

/** The data-only text of a report; throws UserError when it is not about a pull request. */
export function bundleText(facts: ReportFacts, pullRequest: number | null): string {
  if (pullRequest === null || facts.commit === null) {
    throw new UserError('a bundle is for a pull request, and this is none', {
      mend: 'run it in a job of the event pull_request',
    });
  }
  const bundle = {
    schema: 'assay/report@1',
    pull_request: pullRequest,
    commit: facts.commit,
    key: facts.key,
    // What was before this run the publishing half knows itself.
    models: facts.models.map(({ trend: _, ...model }) => model),
  };
  return `${JSON.stringify(bundle)}\n`;
}

/**
 * Reads what a stranger wrote. JSON has no NaN and no infinity, and the schemas take finite numbers only.
 * Throws UserError with the reason when it is anything but a bundle of this version.
 */
export function parseBundle(text: string): Bundle {
  if (Buffer.byteLength(text) > MAXIMUM_BUNDLE_BYTES) throw refusal('it is larger than 32 MB');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refusal('it is not JSON');
  }
  const version = (json as { readonly schema?: unknown } | null)?.schema;
  if (typeof version === 'string' && /^assay\/report@\d+$/.test(version) && version !== 'assay/report@1') {
    throw refusal(
      `it is of another version (${terminalText(version, 40)})`,
      'use the same version of Assay in both workflows',
    );
  }
  const parsed = bundleSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refusal(
      `${terminalText(issue?.path.join('.') || 'the whole', 120)}: ${terminalText(issue?.message ?? '', 200)}`,
    );
  }
  const problem = inconsistency(parsed.data);
  if (problem) throw refusal(problem);
  return parsed.data;
}

/** What is well formed and yet not one report: records of another commit or model, numbers beyond measure. */
function inconsistency({ models, commit }: Bundle): string | undefined {
  const names = models.map(({ model }) => model);
  if (new Set(names).size < names.length) return 'a model is in it twice';
  let metrics = 0;
  for (const facts of models) {
    const { model, run, comparison, decision, validations } = facts;
    for (const record of [run, comparison, decision]) {
      if (!record) continue;
      if (record.model !== model) return `a record of ${model} names another model`;
      if (record.commit !== commit) return `a record of ${model} is of another commit`;
    }
    if (comparison && comparison.candidate.run !== run?.id)
      return `the comparison of ${model} is of another run`;
    if (decision && decision.run !== run?.id) return `the decision on ${model} is about another run`;
    // A word over the gate is a person's of the team: a fork has none.
    if (decision?.override) return `the decision on ${model} claims to be overridden`;
    if (validations.some((one) => one.commit !== commit))
      return `a validation of ${model} is of another commit`;
    metrics += (run?.metrics.length ?? 0) + (comparison?.metrics.length ?? 0);
  }
  return metrics > MOST_METRICS ? `it has ${metrics} metrics, more than ${MOST_METRICS}` : undefined;
}

/** What the API says of the job that made the bundle and of the pull request it was for. */
export interface Verified {
  readonly pullRequest: number;
  /** Commit the job ran on. */
  readonly commit: string;
  /** Commit at the head of the pull request now. */
  readonly head: string;
}

/** The report to publish. Throws UserError when the bundle claims something else than the API knows. */
export function verifiedFacts(
  bundle: Bundle,
  known: Verified & { readonly version: string; readonly url: string | null },
): ReportFacts {
  if (bundle.pull_request !== known.pullRequest) {
    throw refusal(
      `it claims to be of pull request ${bundle.pull_request}, and its job ran for ${known.pullRequest}`,
    );
  }
  if (bundle.commit !== known.commit) {
    throw refusal(
      `it claims to be of commit ${shortCommit(bundle.commit)}, and its job ran on ${shortCommit(known.commit)}`,
    );
  }
  if (known.commit !== known.head) {
    throw refusal(
      `pull request ${known.pullRequest} has moved on from ${shortCommit(known.commit)} to ${shortCommit(known.head)}`,
      'nothing to do: the job of the newer commit reports for itself',
    );
  }
  return {
    key: bundle.key,
    commit: known.commit,
    version: known.version,
    url: known.url,
    models: bundle.models.map(withoutAbsent),
  };
}

function withoutAbsent(facts: Bundle['models'][number]): ModelFacts {
  const { model, run, comparison, decision, validations, watched } = facts;
  return { model, run, comparison, decision, validations, watched };
}

function refusal(reason: string, mend?: string): UserError {
  return new UserError(`the bundle is refused: ${reason}`, {
    mend: mend ?? 'nothing was posted; the result is in the summary of the job that measured it',
  });
}
