import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonWithoutCommands, withoutCommands } from './neutral.js';

/** What actions/runner does with a line of the log (ActionCommand.TryParseV2 and TryParse), near enough. */
function isCommand(line: string): boolean {
  const trimmed = line.replace(/^[\s\u0085\u180e\u200b]+/, '');
  return trimmed.startsWith('::') || line.includes('##[');
}

describe('text in the log of GitHub Actions', () => {
  test.each([
    ['::set-env name=PATH::/evil', ': :set-env name=PATH::/evil'],
    ['  \t::error::x', '  \t: :error::x'],
    ['epoch 1\r::stop-commands::x', 'epoch 1\n: :stop-commands::x'],
    ['note ##[add-path]/evil', 'note ## [add-path]/evil'],
    ['\u00a0\u2003\u0085::x', '\u00a0\u2003\u0085: :x'],
    ['std::vector::push_back', 'std::vector::push_back'],
    ['', ''],
  ])('%j becomes %j', (line, safe) => {
    expect(withoutCommands(line)).toBe(safe);
  });

  test('is never a command, whatever it was', () => {
    const part = fc.constantFrom(
      '::',
      ':',
      '##[',
      '#',
      '[',
      ' ',
      '\t',
      '\r',
      '\n',
      '\u2028',
      '\u0085',
      'a',
      'error',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 12 }), (parts) => {
        const lines = withoutCommands(parts.join('')).split(/\r\n|\r|\n/);
        expect(lines.filter(isCommand)).toEqual([]);
      }),
    );
  });

  test('JSON keeps its meaning', () => {
    const document = { text: '##[add-path]/evil', '##[': ['####[', '\\##['] };
    const json = jsonWithoutCommands(JSON.stringify(document, null, 2));
    expect(json).not.toContain('##[');
    expect(JSON.parse(json)).toEqual(document);
  });
});
