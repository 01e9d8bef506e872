import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.js';
import { parseCustomMetrics } from './custom.js';

const of = { name: 'profit', split: 'test', rules: {}, source: 'evaluate.custom.profit' };
const parse = (text: string) => parseCustomMetrics(text, of);

describe('parseCustomMetrics', () => {
  it('takes a number, a map, or a list that says more', () => {
    expect(parse('12.5\n')).toMatchObject([
      { name: 'profit', value: 12.5, direction: 'none', split: 'test' },
    ]);
    expect(parse('{"a_loss": 1, "gain": null}')).toMatchObject([
      { name: 'a_loss', value: 1, direction: 'lower' },
      { name: 'gain', value: null, reason: 'the command gave no value' },
    ]);
    const listed =
      '{"metrics":[{"name":"x","value":2,"stderr":0.1,"n":9,"direction":"higher","slice":{"sex":"F"}}]}';
    expect(parse(listed)).toMatchObject([
      { name: 'x', value: 2, stderr: 0.1, n: 9, direction: 'higher', slice: { sex: 'F' } },
    ]);
    expect(parse('{"metrics": 3}')).toMatchObject([{ name: 'metrics', value: 3 }]);
  });

  it('lets a rule decide which side is better', () => {
    const rules = { profit: { direction: 'higher' } } as const;
    expect(parseCustomMetrics('1', { ...of, rules })[0]?.direction).toBe('higher');
  });

  it.each([
    ['', 'printed nothing'],
    ['profit: 3', 'did not print JSON'],
    ['{"a": NaN}', 'printed NaN or Infinity, which are not JSON: print null, with a reason'],
    ['"text"', 'printed JSON that holds no metrics'],
    ['[1, 2]', 'printed JSON that holds no metrics'],
    ['{"a": {"b": 1}}', 'printed JSON that holds no metrics'],
  ])('refuses %j', (text, why) => {
    expect(() => parse(text)).toThrow(UserError);
    expect(() => parse(text)).toThrow(`evaluate.custom.profit ${why}`);
  });
});
