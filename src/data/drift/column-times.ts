import { categoryEffects, categoryTest } from './categories.js';
import {
  allEffects,
  type ColumnTest,
  constant,
  decidingEffect,
  distanceTest,
  lossNote,
  NO_EFFECTS,
  type Sides,
  untested,
  type Values,
} from './comparison.js';
import { isWhole, standIn } from './evidence.js';
import { seedOf } from './settings.js';

/** Windows shorter than this say nothing about the days of the week, or the hours of the day. */
const SHORTEST_FOR_WEEKDAYS = 14 * 86_400;
const SHORTEST_FOR_HOURS = 2 * 86_400;

/**
 * Times that lie beside each other are two windows of one stream: the later one is no drift, but another rhythm of weekdays or hours
 * is. Times that lie in the same range are compared as numbers.
 */
export function compareTimes(sides: Sides): Values {
  const { reference, current, settings } = sides;
  const [a, b] = [reference.numbers, current.numbers];
  if (!a || !b || !reference.cycles || !current.cycles)
    return untested('its distribution is not in the profile');
  const [left, right] = [standIn(a), standIn(b)];
  const chosen = settings.columns[reference.name]?.test ?? 'auto';
  const middle = right.values[right.values.length >> 1] as number;
  const first = left.values[0] as number;
  const last = left.values[left.values.length - 1] as number;
  const moved = middle > last || middle < first;
  if (chosen === 'kolmogorov-smirnov' || chosen === 'anderson-darling' || !moved) {
    if (first === last && right.values.length === 1 && right.values[0] === first) return constant();
    const effects = allEffects(left, right, null);
    return {
      kind: 'times',
      tests: [distanceTest({ of: 'values', a, b, effect: decidingEffect(sides, effects), chosen })],
      effects,
      newValues: null,
      notes: isWhole(a) && isWhole(b) ? [] : [lossNote(a, b)],
      cells: null,
    };
  }
  const span = Math.min(
    last - first,
    (right.values[right.values.length - 1] as number) - (right.values[0] as number),
  );
  const rhythms = [
    {
      of: 'weekdays' as const,
      a: reference.cycles.weekdays,
      b: current.cycles.weekdays,
      shortest: SHORTEST_FOR_WEEKDAYS,
    },
    {
      of: 'hours' as const,
      a: reference.cycles.hours,
      b: current.cycles.hours,
      shortest: SHORTEST_FOR_HOURS,
    },
  ];
  const tests = rhythms.flatMap(({ of, a: one, b: other, shortest }): readonly ColumnTest[] => {
    if (!one || !other || span < shortest) return [];
    const cells = one.map((count, key) => ({ key, reference: count, current: other[key] ?? 0 }));
    const { test, statistic, p } = categoryTest(cells, {
      seed: seedOf(settings.seed, `${reference.name} ${of}`),
      prefer: 'chi-squared',
    });
    const { jensenShannon } = categoryEffects(cells);
    const floor = settings.columns[reference.name]?.min_effect ?? settings.min_effect.jensen_shannon;
    return [
      { of, test, statistic, p, lowestP: p, effect: { name: 'jensen_shannon', value: jensenShannon, floor } },
    ];
  });
  const effect = tests[0]?.effect.value ?? null;
  return {
    kind: tests.length > 0 ? 'times' : 'not tested',
    tests,
    effects: { ...NO_EFFECTS, jensen_shannon: effect },
    newValues: null,
    notes: [
      tests.length > 0
        ? 'another window of time: compared by its rhythm, not by its dates'
        : 'another window of time, too short to compare its rhythm',
    ],
    cells: null,
  };
}
