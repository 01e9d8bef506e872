import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DatasetConfig, datasetConfig } from '../../config/data.js';
import { openDataset } from '../../platform/duckdb/dataset.js';
import { sortedValues } from '../sorted-values.js';
import { countBetween, histogramOf } from './histogram.js';
import { momentsOf } from './moments.js';
import { PairSums } from './pair-sums.js';
import { type Profile, profileTable } from './profile.js';
import { quantilesOf, stepsOf } from './quantiles.js';
import type { ProfileColumn } from './record.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function profiled(
  text: string,
  options: { file?: string; threads?: number; config?: object } = {},
): Promise<Profile> {
  const file = options.file ?? 'x.csv';
  await writeFile(join(folder, file), text);
  const config: DatasetConfig = datasetConfig.parse({ source: file, ...options.config });
  const { engine, table } = await openDataset(
    { ...config, folder },
    {
      env: process.env,
      notice: () => undefined,
      cancel: new AbortController().signal,
      threads: options.threads ?? 2,
      memoryBytes: 256 * 1024 * 1024,
    },
  );
  try {
    return await profileTable({ engine, table, config });
  } finally {
    await engine.close();
  }
}

function column(profile: Profile, name: string): ProfileColumn {
  const found = profile.columns.find((each) => each.name === name);
  if (!found) throw new Error(`no column ${name}`);
  return found;
}

const numbersOf = (csv: readonly (number | string)[]) => profiled(['x', ...csv].join('\n'));

describe('types', () => {
  const cases: readonly (readonly [string, readonly string[], ProfileColumn['type'], number])[] = [
    ['whole numbers', ['1', '-2', '+3', '007'], 'integer', 4],
    ['whole numbers beyond 64 bits', ['1', '99999999999999999999999999'], 'integer', 2],
    ['a decimal after many whole numbers', [...Array(1200).fill('5'), '2.5'], 'number', 1201],
    ['a word after many whole numbers', [...Array(1200).fill('5'), 'five'], 'string', 1201],
    ['exponents', ['1e3', '.5', '5.'], 'number', 3],
    ['what pandas would guess and nobody means', ['1_000', '2_000'], 'string', 2],
    ['not a number', ['nan', '1.5'], 'string', 2],
    ['truth', ['true', 'FALSE'], 'boolean', 2],
    ['days', ['2026-01-31', '1969-12-31'], 'date', 2],
    ['days, one with a time', ['2026-01-31', '2026-01-31T12:00:00Z'], 'timestamp', 2],
    ['a day that is not in the calendar', ['2026-02-30', '2026-02-01'], 'string', 2],
    ['nothing', ['""', '""'], 'string', 0],
  ];
  test.each(cases)('%s', async (_, values, type, present) => {
    const { columns } = await numbersOf(values);
    expect(columns[0]).toMatchObject({ type, declared: false, present, invalid: 0 });
  });

  test('a number beyond 64 bits keeps every distinct value', async () => {
    const { columns } = await numbersOf(['9007199254740992', '9007199254740993', '9007199254740993']);
    expect(columns[0]).toMatchObject({ type: 'integer', distinct: 2 });
  });

  test('a declared type stands, and what is not of it is counted and left out', async () => {
    const profile = await profiled('x\n1\ntwo\n3\n', { config: { columns: { x: { type: 'integer' } } } });
    expect(profile.columns[0]).toMatchObject({
      type: 'integer',
      declared: true,
      present: 3,
      invalid: 1,
      distinct: 2,
    });
  });

  test('a column whose first thousand values are missing is typed by the others', async () => {
    const { columns } = await numbersOf([...Array(1500).fill('""'), '1.5', '2.5']);
    expect(columns[0]).toMatchObject({ type: 'number', missing: 1500, distinct: 2 });
  });

  test('JSON: quoted numbers are texts, nested values are counted', async () => {
    const lines = ['{"a":"5","b":1,"c":{"d":1},"e":null}', '{"a":"6","b":2.5,"c":[1],"e":true}'];
    const profile = await profiled(lines.join('\n'), { file: 'x.jsonl' });
    expect(profile.columns.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'a: string',
      'b: number',
      'c: other',
      'e: boolean',
    ]);
    expect(column(profile, 'c')).toMatchObject({ present: 2, distinct: 2 });
  });
});

describe('numbers', () => {
  test('are those of pandas 2 (describe, skew and kurt as SciPy has them)', async () => {
    const { columns } = await numbersOf([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(columns[0]?.numbers).toMatchObject({
      mean: 5,
      sd: 2.138089935299395,
      skewness: 0.65625,
      kurtosis: -0.21875,
      quantiles: { min: 2, p25: 4, p50: 4.5, p75: 5.5, max: 9 },
      zeros: 0,
      negative: 0,
    });
  });

  test('moments survive a mean that is a billion times the spread', () => {
    const { mean, sd } = momentsOf(sortedValues([1e9 + 1, 1e9 + 2, 1e9 + 3]));
    expect(mean).toBe(1e9 + 2);
    expect(sd).toBe(1);
    expect(momentsOf(sortedValues([1e308, 1e308, -1e308, -1e308])).mean).toBe(0);
  });

  test('quantiles are those of the sorted values (type 7), and the histogram loses nothing', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: -20, max: 20 }).map((i) => i / 4),
          { minLength: 1, maxLength: 60 },
        ),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const ordered = [...values].sort((a, b) => a - b);
          const at = (values.length - 1) * share;
          const low = ordered[Math.floor(at)] as number;
          const high = ordered[Math.ceil(at)] as number;
          const sorted = sortedValues(values);
          expect(quantilesOf(sorted, [share])[0]).toBeCloseTo(low + (at - Math.floor(at)) * (high - low), 12);
          const { counts, below, above } = histogramOf(sorted);
          expect(counts.reduce((sum, count) => sum + count, below + above)).toBe(values.length);
          const steps = stepsOf(sorted, 8);
          steps.at.forEach((x, i) => {
            expect(steps.below[i]).toBe(values.filter((value) => value < x).length);
            expect(steps.upto[i]).toBe(values.filter((value) => value <= x).length);
          });
          expect([steps.at[0], steps.at[steps.at.length - 1]]).toEqual([
            ordered[0],
            ordered[values.length - 1],
          ]);
        },
      ),
    );
  });

  test('a long tail does not press the histogram into one bar', () => {
    const values = [...Array.from({ length: 1000 }, (_, i) => i / 1000), 1e6];
    const { counts, above } = histogramOf(sortedValues(values));
    expect(Math.max(...counts)).toBeLessThan(100);
    expect(above).toBeGreaterThan(0);
    expect(countBetween(sortedValues([1, 2, 3]), [1, 2, 3]).counts).toEqual([1, 2]);
  });

  test('correlations use the rows that have both', () => {
    const [x, y] = [
      [1, 2, 3, 4, 5, Number.NaN],
      [2, 1, 4, Number.NaN, 5, 9],
    ];
    const sums = new PairSums([
      { mean: 3, sd: 1.5, gaps: true },
      { mean: 4.2, sd: 3, gaps: true },
    ]);
    sums.add([Float64Array.from(x), Float64Array.from(y)]);
    const [pair] = sums.result();
    // (1,2) (2,1) (3,4) (5,5)
    expect(pair?.rows).toBe(4);
    expect(pair?.r).toBeCloseTo(0.855236, 6);
  });
});

describe('a whole dataset', () => {
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const noise = Math.sin(i * 12.9898) * 43758.5453;
    const x = noise - Math.floor(noise);
    const city = ['Oslo', 'Rome', 'Bern'][Math.floor(x * 3)];
    return `${i},${(x * 100).toFixed(3)},${i % 7 === 0 ? '' : (2 * x * 100 + (i % 5)).toFixed(2)},${city},2026-01-${String(1 + (i % 31)).padStart(2, '0')},planted${i}@example.org`;
  });
  const text = `id,x,y,city,day,email\n${rows.join('\n')}\n`;

  test('is the same to the last bit on one thread and on four', async () => {
    const [one, four] = [await profiled(text, { threads: 1 }), await profiled(text, { threads: 4 })];
    expect(JSON.stringify(one)).toBe(JSON.stringify(four));
    expect(one).toMatchObject({ rows: 3000, duplicates: 0 });
    expect(one.correlations.top[0]).toMatchObject({ a: 'x', b: 'y', rows: 2571 });
    expect(one.correlations.top[0]?.r).toBeGreaterThan(0.99);
    expect(column(one, 'y').missing).toBe(429);
    expect(column(one, 'day').times).toMatchObject({
      quantiles: { min: '2026-01-01', max: '2026-01-31' },
      hours: null,
    });
    expect(column(one, 'city').categories?.top).toHaveLength(3);
  });

  test('shows no value of a text, and no number that is an identifier', async () => {
    const profile = await profiled(text);
    const written = JSON.stringify(profile);
    expect(written).not.toMatch(/Oslo|Rome|Bern|planted/);
    expect(column(profile, 'id')).toMatchObject({ identifier: true, distinct: 3000, numbers: null });
    expect(column(profile, 'email')).toMatchObject({
      identifier: true,
      categories: { top: [], other: { rows: 3000, distinct: 3000 } },
    });
  });

  test('shows them when the dataset says show_values', async () => {
    const profile = await profiled(text, { config: { show_values: true } });
    expect(
      column(profile, 'city')
        .categories?.top.map(({ value }) => value)
        .sort(),
    ).toEqual(['Bern', 'Oslo', 'Rome']);
    expect(column(profile, 'id').numbers?.quantiles.max).toBe(2999);
  });

  test('counts rows that repeat an earlier one, by value', async () => {
    const profile = await profiled('a,b\n1,x\n1.0,x\n1,x\n2,\n2,\n3,z\n');
    expect(profile.duplicates).toBe(3);
  });

  test('without a row has columns without anything', async () => {
    const profile = await profiled('a,b\n');
    expect(profile).toMatchObject({ rows: 0, duplicates: 0, correlations: { pairs: 0 } });
    expect(profile.columns[0]).toMatchObject({ present: 0, distinct: 0, numbers: null, categories: null });
  });

  test('whose columns are named with quotes, spaces and SQL', async () => {
    const profile = await profiled(`"a""; DROP TABLE data; --"," b ",🦆\n1,2,3\n`);
    expect(profile.columns.map(({ name }) => name)).toEqual(['a"; DROP TABLE data; --', ' b ', '🦆']);
  });
});
