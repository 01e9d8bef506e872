import type { HealthProbe } from '../../deploy/ports.js';

/** Health checks over HTTP: well when the answer is 2xx, redirects followed. The body is not read. */
export function httpHealth(): HealthProbe {
  return {
    async get(url, { timeoutSeconds, cancel }) {
      const late = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutSeconds * 1000)));
      try {
        const response = await fetch(url, {
          signal: AbortSignal.any([cancel, late]),
          headers: { 'user-agent': 'assay', accept: '*/*' },
        });
        await response.body?.cancel();
        return { healthy: response.ok, detail: `answered ${response.status}` };
      } catch (error) {
        if (late.aborted) return { healthy: false, detail: 'did not answer in time' };
        return { healthy: false, detail: `no answer: ${reason(error)}` };
      }
    },
  };
}

/** fetch says only "fetch failed"; what went wrong is in the cause. */
function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return String(cause);
}
