/** Where in a file something is wrong; lines and columns count from 1, as editors do. */
export interface Location {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

interface Detail {
  readonly location?: Location;
  /** What the reader can do about it: a line to add, a command to run. */
  readonly mend?: string;
  /** The offending source line with the offending text underlined, ready to print. */
  readonly excerpt?: string;
  readonly cause?: unknown;
}

/** The user's input is wrong: shown without a stack, exit 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly location: Location | undefined;
  readonly mend: string | undefined;
  readonly excerpt: string | undefined;

  constructor(message: string, detail: Detail = {}) {
    super(message, { cause: detail.cause });
    this.location = detail.location;
    this.mend = detail.mend;
    this.excerpt = detail.excerpt;
  }
}

/** The outside world failed after retries: shown without a stack, exit 3. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';
  /** What was saved before the failure and the command that resumes. */
  readonly mend: string | undefined;

  constructor(message: string, detail: Omit<Detail, 'location' | 'excerpt'> = {}) {
    super(message, { cause: detail.cause });
    this.mend = detail.mend;
  }
}

/** The user or the machine asked us to stop; what was measured is already recorded when this is thrown. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: 'SIGINT' | 'SIGTERM';

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** Makes a `switch` exhaustive: does not compile when a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
