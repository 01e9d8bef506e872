import { closeSync, openSync, writeSync } from 'node:fs';
import { formatBytes } from '../../format.js';

/** Bytes kept from the start and from the end of a log. */
const KEPT_BYTES = 5_000_000;
/** Last lines kept apart, for the record and for messages. */
const TAIL_LINES = 40;
const TAIL_LINE_LENGTH = 500;

/**
 * The log of one command: its first 5 MB go to the file as they come, the last 5 MB when it ends, and between them
 * stands what was left out. Never more than that on disk or in memory.
 */
export class BoundedLog {
  readonly #file: number | undefined;
  #headBytes = 0;
  #recent: { readonly text: string; readonly bytes: number }[] = [];
  #recentBytes = 0;
  #leftOut = 0;
  #tail: string[] = [];

  constructor(file: string | undefined) {
    this.#file = file === undefined ? undefined : openSync(file, 'w', 0o600);
  }

  get tail(): readonly string[] {
    return this.#tail;
  }

  get truncated(): boolean {
    return this.#leftOut > 0;
  }

  write(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const last = lines
      .slice(-TAIL_LINES)
      .map((line) => (line.length > TAIL_LINE_LENGTH ? `${line.slice(0, TAIL_LINE_LENGTH)}…` : line));
    this.#tail = [...this.#tail, ...last].slice(-TAIL_LINES);
    if (this.#file === undefined) return;
    const text = `${lines.join('\n')}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.#headBytes + bytes <= KEPT_BYTES && this.#recent.length === 0) {
      this.#headBytes += bytes;
      writeSync(this.#file, text);
      return;
    }
    this.#recent.push({ text, bytes });
    this.#recentBytes += bytes;
    this.#forget();
  }

  end(): void {
    if (this.#file === undefined) return;
    if (this.#leftOut > 0) {
      writeSync(this.#file, `\n… ${formatBytes(this.#leftOut)} of the log are left out here …\n\n`);
    }
    for (const { text } of this.#recent) writeSync(this.#file, text);
    closeSync(this.#file);
  }

  #forget(): void {
    let first = 0;
    for (const { bytes } of this.#recent) {
      if (this.#recentBytes - bytes < KEPT_BYTES) break;
      this.#recentBytes -= bytes;
      this.#leftOut += bytes;
      first++;
    }
    if (first > 0) this.#recent = this.#recent.slice(first);
  }
}
