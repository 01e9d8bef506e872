import { join } from 'node:path';
import type { Deployments } from '../../deploy/ports.js';
import type { GitHubClient } from '../../platform/github/client.js';
import type { Releases } from '../../registry/ports.js';
import type { Checks, Comments } from '../../report/ports.js';
import type { World } from '../../world.js';
import { once } from './once.js';

/** What the place that hosts the repository keeps: on GitHub by its API, elsewhere as files under `.assay/`. */
export interface Host {
  /** GitHub's API; undefined where repository and token are not named. */
  github(): Promise<GitHubClient | undefined>;
  comments(): Promise<Comments>;
  checks(): Promise<Checks>;
  deployments(): Promise<Deployments>;
  releases(): Promise<Releases>;
}

/** @param of `store` is `.assay/` (absolute); each port is built on first use, and once */
export function openHost(of: { readonly world: World; readonly store: string }): Host {
  const { world, store } = of;
  const github = once(() => openGitHubOf(world));
  return {
    github,
    comments: once(async () => {
      const client = await github();
      if (client) {
        const { githubComments } = await import('../../platform/github/comments.js');
        return githubComments(client);
      }
      const { localComments } = await import('../../platform/local/comments.js');
      return localComments({ folder: join(store, 'comments') });
    }),
    checks: once(async () => {
      const client = await github();
      if (client) {
        const { githubChecks } = await import('../../platform/github/checks.js');
        return githubChecks(client);
      }
      const { localChecks } = await import('../../platform/local/checks.js');
      return localChecks({ folder: join(store, 'checks') });
    }),
    deployments: once(async () => {
      const client = await github();
      if (client) {
        const { githubDeployments } = await import('../../platform/github/deployments.js');
        return githubDeployments(client, { url: world.runner.trigger.url });
      }
      const { localDeployments } = await import('../../platform/local/deployments.js');
      return localDeployments({ folder: join(store, 'deployments'), clock: world.clock });
    }),
    releases: once(async () => {
      const client = await github();
      if (client) {
        const { githubReleases } = await import('../../platform/github/releases.js');
        return githubReleases(client);
      }
      const { localReleases } = await import('../../platform/local/releases.js');
      return localReleases({ folder: join(store, 'releases') });
    }),
  };
}

/** GitHub's API by the environment, also from a terminal that names repository and token. */
export async function openGitHubOf(world: World): Promise<GitHubClient | undefined> {
  if (!world.env.GITHUB_REPOSITORY) return undefined;
  const { hasGitHub, openGitHub } = await import('../../platform/github/client.js');
  if (!hasGitHub(world.env)) return undefined;
  return openGitHub({
    env: world.env,
    version: world.version,
    now: () => world.clock.now().getTime(),
    cancel: world.cancel,
    warn: (text) => world.terminal.warn(text),
  });
}
