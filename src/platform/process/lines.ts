import type { Clock } from '../../history/port.js';
import type { Masker } from './masking.js';

/** Longer lines are cut: no person reads them, and a line without an end must not fill the memory. */
export const LONGEST_LINE = 10_000;
/** A progress bar that redraws itself by carriage returns is passed on as often as this, in seconds. */
const PROGRESS_EVERY = 5;

/**
 * Turns pieces of text, cut anywhere, into complete lines with secrets masked. What a carriage return overwrites is left
 * out, as on a terminal, but for one state of a progress bar every few seconds.
 */
export class Lines {
  readonly #masker: Masker;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #pending = '';
  /** Characters of the pending line that were dropped after the longest line that is kept. */
  #dropped = 0;
  #lastProgress: number;
  /** True once a line was cut. */
  cut = false;

  constructor(options: { readonly masker: Masker; readonly clock: Pick<Clock, 'monotonic'> }) {
    this.#masker = options.masker;
    this.#clock = options.clock;
    this.#lastProgress = options.clock.monotonic();
  }

  push(text: string): string[] {
    const lines: string[] = [];
    const parts = text.split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      this.#extend(part, lines);
      lines.push(this.#finish());
    }
    this.#extend(last, lines);
    return lines;
  }

  /** What is left when the output ends without a line break. */
  end(): string[] {
    return this.#pending === '' ? [] : [this.#finish()];
  }

  #extend(part: string, lines: string[]): void {
    this.#pending = this.#pending === '' ? part : this.#pending + part;
    if (part.includes('\r') || this.#pending.includes('\r')) this.#overwrite(lines);
    const most = LONGEST_LINE + this.#masker.longest + 1;
    if (this.#pending.length > most) {
      this.#dropped += this.#pending.length - most;
      this.#pending = this.#pending.slice(0, most);
    }
  }

  /** A carriage return at the very end may belong to a line break, so it is left for later. */
  #overwrite(lines: string[]): void {
    const at = this.#pending.lastIndexOf('\r', this.#pending.length - 2);
    if (at === -1 || this.#pending.length < 2) return;
    const gone = this.#pending
      .slice(0, at)
      .split('\r')
      .findLast((state) => state.trim() !== '');
    this.#pending = this.#pending.slice(at + 1);
    this.#dropped = 0;
    const now = this.#clock.monotonic();
    if (gone !== undefined && now - this.#lastProgress >= PROGRESS_EVERY) {
      this.#lastProgress = now;
      lines.push(this.#masker.mask(gone, LONGEST_LINE));
    }
  }

  #finish(): string {
    const line = this.#pending.endsWith('\r') ? this.#pending.slice(0, -1) : this.#pending;
    const over = Math.max(0, line.length - LONGEST_LINE) + this.#dropped;
    this.#pending = '';
    this.#dropped = 0;
    const masked = this.#masker.mask(line, LONGEST_LINE);
    if (over === 0) return masked;
    this.cut = true;
    return `${masked} … (${over.toLocaleString('en-US')} characters cut)`;
  }
}
