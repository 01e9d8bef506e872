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
 * Whole lines of the text, as many as fit: a table ends after a row, an open code fence and open `<details>` are closed,
 * and a note says that something is missing. A single line that is longer than the limit is left out.
 */
export function cutMarkdown(text: string, limit: Limit): string {
  if (sizeOf(text, limit.unit) <= limit.max) return text;
  const kept: string[] = [];
  let used = sizeOf(CUT_NOTE, limit.unit);
  let open: Open = { fence: null, details: 0 };
  for (const line of text.split('\n')) {
    const after = afterLine(open, line);
    const size = sizeOf(line, limit.unit) + 1;
    if (used + size + sizeOf(closing(after), limit.unit) > limit.max) break;
    kept.push(line);
    used += size;
    open = after;
  }
  const body = `${kept.join('\n')}${closing(open)}${CUT_NOTE}`;
  return sizeOf(body, limit.unit) <= limit.max ? body : '';
}

interface Open {
  /** The fence that is open, as it was written; null outside code. */
  readonly fence: string | null;
  readonly details: number;
}

function afterLine(open: Open, line: string): Open {
  const fence = /^(`{3,}|~{3,})/.exec(line)?.[1] ?? null;
  if (open.fence !== null) {
    const closes = fence !== null && line.trim() === fence && fence.length >= open.fence.length;
    return closes ? { ...open, fence: null } : open;
  }
  if (fence !== null) return { ...open, fence };
  const opened = line.match(/<details[ >]/g)?.length ?? 0;
  const closed = line.match(/<\/details>/g)?.length ?? 0;
  return { ...open, details: Math.max(0, open.details + opened - closed) };
}

function closing(open: Open): string {
  return `${open.fence === null ? '' : `\n${open.fence}`}${'\n\n</details>'.repeat(open.details)}`;
}
