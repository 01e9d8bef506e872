/**
 * What each sink takes, a little below what it is known to refuse. Text is fitted by tiers, from full to summary:
 * a report that is too long gets shorter, and is never left out.
 */

export interface Limit {
  readonly max: number;
  /** UTF-16 units are what `string.length` counts: never fewer than code points, so a text within them fits either way. */
  readonly unit: 'utf-16' | 'bytes';
}

export const LIMITS = {
  /** The API refuses above 65,536 characters. */
  comment: { max: 65_000, unit: 'utf-16' },
  /** 1 MiB per step; above it the upload fails. Other verbs of the step may have written some of it. */
  summary: { max: 1_000_000, unit: 'bytes' },
  /** 65,535 each. */
  checkSummary: { max: 65_000, unit: 'utf-16' },
  checkText: { max: 65_000, unit: 'utf-16' },
  checkTitle: { max: 255, unit: 'utf-16' },
  annotationTitle: { max: 255, unit: 'utf-16' },
  annotationMessage: { max: 60_000, unit: 'bytes' },
  /** 140 characters. */
  statusDescription: { max: 140, unit: 'utf-16' },
  /** 125,000 characters. */
  releaseBody: { max: 120_000, unit: 'utf-16' },
} as const satisfies Record<string, Limit>;

export function sizeOf(text: string, unit: Limit['unit']): number {
  return unit === 'bytes' ? Buffer.byteLength(text) : text.length;
}

/**
 * The first tier that fits; when none does, the last one cut short.
 * @param tiers from full to shortest; each is made only when it is needed
 */
export function fitTiers(options: {
  readonly tiers: readonly (() => string)[];
  readonly limit: Limit;
}): string {
  const { limit } = options;
  let text = '';
  for (const tier of options.tiers) {
    text = tier();
    if (sizeOf(text, limit.unit) <= limit.max) return text;
  }
  return cutMarkdown(text, limit);
}

const CUT_NOTE = '\n\n_… cut: the rest is too long to be shown here._\n';

/**
 * Whole lines of the text, as many as fit, up to a line after which nothing is broken: a table has at least one row below
 * its heading, a diagram is whole or left out, an open code fence and open `<details>` are closed, and a note says that
 * something is missing. A single line that is longer than the limit is left out.
 */
export function cutMarkdown(text: string, limit: Limit): string {
  if (sizeOf(text, limit.unit) <= limit.max) return text;
  const lines = text.split('\n');
  let used = sizeOf(CUT_NOTE, limit.unit);
  let open: Open = { fence: null, diagram: false, details: 0 };
  let end = { lines: 0, open };
  for (const [at, line] of lines.entries()) {
    open = afterLine(open, line);
    used += sizeOf(line, limit.unit) + 1;
    if (used > limit.max) break;
    const isEnd = isWholeAfter(line, { open, next: lines[at + 1] });
    if (isEnd && used + sizeOf(closing(open), limit.unit) <= limit.max) end = { lines: at + 1, open };
  }
  const body = `${lines.slice(0, end.lines).join('\n')}${closing(end.open)}${CUT_NOTE}`;
  return sizeOf(body, limit.unit) <= limit.max ? body : '';
}

const DELIMITERS = /^\|(?: *:?-+:? *\|)+$/;

/** Whether the text may end here, but for what `closing` adds. */
function isWholeAfter(
  line: string,
  { open, next }: { readonly open: Open; readonly next: string | undefined },
): boolean {
  if (open.fence !== null) return !open.diagram;
  const isHeading = DELIMITERS.test(line) || (line.startsWith('|') && DELIMITERS.test(next ?? ''));
  // A list or a paragraph may end anywhere; what is folded has its title on the line after.
  return !isHeading && !/^<details[ >]/.test(line);
}

interface Open {
  /** The fence that is open, as it was written; null outside code. */
  readonly fence: string | null;
  /** What is in the fence is drawn, so that half of it is an error on the page. */
  readonly diagram: boolean;
  readonly details: number;
}

function afterLine(open: Open, line: string): Open {
  const fence = /^(`{3,}|~{3,})/.exec(line)?.[1] ?? null;
  if (open.fence !== null) {
    const closes = fence !== null && line.trim() === fence && fence.length >= open.fence.length;
    return closes ? { ...open, fence: null, diagram: false } : open;
  }
  if (fence !== null) return { ...open, fence, diagram: line.trim() === `${fence}mermaid` };
  const opened = line.match(/<details[ >]/g)?.length ?? 0;
  const closed = line.match(/<\/details>/g)?.length ?? 0;
  return { ...open, details: Math.max(0, open.details + opened - closed) };
}

function closing(open: Open): string {
  return `${open.fence === null ? '' : `\n${open.fence}`}${'\n\n</details>'.repeat(open.details)}`;
}
