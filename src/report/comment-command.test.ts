import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCommentCommand, spokenLine } from './comment-command.js';

describe('which line is spoken to Assay', () => {
  test.each([
    ['/assay help', 'help'],
    ['Looks fine.\r\n\r\n/assay promote income@v1.2.0 prod  \r\nthanks', 'promote income@v1.2.0 prod'],
    ['/assay', ''],
    ['```\n/assay promote a b\n```\n/assay help', 'help'],
    ['~~~~\n/assay retrain\n~~~~', undefined],
    ['> /assay retrain', undefined],
    ['say /assay retrain', undefined],
    ['`/assay retrain`', undefined],
    ['/assays retrain', undefined],
    ['', undefined],
  ])('%j', (body, line) => {
    expect(spokenLine(body)).toBe(line);
  });
});

describe('what it asks for', () => {
  test.each([
    ['', { kind: 'help' }],
    ['HELP', { kind: 'help' }],
    ['retrain', { kind: 'retrain' }],
    ['accept', { kind: 'accept', run: null, reason: null }],
    ['accept new labels, agreed', { kind: 'accept', run: null, reason: 'new labels, agreed' }],
    ['accept because the labels changed', { kind: 'accept', run: null, reason: 'the labels changed' }],
    [
      'accept 20261124T034602123Z-89abcdef --reason "new labels"',
      { kind: 'accept', run: '20261124T034602123Z-89abcdef', reason: 'new labels' },
    ],
    ['promote income@v1.2.0 prod', { kind: 'promote', version: 'income@v1.2.0', stage: 'prod' }],
    ['promote income@v1.2.0 --to prod', { kind: 'promote', version: 'income@v1.2.0', stage: 'prod' }],
    [
      'rollback income prod',
      { kind: 'rollback', model: 'income', stage: 'prod', version: null, reason: null },
    ],
    [
      'rollback income --stage prod v1.1.0 because latency doubled',
      { kind: 'rollback', model: 'income', stage: 'prod', version: 'v1.1.0', reason: 'latency doubled' },
    ],
  ])('%j', (line, command) => {
    expect(parseCommentCommand(line)).toEqual(command);
  });

  test.each([
    'retrain now',
    'promote',
    'promote income',
    'promote a b c',
    'rollback income',
    'delete everything',
  ])('%j is not guessed at', (line) => {
    expect(parseCommentCommand(line).kind).toBe('unclear');
  });

  test('any text is read without failing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = spokenLine(`/assay ${text}`);
        expect(parseCommentCommand(line ?? '').kind).toBeTypeOf('string');
      }),
    );
  });
});
