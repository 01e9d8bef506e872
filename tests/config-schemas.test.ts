import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readConfigFile } from '../src/config/file.js';
import { configSchema } from '../src/config/schema.js';
import { configReference, jsonSchemas } from '../tools/schemas.js';

/** Also the generator: `npm run schemas` runs this file with --update. */
describe('generated files are up to date (npm run schemas)', () => {
  for (const [name, content] of Object.entries(jsonSchemas())) {
    test(`schemas/${name}`, () => expect(content).toMatchFileSnapshot(`../schemas/${name}`));
  }
  test('docs/config.md', () => expect(configReference()).toMatchFileSnapshot('../docs/config.md'));
});

test('every key of assay.yml says what it means', () => {
  const undescribed: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const { properties, ...rest } = schema as { properties?: Record<string, { description?: string }> };
    for (const [key, property] of Object.entries(properties ?? {})) {
      if (!property.description) undescribed.push(`${path}.${key}`);
      visit(property, `${path}.${key}`);
    }
    for (const [key, value] of Object.entries(rest)) visit(value, `${path}/${key}`);
  };
  visit(JSON.parse(jsonSchemas()['config.json'] ?? ''), '');
  expect(undescribed).toEqual([]);
});

describe('the annotated example', () => {
  const example = readFileSync(new URL('../docs/config-example.yml', import.meta.url), 'utf8');
  const file = readConfigFile(example, 'assay.yml');

  test('is understood as a whole', () => {
    const result = configSchema.safeParse(file.yaml.value);
    expect(result.error?.issues).toBeUndefined();
    expect(result.success).toBe(true);
  });

  test('is refused only for what this version cannot do, each by name', () => {
    const features = file.problems.map((problem) => problem.message);
    expect(features).toMatchInlineSnapshot(`
      [
        "\`notify\` is not available in this version",
        "\`steps: executor\` is not available in this version",
        "\`tune\` is not available in this version",
        "\`serve\` is not available in this version",
        "\`monitor\` is not available in this version",
        "\`deploy: kubernetes\` is not available in this version",
        "\`deploy: kubernetes\` is not available in this version",
        "\`deploy: strategy\` is not available in this version",
      ]
    `);
  });
});
