import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { formatTag, parseTag, parseVersionName, type RegistryTag, stageTag, versionTag } from './tag.js';

const name = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9/_-]{0,12}[a-zA-Z0-9])?$/);
const owner = {
  folder: fc.option(fc.stringMatching(/^[a-zA-Z0-9_./-]{1,12}$/)),
  name,
};
const tag: fc.Arbitrary<RegistryTag> = fc.oneof(
  fc.record({
    ...owner,
    kind: fc.constant('version' as const),
    version: fc
      .tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.constantFrom('', '-rc.1', '+linux'))
      .map(([a, b, c, end]) => `${a}.${b}.${c}${end}`),
    withdrawn: fc.boolean(),
  }),
  fc.record({
    ...owner,
    kind: fc.constant('stage' as const),
    stage: name,
    number: fc.option(fc.nat(10_000)),
    emptied: fc.boolean(),
  }),
  fc.record({ ...owner, kind: fc.constantFrom('deprecated' as const, 'created' as const) }),
);

describe('registry tags', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(tag, (each) => {
        expect(parseTag(formatTag(each))).toEqual(each);
      }),
    );
  });

  it('never throw, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const parsed = parseTag(text);
        if (parsed) expect(parseTag(formatTag(parsed))).toEqual(parsed);
      }),
    );
  });

  // Real tags of iterative/example-get-started-experiments and of GTO's documentation.
  it.each([
    [
      'pool-segmentation@v1.0.0',
      { kind: 'version', name: 'pool-segmentation', version: '1.0.0', folder: null, withdrawn: false },
    ],
    ['pool-segmentation#prod#2', { kind: 'stage', stage: 'prod', number: 2, emptied: false }],
    ['pool-segmentation#dev!#3', { kind: 'stage', stage: 'dev', number: 3, emptied: true }],
    ['model#prod', { kind: 'stage', stage: 'prod', number: null }],
    ['model@deprecated', { kind: 'deprecated' }],
    ['model@v1.2.3!', { kind: 'version', version: '1.2.3', withdrawn: true }],
    ['services/a=income@v1.4.0-rc.1', { folder: 'services/a', name: 'income', version: '1.4.0-rc.1' }],
    ['model@v1.2.3#4', { kind: 'version', version: '1.2.3' }],
  ])('reads %s', (text, expected) => expect(parseTag(text)).toMatchObject(expected));

  it.each([
    'v1.0.0',
    'income',
    'income@1.0.0',
    'income@v1',
    'income#',
    '#prod#1',
    '-a@v1.0.0',
    'income#prod#',
    'in come@v1.0.0',
    'income@v1.0.0\n',
  ])('passes %j over', (text) => expect(parseTag(text)).toBeUndefined());

  it('are not made of names that GTO could not read back', () => {
    expect(versionTag('income', '1.4.0')).toBe('income@v1.4.0');
    expect(stageTag('income', 'prod', { number: 3, emptied: false })).toBe('income#prod#3');
    expect(stageTag('income', 'prod', { number: 3, emptied: true })).toBe('income#prod!#3');
    for (const stage of ['', 'prod!', 'a#b', 'pro d', '-x', 'é']) {
      expect(() => stageTag('income', stage, { number: 1, emptied: false }), stage).toThrow(UserError);
    }
  });
});

describe('parseVersionName', () => {
  it.each(['income@v1.4.0', 'income@1.4.0'])('%s', (text) => {
    expect(parseVersionName(text)).toEqual({ model: 'income', version: '1.4.0' });
  });

  it.each(['income', '1.4.0', 'income@prod', 'income#prod#1', 'income@', 'income@v1.4.0!', '@v1.0.0'])(
    'says the form for %j',
    (text) => expect(() => parseVersionName(text)).toThrow(/does not name a version/),
  );
});
