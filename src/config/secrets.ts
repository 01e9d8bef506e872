/**
 * Texts that look like a literal secret. assay.yml is committed, so a secret in it is already given away; it is refused
 * and never repeated in a message. The prefixes are those that the issuers document for secret scanning.
 */
const SECRETS: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  {
    name: 'a Slack webhook address',
    pattern: /https:\/\/hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/[^\s'"#]+/g,
  },
  {
    name: 'a Teams webhook address',
    pattern: /https:\/\/[a-z0-9.-]+\.(?:webhook\.office|logic\.azure|powerplatform)\.com[^\s'"#]+/gi,
  },
  { name: 'a Slack token', pattern: /\bxox[abceoprs]-[A-Za-z0-9-]{8,}/g },
  { name: 'a GitHub token', pattern: /\b(?:gh[opusr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})/g },
  { name: 'a GitLab token', pattern: /\bglpat-[A-Za-z0-9_-]{16,}/g },
  { name: 'an AWS access key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { name: 'a Google API key', pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
  { name: 'a Hugging Face token', pattern: /\bhf_[A-Za-z0-9]{30,}/g },
  { name: 'an npm token', pattern: /\bnpm_[A-Za-z0-9]{36}/g },
  { name: 'an API key', pattern: /\bsk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{32,}/g },
  { name: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]*-----END)?/g },
  {
    name: 'a password in an address',
    pattern: /(?<=\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@'"$]{0,64}:)[^\s/@'"${]+(?=@)/gi,
  },
];

export interface SecretFound {
  /** What it looks like: `a GitHub token`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Every text in `text` that looks like a literal secret, in order; offsets in UTF-16 code units. */
export function findSecrets(text: string): readonly SecretFound[] {
  const found: SecretFound[] = [];
  for (const { name, pattern } of SECRETS) {
    for (const match of text.matchAll(pattern)) {
      found.push({ name, start: match.index, end: match.index + match[0].length });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** `text` with everything that looks like a secret replaced by as many `*`, so that lines and columns keep their place. */
export function hideSecrets(text: string): string {
  let hidden = text;
  for (const { start, end } of findSecrets(text)) {
    hidden = hidden.slice(0, start) + hidden.slice(start, end).replace(/[^\n]/g, '*') + hidden.slice(end);
  }
  return hidden;
}
