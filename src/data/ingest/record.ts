import { z } from 'zod';
import { artifact, sha256 } from '../../artifacts/artifact.js';
import { datasetFormat } from '../../config/data.js';
import { envelope, recordId } from '../../history/record.js';

/** One version of a dataset: what it is, and where it came from. */

const param = z.union([z.string(), z.number(), z.boolean()]);
const digestedFile = z.object({ file: z.string(), digest: sha256 });

export const stepRecord = z.object({
  name: z.string(),
  kind: z.enum(['sql', 'run', 'notebook']),
  status: z.enum(['ran', 'skipped', 'failed', 'cancelled']),
  reason: z.string().nullable(),
  /** SHA-256 over all that the output depends on: what is run, code, parameters, inputs. Same key, same output. */
  key: sha256,
  /** What is run: the query, the command, the notebook. */
  does: z.string(),
  code: z.array(digestedFile),
  inputs: z.array(digestedFile),
  params: z.record(z.string(), param),
  /** SHA-256 of what it read: of the source, or of the output of the step before. */
  input: sha256,
  /** Null when it failed. */
  output: artifact.extend({ format: datasetFormat }).nullable(),
  /** The record of the run whose output was taken instead of running again. */
  from: recordId.nullable(),
  seconds: z.number(),
});
export type StepRecord = Readonly<z.infer<typeof stepRecord>>;

export const datasetRecord = z.object({
  schema: z.literal('assay/dataset@1'),
  ...envelope,
  dataset: z.string(),
  status: z.enum(['succeeded', 'failed', 'cancelled']),
  reason: z.string().nullable(),
  source: z.object({
    /** As assay.yml names it. */
    source: z.string(),
    digest: sha256,
    files: z.int().positive(),
    /** The dataset that it is, when it is another one's. */
    dataset: z.string().nullable(),
  }),
  steps: z.array(stepRecord),
  format: datasetFormat.nullable(),
  /** SHA-256 over the content of the result; null when a step failed. */
  digest: sha256.nullable(),
  rows: z.int().nonnegative().nullable(),
  /** Lines that could not be read as rows: read + rejected = all. */
  rejected: z.int().nonnegative().nullable(),
  columns: z.array(z.object({ name: z.string(), type: z.string(), missing: z.boolean() })),
  seconds: z.number(),
});
export type DatasetRecord = Readonly<z.infer<typeof datasetRecord>>;
