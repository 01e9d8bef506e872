import { findSecrets, hideSecrets } from '../../config/secrets.js';

/** What replaces a secret. */
const MASK = '***';
/** Shorter values would mask half of the log, and give themselves away by what is left. */
const SHORTEST_SECRET = 6;
/** A name with one of these words holds a secret: `GITHUB_TOKEN`, `DB_PASSWORD`, `AWS_SECRET_ACCESS_KEY`. */
const SECRET_WORD =
  /(?:^|_)(?:[A-Z0-9]*TOKEN|[A-Z0-9]*SECRET|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|PGPASSWORD|[A-Z0-9]*APIKEY|KEY|CREDENTIAL|WEBHOOK|DSN|PAT)S?(?:_|$)/i;
/** Names that end in such a word and never hold a secret. */
const NO_SECRET = /^(?:PWD|OLDPWD)$/;
/** Quick look before the slower search for texts that look like a secret by themselves. */
const LOOKS_SECRET =
  /gh[opusr]_|github_pat_|glpat-|xox|hooks\.slack|webhook|AKIA|ASIA|AIza|hf_|npm_|sk-|-----BEGIN|:\/\//;

/** Values of the environment that must not be shown: those of variables named like a secret, and passwords in addresses. */
export function secretValues(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const values: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!value) continue;
    if (SECRET_WORD.test(name) && !NO_SECRET.test(name)) values.push(value);
    else for (const { start, end } of findSecrets(value)) values.push(value.slice(start, end));
  }
  return values;
}

/**
 * Masks secrets in lines of output: the values handed in, what `::add-mask::` announces, and what looks like a token by
 * itself. A value of several lines is masked line by line, as a log shows it.
 */
export class Masker {
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;
  #longest = 0;

  constructor(values: readonly string[]) {
    for (const value of values) this.#learn(value);
    this.#compile();
  }

  /** Length of the longest text that is masked, in UTF-16 code units. */
  get longest(): number {
    return this.#longest;
  }

  /** The first `limit` characters of the line, masked; a secret that reaches over the limit is masked as a whole. */
  mask(line: string, limit: number): string {
    if (line.startsWith('::add-mask::')) return this.#announced(line);
    const plain = this.#pattern ? this.#replace(line, limit, this.#pattern) : line.slice(0, limit);
    return LOOKS_SECRET.test(plain) ? hideSecrets(plain) : plain;
  }

  /** GitHub's command: what follows is a secret from here on. `%0A`, `%0D` and `%25` are its escapes. */
  #announced(line: string): string {
    const value = line
      .slice('::add-mask::'.length)
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%25', '%');
    this.#learn(value);
    this.#compile();
    return `::add-mask::${MASK}`;
  }

  #replace(line: string, limit: number, pattern: RegExp): string {
    if (line.search(pattern) === -1) return line.slice(0, limit);
    let masked = '';
    let done = 0;
    for (const match of line.matchAll(pattern)) {
      if (match.index >= limit) break;
      masked += line.slice(done, match.index) + MASK;
      done = match.index + match[0].length;
    }
    return masked + line.slice(done, Math.max(done, limit));
  }

  /** A secret as it may be printed: each of its lines, inside JSON, in an address, in base64. */
  #learn(value: string): void {
    const whole = value.trim();
    if (whole.length < SHORTEST_SECRET) return;
    const forms = [
      ...value.split(/[\r\n]+/),
      JSON.stringify(whole).slice(1, -1),
      encodeURIComponent(Buffer.from(whole).toString()),
      Buffer.from(whole).toString('base64').replace(/=+$/, ''),
    ];
    for (const form of forms) {
      const text = form.trim();
      if (text.length >= SHORTEST_SECRET) this.#forms.add(text);
    }
  }

  #compile(): void {
    const forms = [...this.#forms].sort((a, b) => b.length - a.length);
    this.#longest = forms[0]?.length ?? 0;
    const escaped = forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    this.#pattern = escaped.length > 0 ? new RegExp(escaped.join('|'), 'g') : undefined;
  }
}
