/** The hosting platform's own list of deployments (GitHub Deployments; files when local). */
export interface Deployments {
  create(deployment: {
    readonly environment: string;
    readonly commit: string | null;
    readonly description: string;
  }): Promise<{ readonly id: string }>;
  update(
    id: string,
    status: 'in_progress' | 'success' | 'failure' | 'inactive',
    detail: { readonly description: string; readonly url: string | null },
  ): Promise<void>;
}

/** Asks a deployed service whether it is well. */
export interface HealthProbe {
  /** Never throws for a service that does not answer: that is an answer, in words. */
  get(
    url: string,
    limit: { readonly timeoutSeconds: number; readonly cancel: AbortSignal },
  ): Promise<{ readonly healthy: boolean; readonly detail: string }>;
}
