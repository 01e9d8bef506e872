import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.js';
import type { SourceFile } from '../ports.js';
import type { Reading } from './reader.js';
import { readMetricsFile } from './readers.js';

function source(path: string, content: string | Uint8Array, bytes?: number): SourceFile {
  const buffer = Buffer.from(content);
  return {
    path,
    bytes: bytes ?? buffer.length,
    head: async (length) => buffer.subarray(0, length),
    text: async () => buffer.toString(),
    async *chunks() {
      for (let at = 0; at < buffer.length; at += 7) yield new Uint8Array(buffer.subarray(at, at + 7));
    },
    beside: async () => undefined,
    database: () => Promise.reject(new Error('no database here')),
  };
}

const read = (path: string, content: string): Promise<Reading> => readMetricsFile(source(path, content));

async function values(path: string, content: string): Promise<Record<string, number | string>> {
  const { metrics } = await read(path, content);
  return Object.fromEntries(metrics.map(({ name, value, reason }) => [name, value ?? reason ?? 'no reason']));
}

async function errorOf(work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error;
  throw new Error('expected a UserError', { cause: error });
}

describe('JSON', () => {
  test('nested names are dotted; texts, booleans and null are no metrics', async () => {
    const text = JSON.stringify({
      accuracy: 0.91,
      test: { f1: { macro: 0.8 }, n: 100, name: 'x', done: true, best: null, version: '3' },
    });
    expect(await values('m.json', text)).toEqual({ accuracy: 0.91, 'test.f1.macro': 0.8, 'test.n': 100 });
  });

  test('what is not finite is a failed metric with the reason, bare or in quotes', async () => {
    const text = '{"a": NaN, "b": -Infinity, "c": 1e999, "d": "NaN", "e": "inf", "f": 1}';
    expect(await values('out/m.json', text)).toEqual({
      a: 'NaN in out/m.json',
      b: '-Infinity in out/m.json',
      c: 'Infinity in out/m.json',
      d: 'NaN in out/m.json',
      e: 'Infinity in out/m.json',
      f: 1,
    });
  });

  test('a list of numbers is a series, and its last value the metric', async () => {
    const { metrics, series } = await read('m.json', '{"validation": {"logloss": [0.5, NaN, 0.25]}}');
    expect(metrics).toEqual([{ name: 'validation.logloss', value: 0.25 }]);
    expect(series).toEqual([{ name: 'validation.logloss', steps: [0, 1, 2], values: [0.5, null, 0.25] }]);
  });

  test('a list of maps is a table over its steps', async () => {
    const log = [
      { step: 10, epoch: 1, loss: 0.5 },
      { step: 10, epoch: 1, eval_loss: 0.6 },
      { step: 20, epoch: 2, loss: 0.4 },
    ];
    const { metrics, series } = await read('log.json', JSON.stringify({ history: log }));
    expect(metrics).toEqual([
      { name: 'history.loss', value: 0.4 },
      { name: 'history.eval_loss', value: 0.6 },
    ]);
    expect(series).toEqual([{ name: 'history.loss', steps: [10, 20], values: [0.5, 0.4] }]);
  });

  test('rows of name and value are a metric each', async () => {
    const text = JSON.stringify([
      { name: 'latency', unit: 'ms', value: 12 },
      { name: 'throughput', unit: '1/s', value: 80 },
    ]);
    expect(await values('bench.json', text)).toEqual({ latency: 12, throughput: 80 });
  });

  test('nested lists and mixed lists are no metrics', async () => {
    expect(await values('m.json', '{"confusion": [[1, 2], [3, 4]], "mixed": [1, "a"], "acc": 1}')).toEqual({
      acc: 1,
    });
  });

  test('hostile names are kept as they are', async () => {
    const name = '<img src=x>|\u001b[31m::set-output name=a::\u202e';
    expect(await values('m.json', JSON.stringify({ [name]: 1 }))).toEqual({ [name]: 1 });
  });

  test('a million names are refused', async () => {
    const text = `{${Array.from({ length: 1e5 }, (_, index) => `"m${index}":${index}`).join(',')}}`;
    expect((await errorOf(read('m.json', text))).message).toBe('m.json has more than 10,000 numbers');
  });

  test('any number comes back as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.double(), { minKeys: 1 }),
        async (given) => {
          const text = `{${Object.entries(given)
            .map(([name, value]) => `${JSON.stringify(name)}: ${Object.is(value, -0) ? '-0.0' : value}`)
            .join(', ')}}`;
          const expected = Object.entries(given).map(([name, value]) =>
            Number.isFinite(value) ? { name, value } : { name, value: null, reason: `${value} in m.json` },
          );
          const { metrics } = await read('m.json', text);
          expect(new Set(metrics)).toEqual(new Set(expected));
        },
      ),
    );
  });
});

describe('YAML', () => {
  test('nested names, .nan and .inf', async () => {
    const text = '# results\ntest:\n  acc: 0.9\n  loss: .nan\n  worst: -.inf\nname: x\nbig: 1e400\n';
    expect(await values('m.yaml', text)).toEqual({
      'test.acc': 0.9,
      'test.loss': 'NaN in m.yaml',
      'test.worst': '-Infinity in m.yaml',
      big: 'Infinity in m.yaml',
    });
  });

  test('wrong YAML says where', async () => {
    const error = await errorOf(read('m.yaml', 'a: 1\nb: [1, 2\nc: 3\n'));
    expect(error.message).toMatch(/^not valid YAML: /);
    expect(error.location).toMatchObject({ file: 'm.yaml', line: 3 });
  });

  test('a NumPy object is named for what it is', async () => {
    const text = 'acc: !!python/object/apply:numpy.core.multiarray.scalar\n- 1\n';
    const error = await errorOf(read('m.yaml', text));
    expect(error.mend).toMatch(/float\(value\)/);
    expect(error.location).toMatchObject({ line: 1 });
  });

  test('a bomb of aliases, a cycle and deep nesting are refused', async () => {
    const laughs = ['a0: &a0 [1,1,1,1,1,1,1,1,1]'];
    for (let level = 1; level < 9; level++) {
      laughs.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(',')}]`,
      );
    }
    for (const text of [laughs.join('\n'), 'a: &a\n  b: *a\n', `a: ${'['.repeat(20_000)}`]) {
      expect((await errorOf(read('m.yaml', text))).message).toMatch(/^not valid YAML: /);
    }
  });
});

describe('tables', () => {
  test('the last row is the value, the columns are series over the step', async () => {
    const { metrics, series } = await read('log.csv', 'epoch,loss,note\n1,0.5,a\n2,0.4,b\n');
    expect(metrics).toEqual([{ name: 'loss', value: 0.4 }]);
    expect(series).toEqual([{ name: 'loss', steps: [1, 2], values: [0.5, 0.4] }]);
  });

  test('gaps of a logger that writes in turn, padded titles, the index of pandas', async () => {
    const text = ',  step, train/loss , val/loss\n0,10,0.5,\n1,10,,0.6\n2,20,0.4,\n3,30,nan,NA\n';
    const { metrics, series } = await read('results.csv', text);
    expect(metrics).toEqual([
      { name: 'train/loss', value: null, reason: 'NaN in results.csv' },
      { name: 'val/loss', value: 0.6 },
    ]);
    expect(series).toEqual([{ name: 'train/loss', steps: [10, 20, 30], values: [0.5, 0.4, null] }]);
  });

  test.each([
    ['m.txt', 'metric\tvalue\nacc\t0.9\nloss\t-inf\nnote\tx\n'],
    ['m.csv', 'Name;Value\r\nacc;0.9\r\nloss;-inf\r\nnote;x\r\n'],
    ['m.tsv', '\ufeffmetric\tvalue\nacc\t.9\nloss\t-Infinity\nnote\tx'],
  ])('%s: a metric a row', async (path, text) => {
    expect(await values(path, text)).toEqual({ acc: 0.9, loss: `-Infinity in ${path}` });
  });

  test.each([
    ['a,b\n1,2\n3\n', /more or fewer fields/, 3],
    ['1,2\n3,4\n', /must name the columns/, 1],
    ['a,b,a\n1,2,3\n', /"a" is there twice/, 1],
    ['a,b\n', /only a header/, 1],
  ])('%j is refused', async (text, message, line) => {
    const error = await errorOf(read('m.csv', text));
    expect(error.message).toMatch(message);
    expect(error.location).toEqual({ file: 'm.csv', line });
  });
});

describe('name=value lines', () => {
  test('as a step writes them for GitHub', async () => {
    const text = '# results\naccuracy=0.9\nmodel=forest\nreport<<END\nloss=5\nEND\nrecall = 0.5\nf1=NaN\n';
    expect(await values('out.env', text)).toEqual({ accuracy: 0.9, recall: 0.5, f1: 'NaN in out.env' });
  });

  test('a name that comes again is a series', async () => {
    const { metrics, series } = await read('log.txt', 'loss=0.5\nloss=0.4\n');
    expect(metrics).toEqual([{ name: 'loss', value: 0.4 }]);
    expect(series).toEqual([{ name: 'loss', steps: [0, 1], values: [0.5, 0.4] }]);
  });

  test('a line after the first 64 kB that is none is named', async () => {
    const error = await errorOf(read('m.env', `${'a=1\n'.repeat(20_000)}oops\n`));
    expect(error.location).toMatchObject({ file: 'm.env', line: 20_001 });
  });
});

describe('seeds and folds', () => {
  const rows = '[{"fold": 0, "acc": 0.5}, {"fold": 1, "acc": 0.7}, {"fold": 2, "acc": 0.6}]';
  test.each([
    ['m.json', `{"cv": ${rows}}`, 'cv.acc'],
    ['m.jsonl', '{"fold": 0, "acc": 0.5}\n{"fold": 1, "acc": 0.7}\n{"fold": 2, "acc": 0.6}\n', 'acc'],
    ['m.csv', 'fold,acc\n0,0.5\n1,0.7\n2,0.6\nmean,0.6\n', 'acc'],
  ])('%s: rows told apart by a fold are one metric with a value each', async (path, text, name) => {
    const { metrics } = await read(path, text);
    expect(metrics).toEqual([{ name, value: expect.closeTo(0.6, 12), values: [0.5, 0.7, 0.6] }]);
  });

  test('a fold without a number leaves no mean over the others', async () => {
    const text = '{"fit_time": [1, 1], "score_time": [1, 1], "test_r2": [0.5, NaN]}';
    const { metrics } = await read('cv.json', text);
    expect(metrics.at(-1)).toEqual({
      name: 'test_r2',
      value: null,
      reason: 'NaN in cv.json (fold 2)',
      values: [0.5, null],
    });
  });

  test('one seed is no repetition', async () => {
    const { metrics } = await read('m.csv', 'seed,acc\n7,0.5\n7,0.7\n');
    expect(metrics.map(({ name, value }) => [name, value])).toContainEqual(['acc', 0.7]);
    expect(metrics.every(({ values }) => values === undefined)).toBe(true);
  });
});

describe('JSON Lines', () => {
  test('a row a line over its steps, only the numbers of it', async () => {
    const { metrics, series } = await read(
      'log.jsonl',
      '{"step": 1, "loss": 0.5, "prompt": "secret"}\n\n{"step": 2, "loss": NaN}\n{"step": 3, "loss": 0.25}',
    );
    expect(metrics).toEqual([{ name: 'loss', value: 0.25 }]);
    expect(series).toEqual([{ name: 'loss', steps: [1, 2, 3], values: [0.5, null, 0.25] }]);
  });

  test.each([
    ['{"a": 1}\n{"a": \n', 2, 6, /cut off/],
    ['{"a": 1}\n[1]\n', 2, undefined, /expected a JSON object/],
  ])('%j: line %d', async (text, line, column, message) => {
    const error = await errorOf(read('m.jsonl', text));
    expect(error.message).toMatch(message);
    expect(error.location).toEqual({ file: 'm.jsonl', line, ...(column ? { column } : {}) });
  });
});

describe('JUnit XML', () => {
  const suite = (inner: string): string =>
    `<?xml version="1.0"?>\n<testsuite name="s"><properties><property name="auc" value="0.9"/></properties>${inner}</testsuite>`;

  test('counts, and properties that are numbers', async () => {
    const text = suite(
      '<testcase classname="t" name="a" time="1,000.5"><properties><property name="mae" value="2"/><property name="v" value="x"/></properties></testcase>' +
        '<testcase name="b"><failure message="&lt;b&gt;">é</failure></testcase><testcase name="c"><skipped/></testcase>',
    );
    expect(await values('junit.xml', text)).toEqual({
      'tests.pass_rate': 0.5,
      'tests.passed': 1,
      'tests.failed': 1,
      'tests.errors': 0,
      'tests.skipped': 1,
      'tests.seconds': 1000.5,
      auc: 0.9,
      't.a.mae': 2,
    });
  });

  test.each([
    ['<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', /a document type is not read/],
    [suite('<testcase name="&lol;"/>'), /not valid XML/],
    [suite('<testcase>'), /not valid XML/],
    [`<testsuite>${'<a>'.repeat(300)}`, /nested deeper than 200/],
    ['<testsuite/>', /without a test case/],
  ])('%j is refused', async (text, message) => {
    expect((await errorOf(read('junit.xml', text))).message).toMatch(message);
  });
});

describe('Jupyter', () => {
  const cell = (output: object): object => ({ cell_type: 'code', source: 'secret = 5', outputs: [output] });
  const book = (...outputs: object[]): string => JSON.stringify({ nbformat: 4, cells: outputs.map(cell) });
  const printed = (text: string): object => ({ output_type: 'stream', name: 'stdout', text: [text] });

  test('what is displayed as metrics comes before what is printed', async () => {
    const shown = {
      output_type: 'display_data',
      data: { 'application/vnd.assay.metrics+json': { f1: 0.5 } },
    };
    expect(await values('n.ipynb', book(printed('acc=0.9\n'), shown))).toEqual({ f1: 0.5 });
  });

  test('lines name=value that are printed; never the code', async () => {
    const text = book(printed('acc = 0.9\nEpoch 1: loss = 3 now\nloss=0.5\n'), printed('loss=0.25\n'));
    expect(await values('n.ipynb', text)).toEqual({ acc: 0.9, loss: 0.25 });
  });

  test('a cell that failed is noted', async () => {
    const error = { output_type: 'error', ename: 'ValueError', evalue: 'x' };
    const { notes } = await read('n.ipynb', book(printed('acc=1\n'), error));
    expect(notes).toEqual(['a cell of n.ipynb ended with ValueError']);
  });
});

describe('which side is better, where the file says so', () => {
  test.each([
    ['customSmallerIsBetter.json', 'x', 'lower'],
    ['customBiggerIsBetter.json', 'ms', 'higher'],
    ['bench.json', 'ns/iter', 'lower'],
    ['bench.json', 'req/s', 'higher'],
    ['bench.json', 'MB', undefined],
  ])('%s in %s', async (path, unit, direction) => {
    const { metrics } = await read(path, JSON.stringify([{ name: 'b', unit, value: 1 }]));
    expect(metrics).toEqual([{ name: 'b', value: 1, ...(direction ? { direction } : {}) }]);
  });
});

describe('what is no metrics file', () => {
  test.each([
    ['', 'm.json is empty'],
    [' \n\n', 'm.json is empty'],
    ['just words\n', 'm.json is in no format that Assay knows'],
    ['{"name": "x"}', 'm.json (JSON) has no number in it'],
    ['\u0000\u0001\u0002', 'm.json is binary, not text'],
    ['PK\u0003\u0004', 'm.json is a ZIP archive (also what torch.save and numpy.savez write), not text'],
  ])('%j', async (content, message) => {
    expect((await errorOf(read('m.json', content))).message).toBe(message);
  });

  test('a pickle that is called .json is never loaded', async () => {
    const error = await errorOf(readMetricsFile(source('m.json', Buffer.from([0x80, 4, 0x95, 1, 0, 0]))));
    expect(error.message).toBe(
      'm.json is a Python pickle: reading it would run the code in it, and Assay never does',
    );
  });

  test('UTF-16, as PowerShell writes it', async () => {
    const content = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('{"a": 1}', 'utf16le')]);
    const error = await errorOf(readMetricsFile(source('m.json', content)));
    expect([error.message, error.mend]).toEqual([
      'm.json is UTF-16 text',
      expect.stringContaining('-Encoding utf8'),
    ]);
  });

  test('a gigabyte is refused by its size, without reading it', async () => {
    const huge: SourceFile = {
      path: 'm.json',
      bytes: 1e9,
      head: async () => Buffer.from('{"a": 1, "b": '),
      text: () => Promise.reject(new Error('it was read')),
      chunks: () => Promise.reject(new Error('it was read')) as never,
      beside: async () => undefined,
      database: () => Promise.reject(new Error('it was read')),
    };
    expect((await errorOf(readMetricsFile(huge))).message).toBe(
      'm.json is 1 GB; metrics files are read up to 50 MB',
    );
  });
});
