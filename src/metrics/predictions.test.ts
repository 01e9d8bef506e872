import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EvaluateConfig, evaluateConfig } from '../config/model.js';
import { UserError } from '../errors.js';
import type { Predictions } from './columnar.js';
import { parsePredictions } from './predictions.js';

type Settings = Partial<Record<keyof EvaluateConfig, unknown>>;

function parse(text: string, settings: Settings = {}, file = 'p.csv'): Predictions {
  const config = evaluateConfig.parse({ predictions: file, task: 'binary', ...settings });
  return parsePredictions(text, { file, config });
}

function failure(text: string, settings: Settings = {}, file = 'p.csv'): UserError {
  try {
    parse(text, settings, file);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('it was read without an error');
}

function binary(text: string, settings: Settings = {}, file = 'p.csv') {
  const predictions = parse(text, settings, file);
  if (predictions.task !== 'binary') throw new Error('not binary');
  return predictions;
}

const HEADER = 'id,y_true,y_pred,y_score';

describe('parsePredictions', () => {
  it('reads columns', () => {
    const read = binary(`${HEADER},sex,w\na,1,0,0.25,F,2\nb,0,1,0.75,M,0.5\n`, {
      slices: ['sex'],
      columns: { weight: 'w' },
    });
    expect(read).toMatchObject({ rows: 2, ids: ['a', 'b'], classes: ['0', '1'], file: 'p.csv' });
    expect([...read.labels]).toEqual([1, 0]);
    expect([...read.predicted]).toEqual([0, 1]);
    expect([...(read.scores ?? [])]).toEqual([0.25, 0.75]);
    expect([...(read.weights ?? [])]).toEqual([2, 0.5]);
    expect(read.slices.get('sex')).toMatchObject({ values: ['F', 'M'] });
  });

  it.each([
    ['a byte order mark and CRLF', `\uFEFF${HEADER}\r\n1,1,1,0.5\r\n2,0,0,0.5\r\n`],
    ['no line break at the end', `${HEADER}\n1,1,1,0.5\n2,0,0,0.5`],
    ['blank lines', `${HEADER}\n1,1,1,0.5\n\n2,0,0,0.5\n\n\n`],
    ['quotes', `"id","y_true","y_pred","y_score"\n"1","1","1","0.5"\n"2",0,0,0.5\n`],
    ['tabs', `${HEADER}\n1,1,1,0.5\n2,0,0,0.5\n`.replaceAll(',', '\t')],
    ['semicolons', `${HEADER}\n1,1,1,0.5\n2,0,0,0.5\n`.replaceAll(',', ';')],
    ['blanks around fields', ` id , y_true,y_pred ,y_score\n1, 1 ,1.0, 0.5 \n2,0,0, 0.5\n`],
    ['1.0 and 1, True and true', `${HEADER}\n1,1.0,True,0.5\n2,0.0,false,5e-1\n`],
    [
      'JSON Lines',
      '{"id":1,"y_true":1,"y_pred":true,"y_score":0.5}\n{"y_score":0.5,"id":2,"y_true":0,"y_pred":0.0}',
    ],
  ])('reads %s', (_, text) => {
    const read = binary(text);
    expect(read).toMatchObject({ rows: 2, ids: expect.any(Array) });
    expect([...read.labels, ...read.predicted, ...(read.scores ?? [])]).toEqual([1, 0, 1, 0, 0.5, 0.5]);
  });

  it('keeps a delimiter and a line break inside quotes', () => {
    const read = binary(`${HEADER},g\n1,1,1,0.5,"a, ""b""\nc"\n2,0,0,0.5,d\n`, { slices: ['g'] });
    expect(read.slices.get('g')?.values).toEqual(['a, "b"\nc', 'd']);
  });

  it('predicts by the threshold when there is no prediction column', () => {
    const text = 'y_true,y_score\n1,0.3\n0,0.29\n';
    expect([...binary(text, { threshold: 0.3 }).predicted]).toEqual([1, 0]);
    expect(binary(text).ids).toBeNull();
  });

  it('takes the likeliest class when several have scores', () => {
    const read = parse('y_true,p_a,p_b,p_c\na,0.2,0.5,0.3\nb,0.4,0.4,0.2\n', {
      task: 'multiclass',
      columns: { score: 'p_{label}' },
    });
    expect(read).toMatchObject({ classes: ['a', 'b', 'c'] });
    expect([...(read.task === 'multiclass' ? read.predicted : [])]).toEqual([1, 0]);
  });

  it('takes the score of the positive class where each class has one', () => {
    const text = 'y_true,p[no],p[yes]\nyes,0.4,0.6\nno,0.9,0.1\n';
    const settings = { positive: 'yes', columns: { score: 'p[{label}]' } };
    expect([...(binary(text, settings).scores ?? [])]).toEqual([0.6, 0.1]);
    expect(failure(text.replace('p[yes]', 'p[yeah]'), settings).message).toBe(
      'there is no score column for the positive class "yes"',
    );
  });

  it('does without scores', () => {
    expect(binary('y_true,y_pred\n1,1\n0,1\n').scores).toBeNull();
  });

  it('reads the positive label of two texts', () => {
    const text = 'y_true,y_pred\n>50K,<=50K\n<=50K,<=50K\n';
    const read = binary(text, { positive: '>50K' });
    expect(read.classes).toEqual(['<=50K', '>50K']);
    expect([...read.labels]).toEqual([1, 0]);
    expect([...binary('y_true,y_pred\n-1,1\n1,1\n').labels]).toEqual([0, 1]);
    expect([...binary('y_true,y_pred\n0,1\n1,1\n', { positive: 0 }).labels]).toEqual([1, 0]);
    expect([...binary('y_true,y_pred\nTrue,1\nFalse,1\n', { positive: true }).labels]).toEqual([1, 0]);
  });

  it('orders classes that are numbers by their value, and keeps codes with leading zeros apart', () => {
    const read = parse('y_true,y_pred\n10,9\n9,10\n2,2.0\n', { task: 'multiclass' });
    expect(read).toMatchObject({ classes: ['2', '9', '10'] });
    expect(parse('y_true,y_pred\n01,1\n1,01\n', { task: 'multiclass' })).toMatchObject({
      classes: ['01', '1'],
    });
  });

  it('names the group of rows without a value', () => {
    const read = binary(`${HEADER},g\n1,1,1,0.5,\n2,0,0,0.5,NA\n`, { slices: ['g'] });
    expect(read.slices.get('g')?.values).toEqual(['(missing)', 'NA']);
  });

  it('may slice by the label', () => {
    const read = binary(`${HEADER}\n1,1,1,0.5\n2,0,0,0.5\n`, { slices: ['y_true'] });
    expect(read.slices.get('y_true')?.values).toEqual(['0', '1']);
  });
});

describe('parsePredictions of other tasks', () => {
  it.each([
    ['a|b', 'a', ''],
    ['["a", "b"]', "['a']", '[]'],
    ['[a, b]', '["a"]', ''],
    ['a;b', "['a']", '[]'],
  ])('reads lists of labels: %s', (both, one, none) => {
    const quoted = [both, one, none].map((text) => `"${text.replaceAll('"', '""')}"`);
    const text = `y_true,y_pred\n${quoted.map((list) => `${list},${list}`).join('\n')}\n`;
    const predictions = parse(text, { task: 'multilabel' });
    expect(predictions).toMatchObject({ task: 'multilabel', classes: ['a', 'b'], rows: 3 });
    if (predictions.task !== 'multilabel') throw new Error('not multilabel');
    expect(predictions.labels.map((column) => [...column])).toEqual([
      [1, 1, 0],
      [1, 0, 0],
    ]);
    expect(predictions.predicted).toEqual(predictions.labels);
  });

  it('predicts the labels whose score reaches the threshold', () => {
    const rows = '{"y_true":["x"],"p[x]":0.7,"p[y]":0.2}\n{"y_true":[],"p[x]":0.1,"p[y]":0.6}\n';
    const predictions = parse(rows, { task: 'multilabel', columns: { score: 'p[{label}]' } }, 'p.jsonl');
    if (predictions.task !== 'multilabel') throw new Error('not multilabel');
    expect(predictions.predicted.map((column) => [...column])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('keeps the history of a forecast for its scale only', () => {
    const text =
      'id,s,day,y_true,y_pred,g\n9,a,2026-01-03,7,6,x\n1,a,2026-01-01,1,,x\n2,a,2026-01-02,3,,y\n3,b,2026-01-01,5,5,y\n';
    const predictions = parse(text, {
      task: 'forecast',
      columns: { query: 's', time: 'day' },
      slices: ['g'],
    });
    expect(predictions).toMatchObject({
      rows: 2,
      ids: ['9', '3'],
      labels: Float64Array.of(7, 5),
      predicted: Float64Array.of(6, 5),
      naive: { absolute: Float64Array.of(2, Number.NaN), squared: Float64Array.of(4, Number.NaN) },
    });
    expect(predictions.slices.get('g')?.codes).toEqual(Int32Array.of(0, 1));
  });

  it('takes the median of the quantiles for a prediction', () => {
    const text = 'y_true,q[0.9],q[0.5]\n1,3,2\n';
    const predictions = parse(text, { task: 'regression', columns: { score: 'q[{label}]' } });
    expect(predictions).toMatchObject({
      predicted: Float64Array.of(2),
      quantiles: [
        { level: 0.5, values: Float64Array.of(2) },
        { level: 0.9, values: Float64Array.of(3) },
      ],
    });
  });

  it('takes any number as the score of a ranking', () => {
    const predictions = parse('query,y_true,y_score\nb,0,-7\na,3,2e9\n', { task: 'ranking' });
    expect(predictions).toMatchObject({
      scores: Float64Array.of(-7, 2e9),
      queries: { codes: Int32Array.of(1, 0), values: ['a', 'b'] },
    });
  });
});

describe('parsePredictions refuses', () => {
  it.each([
    ['an empty file', '', 'the predictions file is empty', undefined],
    ['blank lines only', '\n \n', 'the predictions file is empty', undefined],
    ['a header only', `${HEADER}\n`, 'the predictions file has a header and no rows', undefined],
    ['a missing label column', 'id,y_ture,y_pred\n1,1,1\n', 'there is no column "y_true"', 1],
    ['neither prediction nor score', 'id,y_true\n1,1\n', 'there is no column "y_pred"', 1],
    ['a column twice', 'id,id,y_true,y_pred\n1,1,1,1\n', 'the column "id" is there twice', 1],
    ['a short line', `${HEADER}\n1,1,1\n2,0,0,0.5\n`, 'this line has 3 fields where the header has 4', 2],
    ['a long line', `${HEADER}\n1,1,1,0,5\n2,0,0,0.5\n`, 'this line has 5 fields where the header has 4', 2],
    [
      'a cut-off last line',
      `${HEADER}\n1,1,1,0.5\n2,0`,
      'the last line is cut off: it has 2 fields where the header has 4',
      3,
    ],
    [
      'a cut-off last line after quotes',
      `${HEADER}\n1,"1",1,0.5\n2,0`,
      'the last line is cut off: it has 2 fields where the header has 4',
      3,
    ],
    [
      'a short line among quotes',
      `${HEADER}\n1,"1",1\n2,0,0,0.5`,
      'this line has 3 fields where the header has 4',
      2,
    ],
    [
      'duplicate ids',
      `${HEADER}\n7,1,1,0.5\n8,0,0,0.5\n7,0,0,0.5\n`,
      '1 duplicate of id: line 4 repeats line 2',
      4,
    ],
    ['a missing id', `${HEADER}\n,1,1,0.5\n8,0,0,0.5\n`, 'no id in 1 row: line 2', 2],
    [
      'missing labels',
      `${HEADER}\n1,,1,0.5\n2,NaN,0,0.5\n3,1,0,0.5`,
      'y_true is missing in 2 rows: lines 2, 3',
      2,
    ],
    ['a missing prediction', `${HEADER}\n1,1,,0.5\n2,0,0,0.5\n`, 'y_pred is missing in 1 row: line 2', 2],
    ['a score above 1', `${HEADER}\n1,1,1,1.5\n2,0,0,0.5\n`, 'y_score is outside [0, 1] in 1 row: line 2', 2],
    [
      'a score below 0',
      `${HEADER}\n1,1,1,0.5\n2,0,0,-1e-9\n`,
      'y_score is outside [0, 1] in 1 row: line 3',
      3,
    ],
    ['a score NaN', `${HEADER}\n1,1,1,nan\n2,0,0,0.5\n`, 'y_score is missing or NaN in 1 row: line 2', 2],
    [
      'a score that is text',
      `${HEADER}\n1,1,1,high\n2,0,0,0x1\n`,
      'y_score is not a number in 2 rows: lines 2, 3',
      2,
    ],
    ['a score Infinity', `${HEADER}\n1,1,1,inf\n2,0,0,0\n`, 'y_score is not a number in 1 row: line 2', 2],
    [
      'three classes',
      'y_true,y_pred\n1,1\n2,2\n3,1\n',
      'there are 3 classes, and task: binary has two',
      undefined,
    ],
    [
      'a predicted class that is no label',
      'y_true,y_pred\n1,1\n0,2\n',
      'y_pred has a class that y_true does not have',
      undefined,
    ],
    [
      'two texts without positive',
      'y_true,y_pred\nno,yes\nyes,yes\n',
      'which label is the positive one: "no" or "yes"?',
      undefined,
    ],
    ['a quote that stays open', `${HEADER}\n1,1,1,"0.5\n2,0,0,0.5\n`, /^this is not readable as CSV: /, 2],
    ['JSON Lines cut off', '{"y_true":1,"y_pred":1}\n{"y_true":1,"y_p', /^the last line is cut off/, 2],
    ['a broken JSON line', '{"y_true":1,"y_pred":1}\n{"y_true":}\n', 'this line is not JSON', 2],
    ['a JSON list', '{"y_true":1,"y_pred":1}\n[1,2]\n', 'this line is not a JSON object', 2],
    [
      'NaN in JSON',
      '{"y_true":1,"y_score":0.5}\n{"y_true":0,"y_score":NaN}\n',
      /^NaN and Infinity are not JSON/,
      2,
    ],
    [
      'a list in JSON',
      '{"y_true":1,"y_score":[0.5]}\n{"y_true":0,"y_score":1}\n',
      'y_score is not a number in 1 row: line 1',
      1,
    ],
  ])('%s', (_, text, message, line) => {
    const error = failure(text);
    expect(error.message).toMatch(message);
    if (typeof message === 'string') expect(error.message).toBe(message);
    expect(error.location).toEqual({ file: 'p.csv', ...(line === undefined ? {} : { line }) });
    expect(error.mend).toEqual(expect.any(String));
  });

  it('a predictions file of another task', () => {
    expect(failure('y_true,y_pred\na,a\n1,1.5\n', { task: 'regression' }).message).toBe(
      '2 defects in the predictions: y_true is not a number in 1 row: line 2; y_pred is not a number in 1 row: line 2',
    );
  });

  it('tells all defects at once', () => {
    const error = failure(`${HEADER}\n1,,1,0.5\n2,0,0,7\n2,0,0,\n3,1,1,0.5\n`);
    expect(error.message).toBe(
      '4 defects in the predictions: y_true is missing in 1 row: line 2; y_score is outside [0, 1] in 1 row: line 3; ' +
        '1 duplicate of id: line 4 repeats line 3; y_score is missing or NaN in 1 row: line 4',
    );
  });

  it('names the nearest column', () => {
    expect(failure('id,y_tru,y_pred\n1,1,1\n').mend).toContain('did you mean "y_tru"?');
    expect(failure('a,b\n1,1\n').mend).toContain('columns there are: "a", "b"');
  });

  it('a named column that is absent, though its default may be', () => {
    const text = 'y_true,y_score\n1,0.5\n0,0.5\n';
    for (const columns of [{ id: 'key' }, { prediction: 'guess' }, { score: 'p' }, { weight: 'w' }]) {
      expect(failure(text, { columns }).message).toBe(`there is no column "${Object.values(columns)[0]}"`);
    }
    expect(failure(text, { slices: [['sex', 'race']] }).message).toBe('there is no column "sex"');
  });

  it('a positive label that no row has', () => {
    const error = failure('y_true,y_pred\nno,yes\nyes,yes\n', { positive: 'Yes' });
    expect(error.message).toBe('no row has the positive label "Yes"; the labels are "no" and "yes"');
  });

  it('weights that are no weights', () => {
    const columns = { weight: 'w' };
    expect(failure('y_true,y_pred,w\n1,1,-1\n0,0,1\n', { columns }).message).toBe(
      'w is negative in 1 row: line 2',
    );
    expect(failure('y_true,y_pred,w\n1,1,0\n0,0,0\n', { columns }).message).toBe('w is 0 in every row');
    expect(failure('y_true,y_pred,w\n1,1,\n0,0,x\n', { columns }).message).toMatch(
      /^2 defects .*w is missing in 1 row: line 2; w is not a number in 1 row: line 3$/,
    );
  });

  it('class scores that do not fit', () => {
    const settings = { task: 'multiclass', columns: { score: 'p[{label}]' } };
    expect(failure('y_true,p[a],p[b]\na,0.5,0.5\nc,0.5,0.5\n', settings).message).toBe(
      'a class among labels and predictions has no score column: "p[c]"',
    );
    expect(failure('y_true,p[a],p[b]\na,0.5,0.5\nb,0.5,0.9\n', settings).message).toBe(
      'the scores of row 2 do not sum to 1',
    );
    expect(failure('y_true,q\na,0.5\n', settings).message).toBe('there is no column "p[{label}]"');
  });

  it('a slice column that is an identifier', () => {
    const rows = Array.from({ length: 201 }, (_, i) => `${i},1,1,0.5`);
    expect(failure([HEADER, ...rows].join('\n'), { slices: ['id'] }).message).toBe(
      'the slice column "id" has more than 200 different values',
    );
  });

  it('a label column of more values than classes can have', () => {
    const rows = Array.from({ length: 2001 }, (_, i) => `${i}.5,1`);
    expect(failure(['y_true,y_pred', ...rows].join('\n')).message).toBe('y_true has more than 2,000 classes');
  });

  it('a ranking without queries, with negative relevance, or with weights that differ within a query', () => {
    expect(failure(`${HEADER}\n1,1,1,1\n`, { task: 'ranking' }).message).toBe('there is no column "query"');
    const rows = 'id,query,y_true,y_score,w\n1,a,1,0.5,1\n2,a,-1,7,2\n';
    const error = failure(rows, { task: 'ranking', columns: { weight: 'w' } });
    expect(error.message).toBe(
      '2 defects in the predictions: y_true is negative in row 2; w differs within one query (row 2)',
    );
  });

  it('a forecast that is missing between others, and a file without one', () => {
    const text = 'id,s,t,y_true,y_pred\n1,a,3,1,\n2,a,1,1,\n3,a,2,1,5\n';
    const settings = { task: 'forecast', columns: { query: 's', time: 't' } };
    expect(failure(text, settings).message).toMatch(/^y_pred is missing or NaN after the first forecast/);
    expect(failure(text.replace('5', ''), settings).message).toBe('no row has a forecast');
  });

  it('quantiles that are none', () => {
    const text = 'y_true,y_pred,q[1.5]\n1,1,1\n';
    const error = failure(text, { task: 'regression', columns: { score: 'q[{label}]' } });
    expect(error.message).toBe('q[1.5] is no quantile: 1.5 is not between 0 and 1');
  });

  it('labels that are no list, and bits that are neither 0 nor 1', () => {
    expect(failure('y_true,y_pred\n[a,a\n', { task: 'multilabel' }).message).toBe(
      'y_true is not a list of labels in 1 row: line 2',
    );
    const bits = { task: 'multilabel', columns: { label: 't[{label}]', prediction: 'p[{label}]' } };
    expect(failure('t[a],p[a]\n1,2\n', bits).message).toBe('p[a] is neither 0 nor 1 in row 1');
  });

  it('never shows a value that is no column or class', () => {
    const error = failure(`${HEADER}\nalice@example.org,1,1,secret\nalice@example.org,0,0,0.5\n`);
    expect(`${error.message} ${error.mend}`).not.toMatch(/alice|secret/);
  });
});

describe('parsePredictions on any rows', () => {
  const row = fc.record({
    y_true: fc.constantFrom(0, 1),
    y_score: fc.double({ min: 0, max: 1, noNaN: true }),
    group: fc.string({ unit: 'binary', maxLength: 6 }).filter((text) => text.trim() === text && text !== ''),
  });

  it('reads the same from CSV with quotes and from JSON Lines', () => {
    const settings = { slices: ['group'] };
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const csv = rows.map((one) => `${one.y_true},${one.y_score},${quoted(one.group)}`);
        const fromCsv = parse(['y_true,y_score,group', ...csv].join('\n'), settings);
        const fromJson = parse(rows.map((one) => JSON.stringify(one)).join('\n'), settings);
        expect(fromCsv).toEqual(fromJson);
      }),
    );
  });

  it('throws nothing but a UserError, whatever the text', () => {
    const piece = fc.constantFrom(
      HEADER,
      '\n',
      ',',
      '"',
      '1',
      '0.5',
      '{',
      '}',
      'y_true',
      ':',
      '\r',
      '\t',
      'NaN',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          expect(parse(pieces.join('')).rows).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
