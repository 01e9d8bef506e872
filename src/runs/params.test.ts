import { describe, expect, test } from 'vitest';
import { flatParams, overrideParams, paramVariables } from './params.js';

const params = {
  learning_rate: 0.1,
  tree: { depth: 6, 'min leaf': 2 },
  loss: 'log',
  layers: [64, 32],
  on: true,
  x: null,
};

test('nested parameters have dotted names; a list is one value', () => {
  expect([...flatParams(params).keys()]).toEqual([
    'learning_rate',
    'tree.depth',
    'tree.min leaf',
    'loss',
    'layers',
    'on',
    'x',
  ]);
});

describe('paramVariables', () => {
  test('texts as they are, the rest as JSON', () => {
    expect(paramVariables(params)).toEqual({
      ASSAY_PARAM_LEARNING_RATE: '0.1',
      ASSAY_PARAM_TREE__DEPTH: '6',
      ASSAY_PARAM_TREE__MIN_LEAF: '2',
      ASSAY_PARAM_LOSS: 'log',
      ASSAY_PARAM_LAYERS: '[64,32]',
      ASSAY_PARAM_ON: 'true',
      ASSAY_PARAM_X: 'null',
    });
  });

  test('two names that become one variable are refused', () => {
    expect(() => paramVariables({ 'a-b': 1, a_b: 2 })).toThrow(
      'the params "a-b" and "a_b" would both be ASSAY_PARAM_A_B',
    );
  });

  test('what no environment holds is only in the JSON file', () => {
    expect(paramVariables({ long: 'x'.repeat(200_000), nul: 'a\0b', short: 'x' })).toEqual({
      ASSAY_PARAM_SHORT: 'x',
    });
  });
});

describe('overrideParams', () => {
  test('by dotted name, and a whole map', () => {
    expect(overrideParams(params, new Map([['tree.depth', 8]]))).toEqual({
      ...params,
      tree: { depth: 8, 'min leaf': 2 },
    });
    expect(overrideParams(params, new Map([['tree', { depth: 1 }]]))).toEqual({
      ...params,
      tree: { depth: 1 },
    });
  });

  test('a name with a dot of its own', () => {
    expect(overrideParams({ 'a.b': 1 }, new Map([['a.b', 2]]))).toEqual({ 'a.b': 2 });
  });

  test('an unknown name is refused with the nearest, unless there are no params', () => {
    expect(() => overrideParams(params, new Map([['lerning_rate', 1]]))).toThrow(
      expect.objectContaining({
        message: 'there is no param "lerning_rate"',
        mend: 'did you mean learning_rate?',
      }),
    );
    expect(overrideParams({}, new Map([['a.b', 1]]))).toEqual({ a: { b: 1 } });
  });
});
