import type { Metric } from '../../src/metrics/metric.js';
import type { RunRecord } from '../../src/runs/record.js';

/** A succeeded run of the model `income` with what a test says of it. */
export function runOf(
  fields: Partial<RunRecord> & { readonly branch?: string; readonly dirty?: boolean } = {},
): RunRecord {
  const { branch = 'main', dirty = false, ...rest } = fields;
  return {
    schema: 'assay/run@1',
    id: '20260101T000000000Z-00000001',
    time: '2026-01-01T00:00:00.000Z',
    commit: 'a'.repeat(40),
    actor: 'ada',
    trigger: { event: 'local', url: null, attempt: 1 },
    model: 'income',
    purpose: 'train',
    status: 'succeeded',
    reason: null,
    seconds: 2,
    command: 'node train.mjs',
    params: {},
    seed: 1,
    seeds: [
      {
        seed: 1,
        status: 'succeeded',
        reason: null,
        exit_code: 0,
        seconds: 2,
        peak_memory_bytes: 80_000_000,
        cpu_seconds: 1.9,
      },
    ],
    data: [],
    environment: {
      os: 'linux x64',
      cpu: { model: 'test', cores: 2 },
      memory_bytes: 8e9,
      runtimes: { node: '20.0.0' },
      lockfiles: {},
    },
    code: {
      commit: rest.commit === undefined ? 'a'.repeat(40) : rest.commit,
      dirty,
      branch,
      pull_request: null,
    },
    metrics: [],
    series: [],
    artifacts: [],
    log: { digest: null, bytes: 0, truncated: false, tail: [] },
    resources: { peak_memory_bytes: 80_000_000, cpu_seconds: 1.9 },
    warnings: [],
    parent: null,
    ...rest,
  };
}

/** An overall metric of the test split. */
export function metricOf(name: string, value: number | null, fields: Partial<Metric> = {}): Metric {
  return {
    name,
    value,
    direction: 'higher',
    split: 'test',
    slice: null,
    n: null,
    stderr: null,
    seed_values: null,
    source: null,
    ...fields,
  };
}
