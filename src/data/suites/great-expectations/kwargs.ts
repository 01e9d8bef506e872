import { UserError } from '../../../errors.js';

/** The kwargs of an expectation, each read as what it must be. */
export class Kwargs {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly type: string;

  constructor(type: string, values: Readonly<Record<string, unknown>>) {
    this.type = type;
    this.#values = values;
  }

  get(name: string): unknown {
    return this.#values[name] ?? undefined;
  }

  text(name: string): string {
    const value = this.get(name);
    if (typeof value === 'string') return value;
    throw this.problem(`${name} is not a text`);
  }

  number(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'number') return value;
    if (typeof value === 'object' && value !== null && '$PARAMETER' in value) {
      throw this.problem(`${name} is a suite parameter ($PARAMETER), which needs a value at run time`);
    }
    throw this.problem(`${name} is not a number`);
  }

  required(name: string): number {
    const value = this.number(name);
    if (value === undefined) throw this.problem(`${name} is missing`);
    return value;
  }

  flag(name: string, otherwise = false): boolean {
    const value = this.get(name);
    if (value === undefined) return otherwise;
    if (typeof value === 'boolean') return value;
    throw this.problem(`${name} is not true or false`);
  }

  list(name: string): readonly unknown[] {
    const value = this.get(name);
    if (Array.isArray(value)) return value;
    throw this.problem(`${name} is not a list`);
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((item) => {
      if (typeof item === 'string') return item;
      throw this.problem(`${name} holds something that is not a text`);
    });
  }

  /** A number, or a text for dates. */
  bound(name: string): number | string | undefined {
    const value = this.get(name);
    if (typeof value === 'string') return value;
    return this.number(name);
  }

  /** In words, for the name of the check: everything but the columns. */
  words(): string {
    const left = Object.entries(this.#values)
      .filter(
        ([name, value]) => !HIDDEN.has(name) && value !== null && value !== false && value !== undefined,
      )
      .map(([name, value]) => `${name} ${short(value)}`);
    return left.length > 0 ? ` (${left.join(', ')})` : '';
  }

  problem(what: string): UserError {
    return new UserError(`${this.type}: ${what}`);
  }
}

const HIDDEN = new Set([
  'column',
  'batch_id',
  'result_format',
  'include_config',
  'catch_exceptions',
  'condition_parser',
  'meta',
]);

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
