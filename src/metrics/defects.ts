import { UserError } from '../errors.js';
import type { Lines } from './columns.js';

/** Sorts what has no line of its own last. */
const NO_LINE = Number.MAX_SAFE_INTEGER;

/** Defects found so far; all of them are told at once, so that a file is mended in one go. */
export class Defects {
  readonly #file: string;
  readonly #found: { readonly what: string; readonly line: number | undefined }[] = [];
  readonly #mends = new Set<string>();

  constructor(file: string) {
    this.#file = file;
  }

  add(what: string, line: number | undefined, mend: string): void {
    this.#found.push({ what, line });
    this.#mends.add(mend);
  }

  addLines(what: string, lines: Lines, mend: string): void {
    if (lines.count > 0) this.add(`${what} ${lines}`, lines.first[0], mend);
  }

  throwIfAny(): void {
    const inOrder = this.#found.toSorted((a, b) => (a.line ?? NO_LINE) - (b.line ?? NO_LINE));
    const [first] = inOrder;
    if (!first) return;
    const list = inOrder.map((defect) => defect.what);
    throw new UserError(
      list.length === 1 ? first.what : `${list.length} defects in the predictions: ${list.join('; ')}`,
      {
        location: { file: this.#file, ...(first.line === undefined ? {} : { line: first.line }) },
        mend: [...this.#mends].join('; '),
      },
    );
  }
}
