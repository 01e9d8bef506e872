/** `/assay …` in a comment: what it asks for. Pure reading of text; whether it may is decided elsewhere. */

export type CommentCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'accept'; readonly run: string | null; readonly reason: string | null }
  | { readonly kind: 'retrain' }
  | { readonly kind: 'promote'; readonly version: string; readonly stage: string }
  | {
      readonly kind: 'rollback';
      readonly model: string;
      readonly stage: string;
      readonly version: string | null;
      readonly reason: string | null;
    }
  | { readonly kind: 'unclear'; readonly why: string };

/** A person writes a line; what is longer was pasted. */
const LONGEST_LINE = 1000;
const RUN_ID = /^\d{8}T\d{4,9}Z?(-[0-9a-f]{0,8})?$/;

/** The line that is spoken to Assay, without the name; undefined when none is. It must begin the line, outside code and quotes. */
export function spokenLine(body: string): string | undefined {
  let fence: string | null = null;
  for (const line of body.slice(0, 65_536).split(/\r?\n/)) {
    const mark: string | null = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]?.slice(0, 3) ?? null;
    if (mark !== null) fence = fence === null ? mark : fence === mark ? null : fence;
    const spoken = fence === null ? /^\/assay(?:\s+(.*))?$/.exec(line.trimEnd()) : null;
    if (spoken) return (spoken[1] ?? '').slice(0, LONGEST_LINE).trim();
  }
  return undefined;
}

/** Reads the words after `/assay`. `--to`, `--stage` and `--reason` are understood as on the command line, and not needed. */
export function parseCommentCommand(line: string): CommentCommand {
  const [reasonless, reason] = splitReason(line);
  const [verb = 'help', ...words] = reasonless.split(/\s+/).filter((word) => word !== '');
  const rest = words.filter((word) => word !== '--to' && word !== '--stage');
  switch (verb.toLowerCase()) {
    case 'help':
      return { kind: 'help' };
    case 'retrain':
      return rest.length === 0
        ? { kind: 'retrain' }
        : unclear('retrain takes nothing: it repeats the whole run');
    case 'accept': {
      const isRun = rest[0] !== undefined && RUN_ID.test(rest[0]);
      const said = reason ?? rest.slice(isRun ? 1 : 0).join(' ');
      return { kind: 'accept', run: isRun ? (rest[0] ?? null) : null, reason: said === '' ? null : said };
    }
    case 'promote': {
      const [version, stage] = rest;
      if (version === undefined || stage === undefined || rest.length > 2) {
        return unclear('say which version and where: `/assay promote income@v1.2.0 prod`');
      }
      return { kind: 'promote', version, stage };
    }
    case 'rollback': {
      const [model, stage, version] = rest;
      if (model === undefined || stage === undefined || rest.length > 3) {
        return unclear('say which model and stage: `/assay rollback income prod`');
      }
      return { kind: 'rollback', model, stage, version: version ?? null, reason };
    }
    default:
      return unclear('there is no such command');
  }
}

function unclear(why: string): CommentCommand {
  return { kind: 'unclear', why };
}

/** `… --reason TEXT`, `… because TEXT`: the text to the end of the line, without quotes around it. */
function splitReason(line: string): readonly [line: string, reason: string | null] {
  const found = /\s(?:--reason[=\s]|because\s)\s*(.+)$/i.exec(line);
  if (!found?.[1]) return [line, null];
  return [line.slice(0, found.index), found[1].trim().replace(/^(["'])(.*)\1$/, '$2')];
}

/** What can be said, as markdown. */
export const COMMENT_HELP = [
  '| say | and it |',
  '| :-- | :-- |',
  '| `/assay accept [RUN] [because …]` | makes the run of this commit (or that run) the accepted baseline |',
  '| `/assay retrain` | runs the measuring workflow again on the head of this pull request |',
  '| `/assay promote income@v1.2.0 prod` | asks the gate, moves the stage, deploys |',
  '| `/assay rollback income prod [1.1.0] [because …]` | puts the version before (or that one) back |',
  '| `/assay help` | shows this |',
].join('\n');
