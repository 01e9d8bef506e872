import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Document, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { parseConfig } from '../src/config/load.js';
import { nearest } from '../src/config/nearest.js';
import { UserError } from '../src/errors.js';

const VALID = `version: 1
data:
  adult:
    source: data/adult.csv
    columns:
      age: { type: integer, required: true, min: 17, max: 90 }
      sex: { allowed: [Female, Male] }
    checks:
      - rows: { min: 1000 }
      - unique: [id, day]
        severity: warn
models:
  income: &income
    data: [adult]
    train:
      run: python train.py
      params: { learning_rate: 0.1, layers: [64, 32], nested: { a: null } }
      seeds: [1, 2, 3]
      timeout: 2h
      outputs: { model: out/model.joblib }
    metrics:
      from: [out/metrics.json]
      rules:
        roc_auc: { direction: higher, tolerance: 0.002 }
        latency_ms: { direction: lower, tolerance: 5% }
    evaluate:
      predictions: out/predictions.csv
      task: binary
      columns: { id: id, label: y_true }
      slices: [sex, [sex, race]]
    baseline: merge-base
    gate:
      - metric: roc_auc
        require: { min: 0.85 }
        slices: all
      - validation: adult
      - size: { max: 200MB }
    deploy:
      staging: { run: ./deploy.sh staging }
      prod: { run: ./deploy.sh prod, needs: staging, health: { url: 'https://example.com/health', timeout: 1m } }
  copy:
    <<: *income
    metrics: { from: [out/copy.json] }
    evaluate: { predictions: out/copy.csv, task: regression }
    train: { run: python copy.py }
`;

/** Parsed, or refused with a place in the text; anything else is a bug. */
function parsesOrExplains(text: string): boolean {
  try {
    parseConfig(text, 'assay.yml');
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { location, message } = error as UserError;
    expect(message).not.toMatch(/invalid input|undefined|\[object|\bzod\b/i);
    expect(location?.line).toBeGreaterThan(0);
    expect(location?.line).toBeLessThanOrEqual(text.split('\n').length);
    expect(location?.column).toBeGreaterThan(0);
    return false;
  }
}

test('the valid config is valid', () => expect(parsesOrExplains(VALID)).toBe(true));

describe('any mutation of a valid config parses or throws a UserError with a place', () => {
  const runs = { numRuns: 100 };

  test('characters put in, taken out or replaced', () => {
    const edit = fc.record({
      at: fc.nat(VALID.length - 1),
      length: fc.nat(12),
      text: fc.oneof(
        fc.string({ maxLength: 4, unit: 'grapheme' }),
        fc.constantFrom(
          '\t',
          '\n',
          '{',
          ']',
          ': ',
          '- ',
          '&a ',
          '*a',
          '!!x ',
          '"',
          "'",
          '|',
          '? ',
          '\0',
          '\r',
          '# ',
        ),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = VALID;
        for (const { at, length, text: put } of edits)
          text = text.slice(0, at) + put + text.slice(at + length);
        parsesOrExplains(text);
      }),
      runs,
    );
  });

  test('values and keys replaced by anything that YAML can say', () => {
    const places: (readonly (string | number)[])[] = [];
    const visit = (node: unknown, path: readonly (string | number)[]): void => {
      places.push(path);
      if (isMap(node)) {
        for (const { key, value } of node.items)
          visit(value, [...path, isScalar(key) ? String(key.value) : '']);
      }
      if (isSeq(node)) for (const [index, item] of node.items.entries()) visit(item, [...path, index]);
    };
    const document = parseDocument(VALID);
    visit(document.contents, []);
    const anything = fc.oneof(
      fc.json().map((json): unknown => JSON.parse(json)),
      fc.constantFrom(null, true, 0, -1, 1e300, '', 'x', [], {}, [[]], { a: 1 }, 'constructor', 'toString'),
      fc.dictionary(
        fc.constantFrom('metric', 'metrc', 'run', 'size', 'rows', 'kubernetes', '__proto__'),
        fc.constantFrom(1, 'a', null, {}, []),
        { noNullPrototype: true },
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places.slice(1)), anything, (path, value) => {
        const mutated = parseDocument(VALID, { merge: true }).toJS() as Record<string, unknown>;
        let parent: Record<string | number, unknown> = mutated;
        for (const part of path.slice(0, -1)) {
          const next = parent[part];
          if (typeof next !== 'object' || next === null) return;
          parent = next as Record<string | number, unknown>;
        }
        parent[path.at(-1) ?? ''] = value;
        parsesOrExplains(new Document(mutated).toString());
      }),
      runs,
    );
  });

  test('any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        parsesOrExplains(text);
      }),
      runs,
    );
  });
});

describe('locate', () => {
  const { locate } = parseConfig(VALID, 'assay.yml');
  const lineOf = (path: readonly (string | number)[]) => locate(path).line;

  test('keys, list items and what a merge brought in', () => {
    const lines = VALID.split('\n');
    expect(locate(['models', 'income', 'gate', 0])).toEqual({ file: 'assay.yml', line: 33, column: 9 });
    expect(lines[(lineOf(['models', 'income', 'gate', 2, 'size', 'max']) ?? 0) - 1]).toContain('max: 200MB');
    expect(lines[(lineOf(['data', 'adult', 'checks', 1]) ?? 0) - 1]).toContain('- unique');
    expect(lineOf(['models', 'copy', 'baseline'])).toBe(lineOf(['models', 'income', 'baseline']));
    expect(lines[(lineOf(['models', 'copy', 'metrics', 'from']) ?? 0) - 1]).toContain('copy.json');
  });

  test('what the file does not say is located at the nearest key above', () => {
    expect(locate(['models', 'income', 'train', 'executor'])).toEqual(locate(['models', 'income', 'train']));
    expect(locate(['notify', 3])).toEqual({ file: 'assay.yml', line: 1, column: 1 });
    expect(locate([])).toEqual({ file: 'assay.yml', line: 1, column: 1 });
  });
});

describe('nearest', () => {
  test('a swap, a letter too many, one too few or a wrong one is recognised', () => {
    const keys = ['train', 'metrics', 'evaluate', 'baseline', 'gate', 'deploy'];
    for (const [typo, meant] of [
      ['trian', 'train'],
      ['metrcs', 'metrics'],
      ['evalluate', 'evaluate'],
      ['baselime', 'baseline'],
      ['GATE', 'gate'],
      ['delpoy', 'deploy'],
    ] as const) {
      expect(nearest(typo, keys)).toBe(meant);
    }
  });

  test('nothing that shares no letter, and nothing among no candidates', () => {
    expect(nearest('x', ['a', 'b'])).toBeUndefined();
    expect(nearest('', ['a'])).toBeUndefined();
    expect(nearest('train', [])).toBeUndefined();
    fc.assert(fc.property(fc.string({ minLength: 1 }), (word) => nearest(word, [word]) === word));
  });
});
