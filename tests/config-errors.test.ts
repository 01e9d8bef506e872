import { describe, expect, test } from 'vitest';
import { problemsOf } from './config-scene.js';

/** Every way to write assay.yml wrongly, and the whole of what a person then reads. */

describe('YAML', () => {
  test('an empty file', () => {
    const text = `# nothing yet
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:1: the file is empty
        1 | # nothing yet
          | ^
        write: assay init, or: models: { my_model: { train: { run: python train.py }, metrics: { from: [metrics.json] } } }"
    `);
  });

  test('a tab as indentation', () => {
    const text = `models:
  m:
\ttrain: { run: a }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:3:1: a tab indents this line, and YAML allows only spaces there
        3 | →train: { run: a }
          | ^
        replace the tab by spaces; most editors can do it for the whole file ("convert indentation to spaces")"
    `);
  });

  test('a key twice', () => {
    const text = `models:
  m: { train: { run: a } }
  n: { train: { run: b } }
  m: { train: { run: c } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:4:3: the key "m" is here a second time; the first is in line 2
        4 |   m: { train: { run: c } }
          |   ^
        keep one of them"
    `);
  });

  test('a bracket that is not closed', () => {
    const text = `models: { m: { train: { run: a }
data: {}
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:1: a "{" above is not closed before this line
        2 | data: {}
          | ^"
    `);
  });

  test('a quote that is not closed', () => {
    const text = `data:
  d: { source: "a.csv }
models: {}
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:16: this quote is opened and never closed
        2 |   d: { source: "a.csv }
          |                ^"
    `);
  });

  test('braces inside a text', () => {
    const text = `data: { d: { source: data/{date}.csv } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:27: a text that contains { or [ must be in quotes here
        1 | data: { d: { source: data/{date}.csv } }
          |                           ^"
    `);
  });

  test('two colons in a line', () => {
    const text = `models: m: train
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:9: a second ":" in one line
        1 | models: m: train
          |         ^
        put the text in quotes, or the inner key on a line of its own"
    `);
  });

  test('a colon left out', () => {
    const text = `models:
  m
  train: a
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:3: this line and the one after it do not fit together: is a ":" missing?
        2 |   m
          |   ^"
    `);
  });

  test('two documents', () => {
    const text = `version: 1
---
version: 1
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:1: a second document starts here ("---"); one file holds one
        2 | ---
          | ^^^
        remove this line"
    `);
  });

  test('an alias without its anchor', () => {
    const text = `models: { m: *base }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:14: there is no anchor &base before this alias
        1 | models: { m: *base }
          |              ^^^^^"
    `);
  });

  test('an alias that holds itself', () => {
    const text = `models: { m: &m { train: *m } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:26: an alias (*name) here holds itself, or nests too deep
        1 | models: { m: &m { train: *m } }
          |                          ^^"
    `);
  });

  test('a tag', () => {
    const text = `models: !!python/object:os.system { m: {} }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:35: the tag "!!python/object:os.system" has no meaning here
        1 | models: !!python/object:os.system { m: {} }
          |                                   ^^^^^^^^^
        remove it"
    `);
  });

  test('YAML 1.1', () => {
    const text = `%YAML 1.1
---
version: 1
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:1: only YAML 1.2 is read
        1 | %YAML 1.1
          | ^^^^^
        remove the %YAML line"
    `);
  });

  test('a key that is a list', () => {
    const text = `? [a, b]
: 1
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:3: a key must be a plain text
        1 | ? [a, b]
          |   ^^^^^^"
    `);
  });

  test('a key that would be the prototype', () => {
    const text = `models:
  __proto__: { train: { run: a } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:3: "__proto__" cannot be used as a key
        2 |   __proto__: { train: { run: a } }
          |   ^^^^^^^^^"
    `);
  });

  test('numbers that are not finite', () => {
    const text = `models: { m: { train: { run: a, params: { a: .nan, b: -.inf, c: 1e999 } } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:46: .nan is not a finite number
        1 | models: { m: { train: { run: a, params: { a: .nan, b: -.inf, c: 1e999 } } } }
          |                                              ^^^^

      assay.yml:1:55: -.inf is not a finite number
        1 | models: { m: { train: { run: a, params: { a: .nan, b: -.inf, c: 1e999 } } } }
          |                                                       ^^^^^

      assay.yml:1:65: 1e999 is not a finite number
        1 | models: { m: { train: { run: a, params: { a: .nan, b: -.inf, c: 1e999 } } } }
          |                                                                 ^^^^^

        3 problems in assay.yml"
    `);
  });

  test('a list instead of a map', () => {
    const text = `- models
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:1: expected a map (name: value), not a list
        1 | - models
          | ^^^^^^^^"
    `);
  });

  test('a text instead of a map', () => {
    const text = `hello
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:1: expected a map (name: value), not the text "hello"
        1 | hello
          | ^^^^^"
    `);
  });
});

describe('keys', () => {
  test('unknown at the top', () => {
    const text = `modles: {}
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:1: unknown key "modles"
        1 | modles: {}
          | ^^^^^^
        did you mean "models"?"
    `);
  });

  test('unknown within a model', () => {
    const text = `models:
  m:
    trian: { run: a }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:3:5: unknown key "trian"
        3 |     trian: { run: a }
          |     ^^^^^
        did you mean "train"?"
    `);
  });

  test('unknown within a gate rule', () => {
    const text = `models:
  m:
    train: { run: a }
    gate:
      - metrc: roc_auc
        require: better
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:5:9: unknown key "metrc"
        5 |       - metrc: roc_auc
          |         ^^^^^
        did you mean "metric"?"
    `);
  });

  test('unknown within a requirement', () => {
    const text = `models: { m: { train: { run: a }, gate: [{ metric: auc, require: { mn: 1 } }] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:68: unknown key "mn"
        1 | models: { m: { train: { run: a }, gate: [{ metric: auc, require: { mn: 1 } }] } }
          |                                                                    ^^
        did you mean "min"?"
    `);
  });

  test('unknown within a check', () => {
    const text = `data: { d: { source: a.csv, checks: [{ rows: { minn: 3 } }, { row: { min: 3 } }] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:48: unknown key "minn"
        1 | data: { d: { source: a.csv, checks: [{ rows: { minn: 3 } }, { row: { min: 3 } }] } }
          |                                                ^^^^
        did you mean "min"?

      assay.yml:1:63: unknown key "row"
        1 | data: { d: { source: a.csv, checks: [{ rows: { minn: 3 } }, { row: { min: 3 } }] } }
          |                                                               ^^^
        did you mean "rows"?

        2 problems in assay.yml"
    `);
  });

  test('unknown within a target', () => {
    const text = `models: { m: { train: { run: a }, deploy: { prod: { rnu: a } } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:53: unknown key "rnu"
        1 | models: { m: { train: { run: a }, deploy: { prod: { rnu: a } } } }
          |                                                     ^^^
        did you mean "run"?"
    `);
  });

  test('far from any known key', () => {
    const text = `models: { m: { train: { run: a }, gate: [{ hello: 1 }] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:44: unknown key "hello"
        1 | models: { m: { train: { run: a }, gate: [{ hello: 1 }] } }
          |                                            ^^^^^
        expected a rule: metric (with require, slices, missing), validation or size"
    `);
  });

  test('two kinds of rule in one', () => {
    const text = `models: { m: { train: { run: a }, gate: [{ metric: a, size: { max: 1MB } }] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:55: "size" cannot stand beside "metric"
        1 | models: { m: { train: { run: a }, gate: [{ metric: a, size: { max: 1MB } }] } }
          |                                                       ^^^^
        make it an entry of its own"
    `);
  });

  test('two ways to keep the history', () => {
    expect(problemsOf('history: { branch: a, directory: b }\n')).toMatchInlineSnapshot(`
      "assay.yml:1:23: "directory" cannot stand beside "branch"
        1 | history: { branch: a, directory: b }
          |                       ^^^^^^^^^
        remove one of them"
    `);
  });

  test('a rule without anything', () => {
    const text = `models: { m: { train: { run: a }, gate: [{}, hello] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:42: expected a rule: metric (with require, slices, missing), validation or size
        1 | models: { m: { train: { run: a }, gate: [{}, hello] } }
          |                                          ^^

      assay.yml:1:46: expected a rule: metric (with require, slices, missing), validation or size
        1 | models: { m: { train: { run: a }, gate: [{}, hello] } }
          |                                              ^^^^^

        2 problems in assay.yml"
    `);
  });

  test('missing', () => {
    const text = `data:
  d: { format: csv }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:3: "source" is missing here
        2 |   d: { format: csv }
          |   ^
        add source: (a file, glob or folder relative to assay.yml, https://, s3://, release:TAG/ASSET, or the name of another dataset)"
    `);
  });

  test('missing because it is misspelled', () => {
    const text = `data:
  d: { sorce: a.csv }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:8: unknown key "sorce"
        2 |   d: { sorce: a.csv }
          |        ^^^^^
        did you mean "source"?"
    `);
  });

  test('without a value', () => {
    const text = `models:
  m:
    train:
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:3:5: "train" has no value; expected a map (name: value)
        3 |     train:
          |     ^^^^^
        known here: run, notebook, params, seeds, timeout, executor, outputs, env"
    `);
  });

  test('a name with capitals', () => {
    const text = `models:
  MyModel: { train: { run: a } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:3: "MyModel" cannot be a name here: a name is lower case letters, digits, - and _, at most 64, starting with a letter or digit
        2 |   MyModel: { train: { run: a } }
          |   ^^^^^^^
        write "mymodel""
    `);
  });
});

describe('values', () => {
  test('a wrong unit', () => {
    const text = `models: { m: { train: { run: a, timeout: 2 hours }, gate: [{ size: { max: 200 megabytes } }] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:42: "2 hours" is not a duration; write 90s, 30m, 2h or 1d
        1 | models: { m: { train: { run: a, timeout: 2 hours }, gate: [{ size: { max: 200 megabytes } }] } }
          |                                          ^^^^^^^

      assay.yml:1:75: "200 megabytes" is not a size; write 500kB, 200MB or 1.5GiB
        1 | models: { m: { train: { run: a, timeout: 2 hours }, gate: [{ size: { max: 200 megabytes } }] } }
          |                                                                           ^^^^^^^^^^^^^

        2 problems in assay.yml"
    `);
  });

  test('a negative duration', () => {
    const text = `models: { m: { train: { run: a, timeout: -1 } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:42: -1 is not a duration; write 90s, 30m, 2h or 1d
        1 | models: { m: { train: { run: a, timeout: -1 } } }
          |                                          ^^"
    `);
  });

  test('wrong types', () => {
    const text = `models:
  m:
    train: { run: 5, seeds: [a, 1.5, -1], env: { A: 1 } }
    metrics: { from: metrics.json }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:3:19: expected a text, not 5
        3 |     train: { run: 5, seeds: [a, 1.5, -1], env: { A: 1 } }
          |                   ^
        write it in quotes: '5'

      assay.yml:3:30: expected a number, not the text "a"
        3 |     train: { run: 5, seeds: [a, 1.5, -1], env: { A: 1 } }
          |                              ^

      assay.yml:3:33: expected a whole number, not 1.5
        3 |     train: { run: 5, seeds: [a, 1.5, -1], env: { A: 1 } }
          |                                 ^^^

      assay.yml:3:38: expected at least 0, not -1
        3 |     train: { run: 5, seeds: [a, 1.5, -1], env: { A: 1 } }
          |                                      ^^

      assay.yml:3:53: expected a text, not 1
        3 |     train: { run: 5, seeds: [a, 1.5, -1], env: { A: 1 } }
          |                                                     ^
        write it in quotes: '1'

      assay.yml:4:22: expected a list, not the text "metrics.json"
        4 |     metrics: { from: metrics.json }
          |                      ^^^^^^^^^^^^
        write [metrics.json]

        6 problems in assay.yml"
    `);
  });

  test('a word that is not one of those allowed', () => {
    const text = `models: { m: { train: { run: a }, metrics: { rules: { auc: { direction: hihger } } } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:73: expected one of higher, lower, none, not the text "hihger"
        1 | models: { m: { train: { run: a }, metrics: { rules: { auc: { direction: hihger } } } } }
          |                                                                         ^^^^^^
        did you mean higher?"
    `);
  });

  test('yes and no, as in YAML 1.1', () => {
    const text = `data: { d: { source: a.csv, show_values: yes, columns: { a: { unique: "true" } } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:42: expected true or false, not the text "yes"
        1 | data: { d: { source: a.csv, show_values: yes, columns: { a: { unique: "true" } } } }
          |                                          ^^^
        write true; yes is a text in YAML 1.2

      assay.yml:1:71: expected true or false, not the text "true"
        1 | data: { d: { source: a.csv, show_values: yes, columns: { a: { unique: "true" } } } }
          |                                                                       ^^^^^^
        write true without quotes

        2 problems in assay.yml"
    `);
  });

  test('a share above 1', () => {
    const text = `data: { d: { source: a.csv, columns: { a: { max_missing: 2 } } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:58: 2 is not a share; write a number from 0 to 1, or a percentage up to 100%
        1 | data: { d: { source: a.csv, columns: { a: { max_missing: 2 } } } }
          |                                                          ^"
    `);
  });

  test('another baseline', () => {
    const text = `models: { m: { train: { run: a }, baseline: mergebase } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:45: expected merge-base, branch:NAME, stage:NAME, run:ID or blessed
        1 | models: { m: { train: { run: a }, baseline: mergebase } }
          |                                             ^^^^^^^^^"
    `);
  });

  test('another version', () => {
    const text = `version: 2
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:10: expected 1, the only version there is
        1 | version: 2
          |          ^"
    `);
  });

  test('an empty list', () => {
    const text = `models: { m: { train: { run: a, seeds: [] } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:33: the list must not be empty
        1 | models: { m: { train: { run: a, seeds: [] } } }
          |                                 ^^^^^"
    `);
  });
});

describe('what one part says of another', () => {
  test('a dataset that does not exist', () => {
    const text = `data: { adult: { source: a.csv } }
models: { m: { data: [adlt], train: { run: a } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:23: there is no dataset "adlt"
        2 | models: { m: { data: [adlt], train: { run: a } } }
          |                       ^^^^
        did you mean "adult"?"
    `);
  });

  test('a gate on a dataset the model does not use', () => {
    const text = `data: { adult: { source: a.csv } }
models: { m: { data: [adult], train: { run: a }, gate: [{ validation: adults }] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:2:71: the model does not use a dataset "adults"
        2 | models: { m: { data: [adult], train: { run: a }, gate: [{ validation: adults }] } }
          |                                                                       ^^^^^^
        did you mean "adult"?"
    `);
  });

  test('a gate on a metric without a better side', () => {
    const text = `models: { m: { train: { run: a }, metrics: { rules: { bias: { direction: none } } }, gate: [{ metric: bias }] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:103: "bias" cannot be not-worse: its rule says direction: none
        1 | … { bias: { direction: none } } }, gate: [{ metric: bias }] } }
          |                                                     ^^^^
        give it direction: higher or lower, or require { min: … }, { max: … } or { change: … }"
    `);
  });

  test('a target that does not exist', () => {
    const text = `models: { m: { train: { run: a }, deploy: { prod: { run: b, needs: stagin }, staging: { run: b } } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:68: there is no target "stagin" in this model
        1 | … ain: { run: a }, deploy: { prod: { run: b, needs: stagin }, staging: { run: b } } } }
          |                                                     ^^^^^^
        did you mean "staging"?"
    `);
  });

  test('targets in a circle', () => {
    const text = `models:
  m:
    train: { run: a }
    deploy:
      a: { run: x, needs: b }
      b: { run: x, needs: c }
      c: { run: x, needs: a }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:5:27: a needs b needs c needs a: none could ever be the first
        5 |       a: { run: x, needs: b }
          |                           ^
        remove one of these needs"
    `);
  });

  test('a tolerance that lets everything pass', () => {
    const text = `models: { m: { train: { run: a }, metrics: { rules: { auc: { tolerance: 50% } } } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:73: a tolerance of 50% would call "auc" equal when it is half as large
        1 | models: { m: { train: { run: a }, metrics: { rules: { auc: { tolerance: 50% } } } } }
          |                                                                         ^^^
        write less than 50%; did you mean 0.5%?"
    `);
  });

  test('a model that says nothing', () => {
    const text = `models: { m: {} }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:11: the model "m" says neither how it is trained nor where its metrics are
        1 | models: { m: {} }
          |           ^
        add train: { run: python train.py }, metrics: { from: [metrics.json] } or evaluate: with a predictions file"
    `);
  });

  test('a training without a command', () => {
    const text = `models: { m: { train: { seeds: [1] } } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:1:16: "run" is missing here: the command that trains
        1 | models: { m: { train: { seeds: [1] } } }
          |                ^^^^^
        add run: python train.py"
    `);
  });

  test('two models writing one file', () => {
    const text = `models:
  a: { train: { run: a }, metrics: { from: [out/m.json] } }
  b: { train: { run: b }, metrics: { from: [./out/m.json] } }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "assay.yml:3:45: the models "a" and "b" write the same file
        3 |   b: { train: { run: b }, metrics: { from: [./out/m.json] } }
          |                                             ^^^^^^^^^^^^
        give each model a file of its own"
    `);
  });
});
