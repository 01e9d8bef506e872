import { describe, expect, test } from 'vitest';
import { unavailable } from '../src/config/availability.js';
import { readConfigFile } from '../src/config/file.js';
import { parseConfig } from '../src/config/load.js';
import { findSecrets, hideSecrets } from '../src/config/secrets.js';
import { problemsOf } from './config-scene.js';

describe('what this version cannot do is refused by name', () => {
  test('as it is printed', () => {
    const text = `data:
  d: { source: release:v1/a.csv, reference: b.csv }
models:
  m:
    train: { run: a, executor: spark }
    tune: { objective: auc, wrong: 1 }
    deploy:
      prod: { kubernetes: { namespace: ml } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:5:32: \`executor: spark\` is not available in this version
        5 |     train: { run: a, executor: spark }
          |                                ^^^^^
        write executor: local, or leave it out

      assay.yml:6:5: \`tune\` is not available in this version
        6 |     tune: { objective: auc, wrong: 1 }
          |     ^^^^

      assay.yml:8:15: \`deploy: kubernetes\` is not available in this version
        8 |       prod: { kubernetes: { namespace: ml } }
          |               ^^^^^^^^^^
        write run: with a command of your own that deploys

        3 problems in assay.yml"
    `);
  });

  const features = {
    notify: 'notify: [{ slack: $URL, on: [alert] }]',
    'steps: executor': 'data: { d: { source: a.csv, steps: [{ name: clean, run: a, executor: spark }] } }',
    'train: notebook': 'models: { m: { train: { notebook: a.ipynb } } }',
    executor: 'models: { m: { train: { run: a, executor: ray } } }',
    tune: 'models: { m: { train: { run: a }, tune: { objective: a, space: {} } } }',
    serve: 'models: { m: { train: { run: a }, serve: { with: flask } } }',
    monitor: 'models: { m: { train: { run: a }, monitor: { window: { source: a, every: 1d } } } }',
    'deploy: kubernetes': 'models: { m: { train: { run: a }, deploy: { p: { kubernetes: {} } } } }',
    'deploy: sagemaker': 'models: { m: { train: { run: a }, deploy: { p: { sagemaker: {} } } } }',
    'deploy: terraform': 'models: { m: { train: { run: a }, deploy: { p: { terraform: {} } } } }',
    'deploy: docker': 'models: { m: { train: { run: a }, deploy: { p: { docker: {} } } } }',
    'deploy: webhook': 'models: { m: { train: { run: a }, deploy: { p: { webhook: {} } } } }',
    'deploy: strategy':
      'models: { m: { train: { run: a }, deploy: { p: { webhook: {}, strategy: { canary: [10] } } } } }',
  };

  test('every entry of the table has a case here', () => {
    expect(Object.keys(features).sort()).toEqual(unavailable.map(({ feature }) => feature).sort());
  });

  test.each(Object.entries(features))('%s', (feature, text) => {
    const messages = readConfigFile(text, 'assay.yml').problems.map(({ message }) => message);
    const named = feature === 'executor' ? 'executor: ray' : feature;
    expect(messages).toContain(`\`${named}\` is not available in this version`);
    for (const message of messages) expect(message).toMatch(/ is not available in this version$/);
  });

  test('a default that says the same as nothing is not refused', () => {
    const text =
      'notify: []\ndata: { d: { source: a.csv, steps: [{ name: a, run: b, executor: local }] } }\nmodels: { m: { train: { run: a, executor: local } } }';
    expect(parseConfig(text, 'assay.yml').config.models.m?.train?.executor).toBe('local');
  });
});

describe('a literal secret', () => {
  // Put together here, so that no scanner takes this file for a leak.
  const secrets = {
    'a Slack webhook address': `https://hooks.slack.com/${'services'}/T0AAAAAAA/B0AAAAAAA/abcdefghijklmnop`,
    'a Slack token': `xo${'xb'}-123456789012-abcdefghij`,
    'a GitHub token': `gh${'p_'}abcdefghijklmnopqrstuvwxyz0123456789`,
    'a GitLab token': `gl${'pat-'}abcdefghijklmnopqrst`,
    'an AWS access key': `AK${'IA'}ABCDEFGHIJKLMNOP`,
    'a Google API key': `AI${'za'}${'a'.repeat(35)}`,
    'a Hugging Face token': `h${'f_'}${'a'.repeat(34)}`,
    'an npm token': `np${'m_'}${'a'.repeat(36)}`,
    'an API key': `s${'k-'}proj-${'a1'.repeat(20)}`,
    'a private key': `-----BEGIN ${'RSA '}PRIVATE KEY-----`,
    'a password in an address': 'postgres://user:hunter2@db.example.com/ml',
    'a Teams webhook address': 'https://prod-1.westeurope.logic.azure.com:443/workflows/a/triggers?sig=abc',
  };

  test.each(Object.entries(secrets))('%s is found and never printed', (name, secret) => {
    const text = `models:\n  m:\n    train: { run: a, env: { KEY: '${secret}' } }\n    gate: 3\n`;
    const shown = problemsOf(text);
    expect(shown).toContain(`this looks like ${name}`);
    expect(shown).not.toContain(name === 'a password in an address' ? 'hunter2' : secret);
    expect(hideSecrets(text)).toHaveLength(text.length);
  });

  test('also in a comment, in a key, and where another message would quote it', () => {
    const token = secrets['a GitHub token'];
    for (const text of [
      `# ${token}\nmodels: {}`,
      `${token}: 1`,
      `models: { m: { baseline: ${token} } }`,
      `version: ${token}`,
    ]) {
      expect(problemsOf(text)).toContain('this looks like a GitHub token');
      expect(problemsOf(text)).not.toContain(token.slice(0, 12));
    }
  });

  test('as it is printed', () => {
    expect(
      problemsOf(`models:\n  m:\n    train: { run: a, env: { TOKEN: ${secrets['a GitHub token']} } }\n`),
    ).toMatchInlineSnapshot(`
      "assay.yml:3:36: this looks like a GitHub token; a secret is never written into a file of the repository
        3 |     train: { run: a, env: { TOKEN: **************************************** } }
          |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        revoke it, since history keeps it; then name an environment variable instead, such as $SLACK_WEBHOOK_URL"
    `);
  });

  test('names of variables and ordinary texts are none', () => {
    const innocent =
      '$SLACK_WEBHOOK_URL $' +
      '{GITHUB_TOKEN} https://example.com/a@b s3://bucket/AKIA skip-this-one sk-learn-with-a-very-long-name-of-a-model task-12345678901234567890123456789012345 http://user:$PASSWORD@host';
    expect(findSecrets(innocent)).toEqual([]);
  });
});

describe('a file made to harm', () => {
  const bomb = Array.from(
    { length: 12 },
    (_, level) =>
      `l${level}: &l${level} [${
        level === 0
          ? '1'
          : Array(9)
              .fill(`*l${level - 1}`)
              .join(', ')
      }]`,
  ).join('\n');
  test.each([
    ['aliases that multiply', bomb],
    ['100,000 open brackets', `a: ${'['.repeat(100_000)}`],
    ['100,000 open braces', `a: ${'{a: '.repeat(100_000)}`],
    ['lists in lists in one line', '- '.repeat(50_000)],
    ['keys in keys in one line', '? '.repeat(50_000)],
    ['1,000 levels', Array.from({ length: 1000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    [
      'a chain of aliases',
      Array.from({ length: 3000 }, (_, n) => `k${n}: &k${n} [${n ? `*k${n - 1}` : 1}]`).join('\n'),
    ],
    ['a line of 900,000 characters', `models: { m: ${'x'.repeat(900_000)} }`],
    ['10,000 wrong keys', Array.from({ length: 10_000 }, (_, n) => `wrong${n}: 1`).join('\n')],
  ])('%s', (_, text) => {
    const shown = problemsOf(text);
    expect(shown).toMatch(/^assay\.yml:\d+:\d+: /);
    expect(shown.length).toBeLessThan(10_000);
  });

  test('control characters and right-to-left marks are shown as what they are', () => {
    expect(problemsOf('models: { "a\u202eb\u0007": {} } # \u001b[31m\n')).toMatchInlineSnapshot(`
      "assay.yml:1:11: "a‮b\\u0007" cannot be a name here: a name is lower case letters, digits, - and _, at most 64, starting with a letter or digit
        1 | models: { "a�b�": {} } # �[31m
          |           ^^^^^^
        write "a-b""
    `);
  });
});
