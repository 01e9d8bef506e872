import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Masker, secretValues } from './masking.js';

const mask = (values: readonly string[], line: string, limit = 10_000) =>
  new Masker(values).mask(line, limit);

test('secretValues: by name, and passwords in addresses', () => {
  const env = {
    GITHUB_TOKEN: 'token-value',
    DB_PASSWORD: 'hunter2',
    AWS_SECRET_ACCESS_KEY: 'aws-value',
    SLACK_WEBHOOK_URL: 'webhook-value',
    OPENAI_APIKEY: 'api-value',
    DATABASE_URL: 'postgres://ada:pass-word@db/x',
    HOME: '/home/ada',
    PWD: '/work',
    MONKEY: 'banana',
    KEYBOARD: 'qwerty-layout',
    EMPTY_TOKEN: '',
    UNSET_TOKEN: undefined,
  };
  expect(secretValues(env)).toEqual([
    'token-value',
    'hunter2',
    'aws-value',
    'webhook-value',
    'api-value',
    'pass-word',
  ]);
});

describe('Masker', () => {
  test('a secret as it may be printed', () => {
    const secret = 'p@ss "word"/é';
    const forms = [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ];
    for (const form of forms) expect(mask([secret], `<${form}>`)).not.toContain(form);
    expect(mask([secret], `a ${secret} b ${secret}`)).toBe('a *** b ***');
  });

  test('a value of several lines, line by line and inside JSON', () => {
    const key = '-----BEGIN KEY-----\r\nabcdefgh\nijklmnop\n-----END KEY-----\n';
    expect(mask([key], 'abcdefgh')).toBe('***');
    expect(mask([key], `{"key": "${JSON.stringify(key.trim()).slice(1, -1)}"}`)).not.toContain('ijklmnop');
  });

  test('the longer of two secrets wins; short values are not masked', () => {
    expect(mask(['secret-a', 'secret-a-long'], 'secret-a-long secret-a')).toBe('*** ***');
    expect(mask(['1234'], 'epoch 1234')).toBe('epoch 1234');
  });

  test('what is announced is masked from there on', () => {
    const masker = new Masker([]);
    expect(masker.mask('announced-1', 99)).toBe('announced-1');
    expect(masker.mask('::add-mask::announced-1', 99)).toBe('::add-mask::***');
    expect(masker.mask('::add-mask::first line%0Asecond%25line', 99)).toBe('::add-mask::***');
    expect(masker.mask('x announced-1 second%line', 99)).toBe('x *** ***');
  });

  test('tokens that look like it by themselves', () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    expect(mask([], `cloning with ${token}`)).not.toContain(token);
    expect(mask([], 'see https://ada:hunter22@example.org')).not.toContain('hunter22');
  });

  test('no part of a secret is left at the limit, wherever it stands', () => {
    const secret = 'abcdefghij';
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('-', secret, '--'), { maxLength: 12 }),
        fc.nat({ max: 60 }),
        (parts, limit) => {
          const line = parts.join('');
          const masked = mask([secret], line, limit);
          expect(masked).not.toMatch(/[a-j]/);
          if (limit >= line.length) expect(masked).toBe(line.replaceAll(secret, '***'));
        },
      ),
    );
  });
});
