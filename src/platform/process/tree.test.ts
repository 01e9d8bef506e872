import { expect, test } from 'vitest';
import { parsePs, parseStat } from './tree.js';

test('parseStat: a name with spaces and parentheses', () => {
  const stat =
    '42 (a) b (c) S 7 42 40 0 -1 4194304 99 0 0 0 150 50 20 10 20 0 1 0 213862 3133440 414 18446744073709551615';
  expect(parseStat(stat)).toEqual({
    pid: 42,
    parent: 7,
    group: 42,
    session: 40,
    started: '213862',
    dead: false,
    cpuSeconds: 2.3,
  });
});

test('parsePs: hours, days and zombies', () => {
  const line = '  42     7    42 Ss+   1-02:03:04.50 Mon Nov 24 04:28:00 2026';
  expect(parsePs(line)).toEqual({
    pid: 42,
    parent: 7,
    group: 42,
    session: 0,
    started: 'Mon Nov 24 04:28:00 2026',
    dead: false,
    cpuSeconds: 86_400 + 2 * 3600 + 3 * 60 + 4.5,
  });
  expect(parsePs('1 0 1 Z 0:00.07 Mon Nov 24 04:28:00 2026')).toMatchObject({ dead: true, cpuSeconds: 0.07 });
  expect(parsePs('')).toBeUndefined();
});
