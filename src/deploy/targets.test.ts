import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import type { DeploymentRecord } from './record.js';
import { commandTarget, deployedOn, unmetNeed } from './targets.js';

const step: DeploymentRecord['steps'][number] = {
  step: 'deploy',
  ok: true,
  seconds: 1,
  detail: '',
  tail: [],
};
/** `day` orders the records. */
const record = (day: number, fields: Partial<DeploymentRecord>): DeploymentRecord => ({
  schema: 'assay/deployment@1',
  id: `2026010${day}T000000000Z-00000001`,
  time: '2026-01-01T00:00:00.000Z',
  commit: null,
  actor: 'ada',
  trigger: { event: 'local', url: null, attempt: 1 },
  model: 'income',
  version: '1.0.0',
  target: 'staging',
  status: 'succeeded',
  reason: null,
  url: null,
  replaced: null,
  seconds: 1,
  steps: [step],
  ...fields,
});

describe('what the records say of a target', () => {
  it('the newest successful deployment is on it', () => {
    const records = [
      record(2, { version: '1.1.0' }),
      record(1, {}),
      record(3, { version: '1.2.0', status: 'undone' }),
      record(4, { version: '9.0.0', target: 'prod' }),
    ];
    expect(deployedOn(records, 'staging')).toBe('1.1.0');
    expect(deployedOn(records, 'elsewhere')).toBe(null);
  });

  it.each([
    ['nothing needed', undefined, [], undefined],
    ['never there', 'staging', [], 'never deployed there'],
    ['another version there', 'staging', [record(1, { version: '0.9.0' })], 'never deployed there'],
    ['it succeeded', 'staging', [record(1, {})], undefined],
    ['it failed later', 'staging', [record(1, {}), record(2, { status: 'undone' })], '"undone"'],
    ['it succeeded after failing', 'staging', [record(1, { status: 'failed' }), record(2, {})], undefined],
    [
      'it was refused later',
      'staging',
      [record(1, {}), record(2, { status: 'failed', steps: [] })],
      undefined,
    ],
  ])('needs: %s', (_case, needs, records, expected) => {
    const unmet = unmetNeed(records, { needs, version: '1.0.0' });
    if (expected === undefined) expect(unmet).toBeUndefined();
    else expect(unmet).toContain(expected);
  });
});

describe('commandTarget', () => {
  const command = { run: './deploy.sh', timeout: 600 };

  it('is undefined for a name that is not there, also one of the prototype', () => {
    expect(commandTarget('income', { prod: command }, 'staging')).toBeUndefined();
    expect(commandTarget('income', {}, 'constructor')).toBeUndefined();
    expect(commandTarget('income', { prod: command }, 'prod')).toBe(command);
  });

  it('refuses an engine by name, and a health check that checks nothing', () => {
    expect(() => commandTarget('income', { prod: { kubernetes: {} } }, 'prod')).toThrow(
      /kubernetes.*not available/,
    );
    const empty = { ...command, health: { timeout: 1, every: 1 } };
    expect(() => commandTarget('income', { prod: empty }, 'prod')).toThrow(UserError);
  });
});
