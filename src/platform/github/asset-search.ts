import { z } from 'zod';
import { type ArtifactRelease, PREFIX } from './artifact-releases.js';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

/** Which release has an asset of that name, asked in one request: a full release takes ten to list. */

/** Releases in one query. */
const RELEASES_A_QUERY = 50;
/** A name may begin others: `<digest>` and `<digest>.folder`. */
const ASSETS_OF_A_NAME = 10;

const holding = z
  .object({
    releaseAssets: z.object({ nodes: z.array(z.object({ name: z.string() }).nullable()).nullable() }),
  })
  .nullable();
const answer = z.object({ repository: z.record(z.string(), holding).nullable() });

/**
 * @param of.releases published ones: a draft has no tag to be asked by
 * @returns those that hold it; undefined where the server cannot be asked so, as Gitea and tokens that may not
 */
export async function releasesHolding(
  client: GitHubClient,
  of: { readonly name: string; readonly releases: readonly ArtifactRelease[] },
): Promise<readonly ArtifactRelease[] | undefined> {
  const asset = PREFIX + of.name;
  const found: ArtifactRelease[] = [];
  for (let at = 0; at < of.releases.length; at += RELEASES_A_QUERY) {
    const some = of.releases.slice(at, at + RELEASES_A_QUERY);
    try {
      const { repository } = await client.graphql(
        query(some),
        { owner: client.owner, repo: client.repo, asset },
        answer,
      );
      if (!repository) return undefined;
      for (const release of some) {
        const nodes = repository[aliasOf(release)]?.releaseAssets.nodes ?? [];
        if (nodes.some((node) => node?.name === asset)) found.push(release);
      }
    } catch (error) {
      if (error instanceof GitHubError) return undefined;
      throw error;
    }
  }
  return found;
}

function aliasOf({ number }: ArtifactRelease): string {
  return `r${number}`;
}

/** Tags of ours hold nothing that would need quoting. */
function query(releases: readonly ArtifactRelease[]): string {
  const asked = releases.map(
    (release) =>
      `${aliasOf(release)}: release(tagName: "${release.tag}") { releaseAssets(name: $asset, first: ${ASSETS_OF_A_NAME}) { nodes { name } } }`,
  );
  return `query($owner: String!, $repo: String!, $asset: String!) { repository(owner: $owner, name: $repo) { ${asked.join(' ')} } }`;
}
