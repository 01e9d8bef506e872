import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runOf } from '../../tests/fakes/run.js';
import { UserError } from '../errors.js';
import { BUMPS, compareVersions, formatVersion, nextVersion, parseVersion, usualBump } from './version.js';

const parsed = (text: string) => {
  const version = parseVersion(text);
  if (!version) throw new Error(`${text} does not parse`);
  return version;
};
const number = fc.nat(1000);
const identifier = fc.stringMatching(/^[0-9a-zA-Z-]{1,8}$/).filter((text) => !/^0\d+$/.test(text));
const version = fc
  .record({
    major: number,
    minor: number,
    patch: number,
    prerelease: fc.array(identifier, { maxLength: 3 }),
    build: fc.option(fc.stringMatching(/^[0-9a-zA-Z-]{1,8}$/)),
  })
  .map(formatVersion);

describe('semantic versions', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(version, (text) => {
        expect(formatVersion(parsed(text))).toBe(text);
      }),
    );
  });

  it.each([
    '',
    '1',
    '1.2',
    'v1.2.3',
    '01.2.3',
    '1.2.3-',
    '1.2.3-01',
    '1.2.3+',
    '1.2.3 ',
    '1.2.3\n',
    '9'.repeat(400),
    '1.2.99999999999999999999',
  ])('refuses %j', (text) => expect(parseVersion(text)).toBeUndefined());

  it('have the order of semver.org', () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.1.0',
      '2.0.0',
    ];
    for (const [index, older] of ordered.entries()) {
      for (const newer of ordered.slice(index + 1)) {
        expect(compareVersions(parsed(older), parsed(newer)), `${older} < ${newer}`).toBeLessThan(0);
        expect(compareVersions(parsed(newer), parsed(older)), `${newer} > ${older}`).toBeGreaterThan(0);
      }
    }
    expect(compareVersions(parsed('1.0.0+a'), parsed('1.0.0+b'))).toBe(0);
  });

  it('are a total order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const order = (left: string, right: string) =>
          Math.sign(compareVersions(parsed(left), parsed(right)));
        expect(order(a, b) + order(b, a)).toBe(0);
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('nextVersion', () => {
  it.each([
    [[], 'patch', '1.0.0'],
    [[], 'major', '1.0.0'],
    [['1.0.0', '1.10.0', '1.9.9'], 'minor', '1.11.0'],
    [['1.2.3'], 'patch', '1.2.4'],
    [['1.2.3'], 'major', '2.0.0'],
    [['2.0.0-rc.1'], 'major', '2.0.0'],
    [['2.0.0-rc.1'], 'minor', '2.0.0'],
    [['2.0.1-rc.1'], 'patch', '2.0.1'],
    [['2.1.0-rc.1'], 'major', '3.0.0'],
    [['nonsense', '0.3.0'], 'minor', '0.4.0'],
  ] as const)('%j by %s is %s', (existing, bump, expected) => {
    expect(nextVersion(existing, bump)).toBe(expected);
  });

  it('is higher than every version there is', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1 }), fc.constantFrom(...BUMPS), (existing, bump) => {
        const next = parsed(nextVersion(existing, bump));
        for (const older of existing) expect(compareVersions(parsed(older), next)).toBeLessThan(0);
      }),
    );
  });

  it('takes an exact number, also between others, and refuses one that exists or is none', () => {
    expect(nextVersion(['1.0.0', '2.0.0'], { exactly: 'v1.5.0' })).toBe('1.5.0');
    expect(() => nextVersion(['1.0.0'], { exactly: '1.0.0+again' })).toThrow(UserError);
    expect(() => nextVersion([], { exactly: 'one' })).toThrow(/semantic version/);
  });
});

describe('usualBump', () => {
  const before = runOf({ params: { depth: 6, rate: 0.1 } });
  it.each([
    ['the same code and parameters, in any order', runOf({ params: { rate: 0.1, depth: 6 } }), 'patch'],
    ['another parameter', runOf({ params: { rate: 0.2, depth: 6 } }), 'minor'],
    ['another commit', runOf({ params: before.params, commit: 'b'.repeat(40) }), 'minor'],
    ['uncommitted changes', runOf({ params: before.params, dirty: true }), 'minor'],
    ['another command', runOf({ params: before.params, command: 'node other.mjs' }), 'minor'],
  ])('%s', (_case, run, expected) => expect(usualBump(run, before)).toBe(expected));

  it('is minor when nothing is known of the version before', () => {
    expect(usualBump(before, undefined)).toBe('minor');
  });
});
