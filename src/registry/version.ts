import { UserError } from '../errors.js';
import type { RunRecord } from '../runs/record.js';

/** Semantic versions (semver.org 2.0.0) without the leading `v`. */

export interface SemanticVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Dot-separated identifiers after `-`; empty for a release. */
  readonly prerelease: readonly string[];
  /** Text after `+`; it does not take part in the order. */
  readonly build: string | null;
}

export const BUMPS = ['major', 'minor', 'patch'] as const;
export type Bump = (typeof BUMPS)[number];

const NUMBER = '(?:0|[1-9]\\d{0,14})';
const IDENTIFIER = `(?:${NUMBER}|\\d*[a-zA-Z-][0-9a-zA-Z-]*)`;
/** The grammar of semver.org; numbers have at most 15 digits, so that they are exact. */
export const SEMANTIC_VERSION = `${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?`;
const WHOLE = new RegExp(`^${SEMANTIC_VERSION}$`);

/** `1.4.0`, `1.4.0-rc.1+linux`; undefined for anything else (also with a leading `v`). */
export function parseVersion(text: string): SemanticVersion | undefined {
  if (text.length > 128 || !WHOLE.test(text)) return undefined;
  const [rest = '', build = null] = text.split('+');
  const dash = rest.indexOf('-');
  const core = dash === -1 ? rest : rest.slice(0, dash);
  const [major = 0, minor = 0, patch = 0] = core.split('.').map(Number);
  return { major, minor, patch, prerelease: dash === -1 ? [] : rest.slice(dash + 1).split('.'), build };
}

export function formatVersion(version: SemanticVersion): string {
  const prerelease = version.prerelease.length > 0 ? `-${version.prerelease.join('.')}` : '';
  return `${version.major}.${version.minor}.${version.patch}${prerelease}${version.build === null ? '' : `+${version.build}`}`;
}

/** Order of precedence (semver.org, item 11): negative when `a` is older. Build text does not count. */
export function compareVersions(a: SemanticVersion, b: SemanticVersion): number {
  const core = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (core !== 0) return core;
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Math.sign(b.prerelease.length - a.prerelease.length);
  }
  for (const [index, left] of a.prerelease.entries()) {
    const right = b.prerelease[index];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return a.prerelease.length < b.prerelease.length ? -1 : 0;
}

function compareIdentifiers(a: string, b: string): number {
  const [aNumber, bNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (aNumber && bNumber) return Number(a) - Number(b);
  if (aNumber !== bNumber) return aNumber ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Those whose version parses, the highest version first. */
export function highestFirst<T extends { readonly version: string }>(records: readonly T[]): readonly T[] {
  return records
    .flatMap((record) => {
      const parsed = parseVersion(record.version);
      return parsed ? [{ record, parsed }] : [];
    })
    .sort((a, b) => compareVersions(b.parsed, a.parsed))
    .map(({ record }) => record);
}

/**
 * The version after all `existing` ones; texts that are no versions are passed over. The first is 1.0.0 whatever
 * the bump. A bump leaves a prerelease behind as npm does: 2.0.0-rc.1 becomes 2.0.0 by `major`.
 * `{ exactly }` is taken as it is; throws UserError when it is no version or when it exists.
 */
export function nextVersion(existing: readonly string[], bump: Bump | { readonly exactly: string }): string {
  if (typeof bump === 'object') return exactVersion(existing, bump.exactly);
  const [newest] = highestFirst(existing.map((version) => ({ version })));
  const highest = newest && parseVersion(newest.version);
  if (!highest) return '1.0.0';
  const { major, minor, patch } = highest;
  const unreleased = highest.prerelease.length > 0;
  switch (bump) {
    case 'major':
      return unreleased && minor === 0 && patch === 0 ? `${major}.0.0` : `${major + 1}.0.0`;
    case 'minor':
      return unreleased && patch === 0 ? `${major}.${minor}.0` : `${major}.${minor + 1}.0`;
    case 'patch':
      return unreleased ? `${major}.${minor}.${patch}` : `${major}.${minor}.${patch + 1}`;
  }
}

function exactVersion(existing: readonly string[], text: string): string {
  const version = parseVersion(text.replace(/^v(?=\d)/, ''));
  if (!version) {
    throw new UserError(`${JSON.stringify(text)} is not a semantic version`, {
      mend: 'write three numbers, such as 1.4.0',
    });
  }
  const taken = existing.map(parseVersion).some((other) => other && compareVersions(other, version) === 0);
  if (taken) {
    throw new UserError(`version ${formatVersion(version)} exists already`, {
      mend: 'a released version never changes; choose another number',
    });
  }
  return formatVersion(version);
}

/**
 * How far a run moves the version when nobody says: `patch` when it is the same code, command and parameters as the
 * version before (trained again, on other data or other seeds), `minor` otherwise. `major` is for people to say,
 * since only they know that the model's inputs or outputs changed.
 */
export function usualBump(run: RunRecord, previous: RunRecord | undefined): Bump {
  if (!previous) return 'minor';
  const same =
    run.commit !== null &&
    run.commit === previous.commit &&
    !run.code.dirty &&
    !previous.code.dirty &&
    run.command === previous.command &&
    canonical(run.params) === canonical(previous.params);
  return same ? 'patch' : 'minor';
}

/** JSON with sorted keys, so that equal parameters give equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
