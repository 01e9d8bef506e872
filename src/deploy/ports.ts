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
