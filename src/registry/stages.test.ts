import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import type { StageRecord } from './record.js';
import { liveOn, livePeriods, rollbackTarget, stageOf, stagesOf } from './stages.js';

/** `+1.0.0` promotes, `-1.0.0` rolls back, `-` empties; move N happens on day N of January. */
function moves(...steps: readonly string[]): StageRecord[] {
  const records: StageRecord[] = [];
  for (const [index, step] of steps.entries()) {
    const number = index + 1;
    const day = String(number).padStart(2, '0');
    records.push({
      schema: 'assay/stage@1',
      id: `202601${day}T120000000Z-0000000${number % 10}`,
      time: `2026-01-${day}T12:00:00.000Z`,
      commit: null,
      actor: 'ada',
      trigger: { event: 'local', url: null, attempt: 1 },
      model: 'income',
      stage: 'prod',
      number,
      tag: `income#prod#${number}`,
      version: step.slice(1) || null,
      replaces: stageOf(records, 'prod').live,
      action: step.startsWith('+') ? 'promote' : 'rollback',
      decision: null,
      reason: null,
    });
  }
  return records;
}
const state = (...steps: readonly string[]) => {
  const { live, before } = stageOf(moves(...steps), 'prod');
  return [live, before];
};

describe('stageOf', () => {
  it.each([
    ['nothing yet', [], [null, null]],
    ['one version', ['+1'], ['1', null]],
    ['two versions', ['+1', '+2'], ['2', '1']],
    ['a rollback', ['+1', '+2', '-1'], ['1', null]],
    ['two rollbacks walk on', ['+1', '+2', '+3', '-2', '-1'], ['1', null]],
    ['one rollback of three', ['+1', '+2', '+3', '-2'], ['2', '1']],
    ['promotion after a rollback', ['+1', '+2', '-1', '+3'], ['3', '1']],
    ['the version left behind, again', ['+1', '+2', '-1', '+2'], ['2', '1']],
    ['a version promoted twice', ['+1', '+2', '+1'], ['1', '2']],
    ['a promotion that was taken back', ['+1', '+2', '+3', '-2', '+4'], ['4', '2']],
    ['a first promotion that was taken back', ['+1', '-'], [null, null]],
    ['a rollback that was taken back', ['+1', '+2', '-1', '-2'], ['2', '1']],
    [
      'a rollback that was taken back, with the version on the trail twice',
      ['+1', '+2', '+1', '-2', '-1'],
      ['1', '2'],
    ],
    ['a jump back by name', ['+1', '+2', '+3', '-1'], ['1', null]],
    ['a jump to a version left behind', ['+1', '+2', '+3', '-2', '-1', '-3'], ['3', '1']],
    ['the same version recorded twice', ['+1', '+1'], ['1', null]],
  ])('%s', (_case, steps, expected) => expect(state(...steps)).toEqual(expected));

  it('goes by the numbers, not by the order it is given in', () => {
    const records = moves('+1', '+2', '-1', '+3', '+4', '-3');
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: records.length }), (shuffled) => {
        expect(stageOf(shuffled, 'prod')).toEqual(stageOf(records, 'prod'));
      }),
    );
  });

  it('passes other stages over', () => {
    const elsewhere = moves('+9').map((record) => ({ ...record, stage: 'staging' }));
    expect(stageOf([...elsewhere, ...moves('+1')], 'prod').live).toBe('1');
    expect(stagesOf([...elsewhere, ...moves('+1')])).toEqual(['prod', 'staging']);
  });

  it('rolling back again and again visits every promoted version once, newest first, and ends', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50).map(String), { minLength: 1, maxLength: 9 }), (versions) => {
        const steps = versions.map((version) => `+${version}`);
        const visited: string[] = [];
        for (let at = stageOf(moves(...steps), 'prod').live; at !== null; ) {
          visited.push(at);
          const { before } = stageOf(moves(...steps), 'prod');
          if (before !== null) steps.push(`-${before}`);
          at = before;
        }
        expect(visited).toEqual([...versions].reverse());
      }),
    );
  });

  it('a promotion taken back leaves what a rollback goes to as it was', () => {
    const step = fc
      .tuple(fc.constantFrom('+', '-'), fc.nat(4).map(String))
      .map(([sign, version]) => sign + version);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const before = stageOf(moves(...steps), 'prod');
        const after = stageOf(moves(...steps, '+new', `-${before.live ?? ''}`), 'prod');
        expect([after.live, after.before]).toEqual([before.live, before.before]);
      }),
    );
  });
});

describe('what was live when', () => {
  const records = moves('+1', '+2', '-1', '+3');

  it('has a period for every move', () => {
    expect(
      livePeriods(records, 'prod').map(({ version, until }) => [version, until?.slice(0, 10) ?? null]),
    ).toEqual([
      ['1', '2026-01-02'],
      ['2', '2026-01-03'],
      ['1', '2026-01-04'],
      ['3', null],
    ]);
  });

  it.each([
    ['2025-12-31', []],
    ['2026-01-01', ['1']],
    ['2026-01-02', ['1', '2']],
    ['2026-01-02T12:00:00Z', ['2']],
    ['2026-01-02T11:59:59.999Z', ['1']],
    ['2026-01-01T11:00:00Z', []],
    ['2026-06-01', ['3']],
  ])('on %s', (date, expected) => {
    expect(liveOn(records, { stage: 'prod', date }).map(({ version }) => version)).toEqual(expected);
  });

  it('knows empty stages', () => {
    expect(liveOn(moves('+1', '-'), { stage: 'prod', date: '2026-02-01' })).toEqual([]);
  });

  it.each(['yesterday', '2026-13-45', '24.11.2026', ''])('refuses %j', (date) => {
    expect(() => liveOn(records, { stage: 'prod', date })).toThrow(UserError);
  });
});

describe('rollbackTarget', () => {
  const ask = (steps: readonly string[], version?: string) =>
    rollbackTarget(moves(...steps), { model: 'income', stage: 'prod', version });

  it('is the version before, or the one named', () => {
    expect(ask(['+1', '+2'])).toBe('1');
    expect(ask(['+1', '+2', '+3'], '1')).toBe('1');
    expect(ask(['+1', '+2', '-1'], '2')).toBe('2');
  });

  it.each([
    ['never on the stage', [], undefined, /never on prod/],
    ['nothing before', ['+1'], undefined, /nothing to roll back to/],
    ['all walked back', ['+1', '+2', '-1'], undefined, /nothing to roll back to/],
    ['an empty stage', ['+1', '-'], undefined, /is empty/],
    ['a version never live there', ['+1', '+2'], '9', /v9 was never live on prod/],
  ])('%s is said', (_case, steps, version, message) => {
    expect(() => ask(steps, version)).toThrow(message);
    expect(() => ask(steps, version)).toThrow(UserError);
  });
});
