/**
 * The log of GitHub Actions is also its command channel: a line that starts with `::` (after anything that is trimmed as
 * space) or holds `##[` anywhere is a command to the runner (actions/runner, ActionCommand.cs). Text that we did not
 * write must not be one.
 */

/** One or many lines; line ends as the runner sees them: LF, CR LF and a lone CR. */
export function withoutCommands(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/^([^\p{L}\p{N}\p{P}\p{S}]*):(?=:)/u, '$1: ').replaceAll('##[', '## ['))
    .join('\n');
}

/** The same for a JSON document, whose meaning stays as it was: `##[` can only stand inside a string. */
export function jsonWithoutCommands(json: string): string {
  return json.replaceAll('##[', '\\u0023#[');
}
