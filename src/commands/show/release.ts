import type { DeploymentRecord } from '../../deploy/record.js';
import { formatBytes, formatSeconds } from '../../format.js';
import type { PruningRecord, StageRecord, VersionRecord } from '../../registry/record.js';
import { section, table } from './sections.js';

export function versionSections(version: VersionRecord): readonly string[] {
  return [
    ...section('Released as', [version.tag, ...(version.url ? [version.url] : [])]),
    ...section('From', [`run ${version.run}`, ...(version.decision ? [`decision ${version.decision}`] : [])]),
    ...table(
      'Assets',
      ['name', 'size', 'sha256'],
      version.assets.map((asset) => [asset.name, formatBytes(asset.bytes), asset.digest]),
    ),
  ];
}

export function stageSections(stage: StageRecord): readonly string[] {
  return [
    ...section('Tag', [stage.tag]),
    ...(stage.decision ? section('From', [`decision ${stage.decision}`]) : []),
  ];
}

export function deploymentSections(deployment: DeploymentRecord): readonly string[] {
  return [
    ...section('Replaced', [deployment.replaced ?? 'nothing: it is the first on this target']),
    ...(deployment.url ? section('Address', [deployment.url]) : []),
    ...table(
      'Steps',
      ['step', 'result', 'time', 'detail'],
      deployment.steps.map((step) => [
        step.step,
        step.ok ? 'ok' : 'failed',
        formatSeconds(step.seconds),
        step.detail,
      ]),
    ),
    ...deployment.steps
      .filter((step) => !step.ok && step.tail.length > 0)
      .flatMap((step) => section(`What ${step.step} said last`, step.tail)),
  ];
}

export function pruningSections({ artifacts, rule }: PruningRecord): readonly string[] {
  const orphans = rule.orphans ? '; what no record names was removed too' : '';
  return [
    ...section('Kept', [
      `the newest ${rule.runs} runs of each model, and runs younger than ${formatSeconds(rule.age)}${orphans}`,
    ]),
    ...section(
      'Artifacts that were removed',
      artifacts.map(
        ({ name, model, run, bytes, digest }) => `${model} ${run} ${name} (${formatBytes(bytes)}) ${digest}`,
      ),
    ),
  ];
}
