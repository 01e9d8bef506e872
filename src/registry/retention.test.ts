import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RetainedRun, retain } from './retention.js';

const NOW = new Date('2026-03-01T00:00:00Z');
const DAY = 86_400;

function run(number: number, fields: Partial<RetainedRun> = {}): RetainedRun {
  const time = new Date(NOW.getTime() - (100 - number) * DAY * 1000).toISOString();
  return {
    id: `run-${String(number).padStart(3, '0')}`,
    model: 'income',
    time,
    parent: null,
    artifacts: [],
    ...fields,
  };
}
const none = { references: [], comparisons: [], now: NOW };
const idsOf = (runs: readonly RetainedRun[]) => runs.map(({ id }) => id);

test('the newest of each model and the young are kept, the rest goes, oldest first', () => {
  const runs = [
    run(1),
    run(2),
    run(3),
    run(4, { model: 'churn' }),
    run(99, { model: 'other' }),
    run(98, { model: 'other' }),
  ];
  const { kept, pruned } = retain({ runs: 1, age: 5 * DAY }, { ...none, runs });
  expect(idsOf(pruned)).toEqual(['run-001', 'run-002']);
  expect([...kept]).toEqual([
    ['run-099', 'newest 1'],
    ['run-098', 'young'],
    ['run-004', 'newest 1'],
    ['run-003', 'newest 1'],
  ]);
});

test('what is referred to is kept, and what that goes back to and was compared with', () => {
  const runs = [run(1), run(2), run(3), run(4), run(5, { parent: 'run-004' }), run(6)];
  const { kept, pruned } = retain(
    { runs: 1, age: 0 },
    {
      ...none,
      runs,
      references: [{ run: 'run-005', why: 'version income@v1.0.0' }],
      comparisons: [
        { candidate: 'run-005', baseline: 'run-003' },
        // Of a run that is pruned, and of one kept only as a baseline.
        { candidate: 'run-002', baseline: 'run-001' },
        { candidate: 'run-003', baseline: 'run-001' },
        { candidate: 'run-006', baseline: null },
      ],
    },
  );
  expect(idsOf(pruned)).toEqual(['run-001', 'run-002']);
  expect(kept.get('run-003')).toBe('baseline of a kept run');
  expect(kept.get('run-004')).toBe('a kept run goes back to it');
  expect(kept.get('run-005')).toBe('version income@v1.0.0');
});

test('every run is either kept or pruned; a laxer rule keeps no less; nothing that is referred to goes', () => {
  const some = fc.record({
    count: fc.integer({ min: 1, max: 30 }),
    rule: fc.record({ runs: fc.integer({ min: 1, max: 10 }), age: fc.nat({ max: 40 * DAY }) }),
    more: fc.nat({ max: 5 }),
    referred: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }),
    compared: fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })), {
      maxLength: 8,
    }),
  });
  fc.assert(
    fc.property(some, ({ count, rule, more, referred, compared }) => {
      const runs = Array.from({ length: count }, (_, i) => run(i + 1, { model: i % 3 === 0 ? 'a' : 'b' }));
      const id = (number: number) => run(number).id;
      const of = {
        runs,
        references: referred.map((number) => ({ run: id(number), why: 'version' })),
        comparisons: compared.map(([a, b]) => ({ candidate: id(a), baseline: id(b) })),
        now: NOW,
      };
      const { kept, pruned } = retain(rule, of);
      expect(pruned.length + runs.filter((one) => kept.has(one.id)).length).toBe(count);
      expect(pruned.some((one) => of.references.some((reference) => reference.run === one.id))).toBe(false);
      const lax = retain({ runs: rule.runs + more, age: rule.age + more * DAY }, of);
      for (const one of kept.keys()) expect(lax.kept.has(one)).toBe(true);
      for (const { candidate, baseline } of of.comparisons) {
        const why = kept.get(candidate);
        if (why !== undefined && why !== 'baseline of a kept run') expect(kept.has(baseline)).toBe(true);
      }
    }),
  );
});
