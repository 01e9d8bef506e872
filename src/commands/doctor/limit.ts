import type { Check } from './check.js';

/** Where a server stops; told from this share of it on. */
const LOUD_AT = 0.8;

interface Limit {
  readonly used: number;
  readonly limit: number;
  readonly what: string;
  readonly mend: string;
  /** Beyond it some pages and calls of GitHub are cut, and the history still works. */
  readonly isSoft?: boolean;
}

export function limitCheck(one: Limit, format: (value: number) => string): readonly Check[] {
  if (one.used < LOUD_AT * one.limit) return [];
  const percent = Math.floor((one.used / one.limit) * 100);
  const message = `${format(one.used)} ${one.what}: ${percent}% of the ${format(one.limit)} that GitHub allows`;
  const state = one.used < one.limit || one.isSoft ? 'warning' : 'broken';
  return [{ name: 'limits', state, message, mend: one.mend }];
}
