import type { z } from 'zod';
import { type ComparisonRecord, comparisonRecord } from '../../compare/record.js';
import { type DriftRecord, driftRecord } from '../../data/drift/record.js';
import { type DatasetRecord, datasetRecord } from '../../data/ingest/record.js';
import { type ProfileRecord, profileRecord } from '../../data/profile/record.js';
import { type ValidationRecord, validationRecord } from '../../data/record.js';
import { type DeploymentRecord, deploymentRecord } from '../../deploy/record.js';
import { formatBytes, formatNumber, formatSeconds, plural } from '../../format.js';
import {
  type AcceptanceRecord,
  acceptanceRecord,
  type DecisionRecord,
  decisionRecord,
} from '../../gate/record.js';
import { whyUnreadable } from '../../history/read.js';
import { type AnyRecord, RECORD_KINDS, type RecordKind, recordKind } from '../../history/record.js';
import { upgraded } from '../../history/upgrade.js';
import type { Metric } from '../../metrics/metric.js';
import {
  type PruningRecord,
  pruningRecord,
  type StageRecord,
  stageRecord,
  type VersionRecord,
  versionRecord,
} from '../../registry/record.js';
import { driftHeadline } from '../../report/drift.js';
import { datasetHeadline } from '../../report/ingest.js';
import { profileHeadline } from '../../report/profile.js';
import { type RunRecord, runRecord } from '../../runs/record.js';

/** A record of any kind with its own fields, and what it says in one line. */
export type KnownRecord =
  | { readonly kind: 'run'; readonly record: RunRecord }
  | { readonly kind: 'dataset'; readonly record: DatasetRecord }
  | { readonly kind: 'validation'; readonly record: ValidationRecord }
  | { readonly kind: 'profile'; readonly record: ProfileRecord }
  | { readonly kind: 'drift'; readonly record: DriftRecord }
  | { readonly kind: 'comparison'; readonly record: ComparisonRecord }
  | { readonly kind: 'decision'; readonly record: DecisionRecord }
  | { readonly kind: 'version'; readonly record: VersionRecord }
  | { readonly kind: 'stage'; readonly record: StageRecord }
  | { readonly kind: 'deployment'; readonly record: DeploymentRecord }
  | { readonly kind: 'acceptance'; readonly record: AcceptanceRecord }
  | { readonly kind: 'pruning'; readonly record: PruningRecord }
  /** Of a newer Assay, or changed by hand. */
  | { readonly kind: 'unreadable'; readonly record: AnyRecord; readonly why: string };

/** What each kind of record holds, in its newest version. */
export const RECORD_SCHEMAS = {
  run: runRecord,
  dataset: datasetRecord,
  validation: validationRecord,
  profile: profileRecord,
  drift: driftRecord,
  comparison: comparisonRecord,
  decision: decisionRecord,
  version: versionRecord,
  stage: stageRecord,
  deployment: deploymentRecord,
  acceptance: acceptanceRecord,
  pruning: pruningRecord,
} as const satisfies Readonly<Record<RecordKind, z.ZodType>>;

/** @param stored of any version: an older one is read as the newest */
export function knowRecord(stored: AnyRecord): KnownRecord {
  const record = upgraded(stored);
  const kind = recordKind(record);
  if (!isRecordKind(kind)) {
    return {
      kind: 'unreadable',
      record,
      why: `${record.schema} was written by a newer version of Assay, which knows more kinds of records`,
    };
  }
  const as = <S extends z.ZodType, K extends RecordKind>(name: K, schema: S) => {
    const result = schema.safeParse(record);
    return result.success
      ? { kind: name, record: result.data }
      : ({ kind: 'unreadable', record, why: whyUnreadable(record, result.error) } as const);
  };
  switch (kind) {
    case 'run':
      return as(kind, runRecord);
    case 'dataset':
      return as(kind, datasetRecord);
    case 'validation':
      return as(kind, validationRecord);
    case 'profile':
      return as(kind, profileRecord);
    case 'drift':
      return as(kind, driftRecord);
    case 'comparison':
      return as(kind, comparisonRecord);
    case 'decision':
      return as(kind, decisionRecord);
    case 'version':
      return as(kind, versionRecord);
    case 'stage':
      return as(kind, stageRecord);
    case 'deployment':
      return as(kind, deploymentRecord);
    case 'acceptance':
      return as(kind, acceptanceRecord);
    case 'pruning':
      return as(kind, pruningRecord);
  }
}

function isRecordKind(kind: string): kind is RecordKind {
  return (RECORD_KINDS as readonly string[]).includes(kind);
}

/** What happened, in one line without the id and the time. Not yet safe for a terminal. */
export function summarize(known: KnownRecord): string {
  switch (known.kind) {
    case 'run':
      return summarizeRun(known.record);
    case 'dataset':
      return datasetHeadline(known.record);
    case 'validation':
      return summarizeValidation(known.record);
    case 'profile':
      return `${known.record.dataset}: ${profileHeadline(known.record)}`;
    case 'drift':
      return driftHeadline(known.record);
    case 'comparison': {
      const { baseline, candidate, verdict } = known.record;
      return `${verdict}: ${candidate.run} against ${baseline.run ?? 'no baseline'} (${baseline.why})`;
    }
    case 'decision': {
      const { decision, override, rules, run } = known.record;
      const reason = override ? override.reason : rules.find((rule) => rule.outcome === decision)?.reason;
      const by = override ? ` by ${override.by}, over ${override.was}` : '';
      return `${decision}${by}: ${run}${reason ? `: ${reason}` : ''}`;
    }
    case 'version':
      return `${known.record.version} released from ${known.record.run}`;
    case 'stage': {
      const { action, reason, replaces, stage, version } = known.record;
      const before = replaces === null ? 'it was empty' : `before: ${replaces}`;
      return `${action} ${stage} to ${version ?? 'nothing'} (${before})${reason ? `: ${reason}` : ''}`;
    }
    case 'deployment': {
      const { reason, status, target, version } = known.record;
      return `${version} to ${target}: ${status}${reason ? `: ${reason}` : ''}`;
    }
    case 'acceptance':
      return `${known.record.run} accepted by ${known.record.actor}: ${known.record.reason}`;
    case 'pruning': {
      const { blobs, bytes, actor } = known.record;
      return `${plural(blobs.length, 'blob')} (${formatBytes(bytes)}) pruned by ${actor}`;
    }
    case 'unreadable':
      return `not readable: ${known.why}`;
  }
}

function summarizeRun(run: RunRecord): string {
  const seeds = run.seeds.length > 1 ? `, ${plural(run.seeds.length, 'seed')}` : '';
  const purpose = run.purpose === 'train' ? '' : `${run.purpose} `;
  const head = `${purpose}${run.status}${run.seconds === null ? '' : ` in ${formatSeconds(run.seconds)}`}${seeds}`;
  if (run.status !== 'succeeded') return `${head}: ${run.reason ?? 'no reason given'}`;
  const metrics = overallMetrics(run.metrics).slice(0, 3);
  return metrics.length === 0
    ? `${head}; no metrics`
    : `${head}: ${metrics.map((metric) => `${metric.name} ${metricValue(metric)}`).join(', ')}`;
}

function summarizeValidation(validation: ValidationRecord): string {
  const failed = validation.checks.filter((check) => !check.passed);
  const checks = plural(validation.checks.length, 'check');
  const result = failed.length === 0 ? `${checks} passed` : `${failed.length} of ${checks} failed`;
  return `${validation.dataset} is ${validation.valid ? 'valid' : 'not valid'}: ${plural(validation.rows, 'row')}, ${result}`;
}

/** Metrics of everything, not of a slice. */
export function overallMetrics(metrics: readonly Metric[]): readonly Metric[] {
  return metrics.filter((metric) => metric.slice === null);
}

export function metricValue(metric: Pick<Metric, 'value' | 'reason'>): string {
  return metric.value === null ? `none (${metric.reason ?? 'no reason given'})` : formatNumber(metric.value);
}
