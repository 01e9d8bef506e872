import { OutsideError } from '../../errors.js';
import { terminalText } from '../../report/escape.js';

/** Every way in which GitHub's API refuses or fails, told in one place: what happened, and the next step. */

export type FailureKind =
  | 'unauthorized'
  | 'permission'
  | 'saml'
  | 'blocked'
  | 'rate-limit'
  | 'secondary-limit'
  | 'not-found'
  | 'gone'
  | 'conflict'
  | 'invalid'
  | 'too-large'
  | 'unavailable'
  | 'malformed';

/** A request to GitHub that failed after retries. */
export class GitHubError extends OutsideError {
  readonly kind: FailureKind;
  /** Of HTTP; null when there was no answer. */
  readonly status: number | null;
  /** True when a write may have happened although no answer said so: look before writing again. */
  readonly mayHaveHappened: boolean;
  /** Seconds that GitHub asks to wait before the next attempt; null when it asks for none. */
  readonly retryAfter: number | null;
  /** What GitHub said, bounded and made safe for a terminal; empty when nothing. */
  readonly said: string;

  constructor(failure: Failure, explanation: Explanation, cause?: unknown) {
    super(explanation.message, { mend: explanation.mend, cause });
    this.kind = explanation.kind;
    this.status = failure.status;
    this.said = saidBy(failure.body);
    const seconds = Number(failure.headers['retry-after'] ?? Number.NaN);
    this.retryAfter = seconds >= 0 ? seconds : null;
    this.mayHaveHappened =
      !isReading(failure.method) && (explanation.kind === 'unavailable' || explanation.kind === 'malformed');
  }
}

/** What is known of a request that failed. */
export interface Failure {
  readonly method: string;
  /** Path with its placeholders: `/repos/{owner}/{repo}/issues/{issue_number}/comments`. */
  readonly route: string;
  readonly repository: string;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  /** The answer as parsed, or its text. */
  readonly body: unknown;
  /** Why there was no (whole) answer; empty when there was one. */
  readonly detail: string;
}

interface Explanation {
  readonly kind: FailureKind;
  readonly message: string;
  readonly mend: string;
}

const RESUME = 'what was measured is kept; run the same command again to go on';

/** @param now milliseconds since 1970, to say how long a rate limit lasts */
export function explainFailure(failure: Failure, now: number): Explanation {
  const what = `${failure.method} ${failure.route.replace('/repos/{owner}/{repo}', failure.repository)}`;
  const said = saidBy(failure.body);
  const quoted = said ? `: ${said}` : '';
  const { status } = failure;
  if (status === null) {
    return {
      kind: 'unavailable',
      message: `GitHub did not answer ${what}: ${terminalText(failure.detail || 'no answer', 200)}`,
      mend: `see https://www.githubstatus.com and the network of this machine; ${RESUME}`,
    };
  }
  if (status < 400) {
    return {
      kind: 'malformed',
      message: `GitHub's answer to ${what} cannot be used: ${terminalText(failure.detail, 200)}`,
      mend: `a proxy between this machine and GitHub may have cut or replaced it; ${RESUME}`,
    };
  }
  const limit = explainLimit(failure, { what, said, now });
  if (limit) return limit;
  switch (status) {
    case 401:
      return {
        kind: 'unauthorized',
        message: `GitHub does not accept the token (401) for ${what}${quoted}`,
        mend: 'the token is wrong, expired or revoked; in a workflow leave `token` to its default, elsewhere set GITHUB_TOKEN anew',
      };
    case 403:
      return explainForbidden(failure, { what, said });
    case 404:
      return {
        kind: 'not-found',
        message: `GitHub does not find ${what} (404)`,
        mend: `either it is not there, or the token may not see it, which GitHub answers alike: ${permissionAdvice(failure)}`,
      };
    case 409:
      return {
        kind: 'conflict',
        message: `GitHub refuses ${what} because something else changed at the same time (409)${quoted}`,
        mend: RESUME,
      };
    case 410:
      return {
        kind: 'gone',
        message: `${what} is switched off or was deleted (410)${quoted}`,
        mend: 'see the settings of the repository (Features)',
      };
    case 413:
      return {
        kind: 'too-large',
        message: `what was sent with ${what} is too large for GitHub (413)`,
        mend: 'this is a limit that Assay should keep: please report it',
      };
    case 422:
      return {
        kind: 'invalid',
        message: `GitHub refuses the content of ${what} (422)${quoted}`,
        mend: 'see what it says about the field; when it is not yours to change, please report it',
      };
    default:
      break;
  }
  if (status >= 500 || status === 408) {
    return {
      kind: 'unavailable',
      message: `GitHub failed on ${what} (${status})`,
      mend: `see https://www.githubstatus.com; ${RESUME}`,
    };
  }
  return {
    kind: 'invalid',
    message: `GitHub answered ${status} to ${what}${quoted}`,
    mend: 'please report it with this message',
  };
}

function explainLimit(
  failure: Failure,
  { what, said, now }: { readonly what: string; readonly said: string; readonly now: number },
): Explanation | undefined {
  const { status, headers } = failure;
  if (status !== 403 && status !== 429) return undefined;
  if (/secondary rate limit|abuse detection/i.test(said)) {
    const seconds = Number(headers['retry-after']);
    return {
      kind: 'secondary-limit',
      message: `GitHub asks to slow down (secondary rate limit) at ${what}`,
      mend: `too many requests from this account at once; run it again ${seconds > 0 ? `in ${seconds} s` : 'in some minutes'}, and let fewer jobs report at a time`,
    };
  }
  if (status === 429 || String(headers['x-ratelimit-remaining']) === '0' || /rate limit/i.test(said)) {
    const reset = Number(headers['x-ratelimit-reset']) * 1000;
    const minutes = reset > now ? Math.ceil((reset - now) / 60_000) : undefined;
    return {
      kind: 'rate-limit',
      message: `the token has no requests left (GitHub's rate limit${headers['x-ratelimit-limit'] === undefined ? '' : ` of ${terminalText(String(headers['x-ratelimit-limit']), 20)} per hour`}) at ${what}`,
      mend: `${minutes === undefined ? 'wait' : `it starts anew in ${minutes} min: wait`}, or use the token of a GitHub App, which has its own limit; ${RESUME}`,
    };
  }
  return undefined;
}

function explainForbidden(
  failure: Failure,
  { what, said }: { readonly what: string; readonly said: string },
): Explanation {
  const quoted = said ? `: ${said}` : '';
  if (failure.headers['x-github-sso'] !== undefined || /SAML/i.test(said)) {
    return {
      kind: 'saml',
      message: `the organisation wants the token to be authorised for SAML single sign-on (403) for ${what}`,
      mend: 'authorise it: GitHub → Settings → Developer settings → the token → Configure SSO; the token of a workflow needs none',
    };
  }
  if (/IP allow list|has been blocked|suspended|archived|disabled/i.test(said)) {
    return {
      kind: 'blocked',
      message: `GitHub refuses ${what} (403)${quoted}`,
      mend: 'an owner of the organisation or repository has to change that setting; the token is not the reason',
    };
  }
  return {
    kind: 'permission',
    message: `the token may not ${what} (403)${quoted}`,
    mend: permissionAdvice(failure),
  };
}

/** The permission that a request needs, as a workflow writes it. */
export interface Permission {
  readonly name: string;
  readonly level: 'read' | 'write';
}

/** Permissions a workflow's own token can have; others need a GitHub App or a personal access token. */
const WORKFLOW_PERMISSIONS = new Set([
  'actions',
  'attestations',
  'checks',
  'contents',
  'deployments',
  'discussions',
  'id-token',
  'issues',
  'packages',
  'pages',
  'pull-requests',
  'security-events',
  'statuses',
]);

/**
 * What GitHub would have accepted, from the header `x-accepted-github-permissions` (`issues=write; pull_requests=write`:
 * any of the groups, all of a group separated by commas), else from the route.
 */
export function acceptedPermissions(
  failure: Pick<Failure, 'headers' | 'method' | 'route'>,
): readonly Permission[][] {
  const groups = String(failure.headers['x-accepted-github-permissions'] ?? '')
    .split(';')
    .map((group) =>
      group.split(',').flatMap((one): Permission[] => {
        const found = /^\s*([a-z_]{1,40})=(read|write|admin)\s*$/.exec(one);
        if (!found?.[1] || found[1] === 'metadata') return [];
        return [{ name: found[1].replaceAll('_', '-'), level: found[2] === 'read' ? 'read' : 'write' }];
      }),
    )
    .filter((group) => group.length > 0);
  if (groups.length > 0) return groups;
  const name = permissionOfRoute(failure.route);
  return name ? [[{ name, level: isReading(failure.method) ? 'read' : 'write' }]] : [];
}

function permissionOfRoute(route: string): string | undefined {
  const rest = route.replace('/repos/{owner}/{repo}/', '');
  if (/^(issues|pulls)\b/.test(rest)) return 'pull-requests';
  if (/^(check-runs|check-suites|commits\/\{ref\}\/check)/.test(rest)) return 'checks';
  if (/^statuses\b/.test(rest)) return 'statuses';
  if (/^(deployments|environments)\b/.test(rest)) return 'deployments';
  if (/^(actions)\b/.test(rest)) return 'actions';
  if (/^(releases|git|contents|dispatches|compare|commits|branches)\b/.test(rest)) return 'contents';
  return undefined;
}

function permissionAdvice(failure: Failure): string {
  const groups = acceptedPermissions(failure);
  const usable = groups.find((group) => group.every(({ name }) => WORKFLOW_PERMISSIONS.has(name)));
  if (usable) {
    const lines = usable.map(({ name, level }) => `${name}: ${level}`).join(', ');
    const fork = isReading(failure.method)
      ? ''
      : "; a pull request from a fork never has it, whatever the workflow says (see docs/github.md, 'Forks')";
    return `give the job \`permissions: { ${lines} }\`${fork}`;
  }
  const wanted = groups[0]?.map(({ name, level }) => `${name}: ${level}`).join(', ');
  return wanted
    ? `it needs ${wanted}, which the token of a workflow cannot have: use the token of a GitHub App (input \`token\`)`
    : 'see the permissions of the token';
}

export function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** GitHub's own words: the message and the fields it complains of. */
function saidBy(body: unknown): string {
  if (typeof body !== 'object' || body === null) return '';
  const { message, errors } = body as { readonly message?: unknown; readonly errors?: unknown };
  const fields = Array.isArray(errors) ? errors.slice(0, 5).map(fieldError).filter(Boolean) : [];
  const parts = [typeof message === 'string' ? message : '', ...fields].filter((part) => part !== '');
  return terminalText(parts.join('; '), 300);
}

function fieldError(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return '';
  const { resource, field, code, message } = error as Readonly<Record<string, unknown>>;
  if (typeof message === 'string') return message;
  return [resource, field, code].filter((part) => typeof part === 'string').join(' ');
}
