import { describe, expect, test } from 'vitest';
import { driftConfig } from '../../config/data.js';
import { clopperPearson } from '../../statistics/proportions.js';
import { randomOf } from '../../statistics/random.js';
import type { DatasetVerdict } from './decide.js';
import { drawSample, judge, type Sample, sampleOf } from './simulation.js';

/** How often drift is seen where there is none: fourteen columns, each awkward in its way, both sides drawn from them alike. */

const settings = driftConfig.parse({});

function verdictOf(reference: Sample, current: Sample, seed: number | null): DatasetVerdict {
  return judge({ reference, current, settings }, seed);
}

function nullVerdict(rows: readonly [number, number], seed: number, classify: boolean): DatasetVerdict {
  const random = randomOf(seed);
  const reference = drawSample({ rows: rows[0], random });
  const current = drawSample({ rows: rows[1], random });
  return verdictOf(reference, current, classify ? seed : null);
}

describe('without drift', () => {
  // Many more comparisons of every size are in bench/drift.mjs. In large samples the floors on effects leave hardly any false alarm.
  test('a dataset is called drifted in at most 5 of 100 comparisons, whatever its size', async ({
    annotate,
  }) => {
    const sizes: readonly (readonly [reference: number, current: number, runs: number])[] = [
      [30, 30, 400],
      [50, 50, 200],
      [40, 400, 100],
      [100, 100, 150],
      [300, 300, 60],
      [1000, 1000, 30],
      [10_000, 10_000, 10],
      [100_000, 100_000, 3],
    ];
    const all = { drifted: 0, runs: 0 };
    const shown: string[] = [];
    for (const [reference, current, runs] of sizes) {
      let drifted = 0;
      for (let run = 0; run < runs; run++) {
        if (nullVerdict([reference, current], 1 + run, false).verdict === 'drift') drifted++;
      }
      const [low, high] = clopperPearson({ k: drifted, n: runs }).map((share) => (100 * share).toFixed(1));
      shown.push(`${reference}/${current}: ${drifted} of ${runs}, 95% interval ${low}% to ${high}%`);
      expect(Number(low), shown.join('; ')).toBeLessThanOrEqual(5);
      all.drifted += drifted;
      all.runs += runs;
    }
    await annotate(shown.join('\n'));
    expect(clopperPearson({ k: all.drifted, n: all.runs })[1], shown.join('; ')).toBeLessThanOrEqual(0.05);
  }, 120_000);

  test('with the classifier, whose p-values are uniform', () => {
    const runs = 80;
    const p: number[] = [];
    let drifted = 0;
    for (let run = 0; run < runs; run++) {
      const verdict = nullVerdict([220, 220], 1000 + run, true);
      if (verdict.verdict === 'drift') drifted++;
      p.push(verdict.classifier?.p ?? Number.NaN);
    }
    expect(clopperPearson({ k: drifted, n: runs })[0]).toBeLessThanOrEqual(0.05);
    const below = (level: number) => p.filter((value) => value <= level).length;
    for (const level of [0.1, 0.5, 0.9]) {
      const [low, high] = clopperPearson({ k: below(level), n: runs, level: 0.999 });
      expect(low).toBeLessThanOrEqual(level);
      expect(high).toBeGreaterThanOrEqual(level);
    }
  });

  test('a single test is not cautious to the point of blindness: of all p-values about one in twenty is below 0.05', () => {
    const [names, runs] = [['normal', 'ages', 'mostly_zero', 'plan', 'rare_categories'], 300];
    const hits = new Map<string, number>();
    for (let run = 0; run < runs; run++) {
      for (const { column } of nullVerdict([50, 50], 5000 + run, false).columns) {
        const [first] = column.tests;
        if (first && first.p <= 0.05) hits.set(column.name, (hits.get(column.name) ?? 0) + 1);
      }
    }
    for (const name of names) {
      const [low, high] = clopperPearson({ k: hits.get(name) ?? 0, n: runs, level: 0.999 });
      expect(low, name).toBeLessThanOrEqual(0.05);
      expect(high, name).toBeGreaterThanOrEqual(0.02);
    }
  });
});

describe('with drift', () => {
  const shifted = (change: (value: number, name: string) => number) => {
    const random = randomOf(8);
    const reference = drawSample({ rows: 500, random });
    const current = drawSample({ rows: 500, random, change });
    return verdictOf(reference, current, 8);
  };
  const drifted = (verdict: DatasetVerdict) =>
    verdict.columns.flatMap((one) => (one.verdict === 'drift' ? [one.column.name] : []));

  test('a shift of half a standard deviation, and nothing else', () => {
    const verdict = shifted((value, name) => (name === 'normal' ? value + 0.5 : value));
    expect(verdict.verdict).toBe('drift');
    expect(drifted(verdict)).toEqual(['normal']);
    const decided = verdict.columns[0]?.decided;
    expect(decided?.test).toMatchObject({ test: 'kolmogorov-smirnov', effect: { name: 'wasserstein' } });
    expect(decided?.test.effect.value).toBeCloseTo(0.5, 0);
  });

  test('zeros that become something', () => {
    let count = 0;
    const verdict = shifted((value, name) =>
      name === 'mostly_zero' && value === 0 && count++ % 5 === 0 ? 1000 + count : value,
    );
    expect(drifted(verdict)).toEqual(['mostly_zero']);
  });

  test('missing values', () => {
    let count = 0;
    const verdict = shifted((value, name) => (name === 'ages' && count++ % 10 === 0 ? Number.NaN : value));
    expect(drifted(verdict)).toEqual(['ages']);
    expect(verdict.columns.find(({ column }) => column.name === 'ages')?.decided?.test.of).toBe('missing');
  });

  test('a new category', () => {
    let count = 0;
    const verdict = shifted((value, name) => (name === 'plan' && count++ % 20 === 0 ? 99 : value));
    expect(drifted(verdict)).toEqual(['plan']);
    expect(verdict.columns.find(({ column }) => column.name === 'plan')?.column.newValues).toBe(25);
  });

  test('a change between columns that no column shows', () => {
    const random = randomOf(3);
    const pair = (rows: number, sign: number): Sample => {
      const x = Float64Array.from({ length: rows }, () => random.normal());
      const y = x.map((value) => sign * value + 0.3 * random.normal());
      return sampleOf({ x, y });
    };
    const verdict = verdictOf(pair(1000, 1), pair(1000, -1), 1);
    expect(drifted(verdict)).toEqual([]);
    expect(verdict.classifier).toMatchObject({ drift: true });
    expect(verdict.classifier?.auc).toBeGreaterThan(0.9);
    expect(verdict.verdict).toBe('drift');
  });
});
