import { describe, expect, it } from 'vitest';
import type { DeploymentRecord } from '../deploy/record.js';
import type { DecisionRecord } from '../gate/record.js';
import type { StageRecord, VersionRecord } from '../registry/record.js';
import { deploymentMarkdown, moveMarkdown, refusalMarkdown, versionMarkdown } from './release-summary.js';

const envelope = {
  id: '20260102T000000000Z-00000002',
  time: '2026-01-02T00:00:00.000Z',
  commit: null,
  actor: 'ada',
  trigger: { event: 'local', url: null, attempt: 1 },
  model: 'income',
};
const version: VersionRecord = {
  schema: 'assay/version@1',
  ...envelope,
  version: '1.2.0',
  tag: 'income@v1.2.0',
  run: '20260101T000000000Z-00000001',
  decision: null,
  assets: [],
  url: null,
};
const stage: StageRecord = {
  schema: 'assay/stage@1',
  ...envelope,
  stage: 'prod',
  number: 3,
  tag: 'income#prod#3',
  version: '1.2.0',
  replaces: '1.1.0',
  action: 'promote',
  decision: null,
  reason: null,
};
const deployment: DeploymentRecord = {
  schema: 'assay/deployment@1',
  ...envelope,
  version: '1.2.0',
  target: 'prod',
  status: 'undone',
  reason: 'health failed; undone',
  url: null,
  replaced: '1.1.0',
  seconds: 3,
  steps: [{ step: 'health', ok: false, seconds: 3, detail: 'a | b', tail: ['secret row'] }],
};
const HOSTILE = '<b> | @team [x](javascript:y)\n# z';

describe('the job summary of a release', () => {
  it('links a version that has an address, and only an http one', () => {
    expect(versionMarkdown(version)).toContain('**income@v1.2.0** is released');
    expect(versionMarkdown({ ...version, url: 'https://a.test/r' })).toContain(
      '[**income@v1.2.0**](https://a.test/r)',
    );
    expect(versionMarkdown({ ...version, url: 'javascript:x' })).not.toContain('](');
  });

  it('gives the reasons of a refusal', () => {
    const rules = [
      { rule: 'roc_auc', metric: null, slice: null, outcome: 'hold' as const, reason: HOSTILE },
      { rule: 'size', metric: null, slice: null, outcome: 'promote' as const, reason: 'small' },
    ];
    const decision: DecisionRecord = {
      schema: 'assay/decision@1',
      ...envelope,
      run: 'R',
      comparison: null,
      decision: 'hold',
      rules,
      override: null,
    };
    const text = refusalMarkdown('income@v1.2.0 does not go to prod', decision);
    expect(text).toMatch(/^\*\*hold\*\*: /);
    expect(text.match(/^- /gm)).toHaveLength(1);
    expect(text).not.toMatch(/<b>|@team|[^\\]\]\(/);
  });

  it('says where a stage is now, and why it went back', () => {
    expect(moveMarkdown({ moved: stage, back: null, deployment: null })).toContain(
      '**prod** of income is on **v1.2.0**, in place of v1.1.0',
    );
    const back: StageRecord = {
      ...stage,
      number: 4,
      tag: 'income#prod#4',
      version: '1.1.0',
      action: 'rollback',
    };
    const text = moveMarkdown({ moved: stage, back, deployment });
    expect(text).toContain('**prod** of income is on **v1.1.0** (');
    expect(text).toContain('**undone** (health failed; undone)');
    expect(moveMarkdown({ moved: stage, back: { ...back, version: null }, deployment })).toContain(
      'is empty',
    );
  });

  it('shows the steps of a deployment without their logs', () => {
    const text = deploymentMarkdown({ ...deployment, reason: HOSTILE });
    expect(text).toMatch(/^\| health \| failed \| 3 s \| a .*b \|$/m);
    expect(text).not.toMatch(/secret row|<b>|@team/);
    expect(deploymentMarkdown({ ...deployment, status: 'succeeded', url: 'https://a.test/' })).toContain(
      '[prod](https://a.test/)',
    );
  });
});
