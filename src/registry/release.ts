import type { Artifact } from '../artifacts/artifact.js';
import { OutsideError, UserError } from '../errors.js';
import type { History } from '../history/port.js';
import type { Origin } from '../history/record.js';
import type { RunRecord } from '../runs/record.js';
import type { ReleaseAsset, Releases, Tags } from './ports.js';
import type { VersionRecord } from './record.js';
import { parseTag, versionTag } from './tag.js';
import { type Bump, nextVersion } from './version.js';

/** A run becomes a released version: draft, upload, verify, publish, record, tag. */

/** An asset and where its content is. */
export interface AssetFile {
  readonly asset: ReleaseAsset;
  readonly path: string;
}

/** The asset that says whose release it is; uploaded first, so that a draft left behind tells which run it is of. */
export const RUN_ASSET = 'run.json';
export const CARD_ASSET = 'model-card.md';

/** Predictions and logs hold rows of data; they stay in the artifact store and are not released. */
export function releasedArtifacts(run: RunRecord): readonly Artifact[] {
  return run.artifacts.filter((artifact) => !/^(predictions|log)(\.|$)/.test(artifact.name));
}

/**
 * The file name of each artifact in a release and in `$ASSAY_ARTIFACTS`: its name with the extension of the file it was
 * (`model` from `out/model.joblib` is `model.joblib`). Only letters, digits and `._-`, since release hosts rename others.
 * Names are made different by the start of the digest when two would be the same.
 */
export function assetNames(artifacts: readonly Artifact[]): ReadonlyMap<Artifact, string> {
  const names = new Map<Artifact, string>();
  const taken = new Set<string>([RUN_ASSET, CARD_ASSET]);
  for (const artifact of artifacts) {
    const base = artifact.path.split('/').at(-1) ?? '';
    const extension = /(?:\.tar)?\.[A-Za-z0-9]{1,16}$/.exec(base)?.[0] ?? '';
    const stem = artifact.name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'artifact';
    const plain = stem.endsWith(extension) ? stem : stem + extension;
    const name = taken.has(plain.toLowerCase()) ? `${artifact.digest.slice(0, 12)}-${plain}` : plain;
    taken.add(name.toLowerCase());
    names.set(artifact, name);
  }
  return names;
}

/** Every version number that is taken: recorded ones, and tags that somebody made with GTO. */
export function takenVersions(
  model: string,
  known: { readonly records: readonly VersionRecord[]; readonly tags: readonly string[] },
): readonly string[] {
  const tagged = known.tags
    .map(parseTag)
    .flatMap((tag) =>
      tag?.kind === 'version' && tag.name === model && tag.folder === null ? [tag.version] : [],
    );
  return [...known.records.map((record) => record.version), ...tagged];
}

/**
 * The number this run gets: the next free one, where a release left unfinished by this same run (`runDigest` is that of
 * its `run.json`) is continued and one of another run is passed over and told in `skipped`.
 * Throws UserError when the number asked for exactly is taken.
 */
export async function chooseVersion(
  releases: Releases,
  wanted: {
    readonly model: string;
    readonly taken: readonly string[];
    /** Those of them that are tagged and not recorded, the highest first: by GTO, or by a job that was killed. */
    readonly unrecorded: readonly string[];
    readonly bump: Bump | { readonly exactly: string };
    readonly runDigest: string;
  },
): Promise<{ readonly version: string; readonly continues: boolean; readonly skipped: readonly string[] }> {
  const unfinished = await unfinishedRelease(releases, wanted);
  if (unfinished !== undefined) return { version: unfinished, continues: true, skipped: [] };
  const skipped: string[] = [];
  for (;;) {
    const version = nextVersion([...wanted.taken, ...skipped], wanted.bump);
    const tag = versionTag(wanted.model, version);
    const found = await releases.find(tag);
    if (!found || (!found.published && found.assets.length === 0)) {
      return { version, continues: found !== undefined, skipped };
    }
    const owner = found.assets.find((asset) => asset.name === RUN_ASSET);
    if (owner?.digest === wanted.runDigest) return { version, continues: true, skipped };
    if (typeof wanted.bump === 'object') {
      throw new UserError(
        `there is a ${found.published ? 'release' : 'draft'} of ${tag} already, and it is of another run`,
        { mend: 'choose another number, or remove that release by hand' },
      );
    }
    skipped.push(version);
  }
}

/** How many tags without a record are looked at: a killed job leaves one, and it is among the newest. */
const UNRECORDED_LOOKS = 3;

/** A version that this same run was about to become when its job was killed between tag and record. */
async function unfinishedRelease(
  releases: Releases,
  wanted: {
    readonly model: string;
    readonly unrecorded: readonly string[];
    readonly bump: Bump | { readonly exactly: string };
    readonly runDigest: string;
  },
): Promise<string | undefined> {
  for (const version of wanted.unrecorded.slice(0, UNRECORDED_LOOKS)) {
    if (typeof wanted.bump === 'object' && wanted.bump.exactly !== version) continue;
    const found = await releases.find(versionTag(wanted.model, version));
    const owner = found?.assets.find((asset) => asset.name === RUN_ASSET);
    if (owner?.digest === wanted.runDigest) return version;
  }
  return undefined;
}

export interface Publication {
  readonly run: RunRecord;
  readonly version: string;
  /** Id of the decision it rests on; null when the model has no gate. */
  readonly decision: string | null;
  readonly title: string;
  readonly body: string;
  /** `run.json` first. */
  readonly files: readonly AssetFile[];
  readonly artifacts: readonly Artifact[];
  readonly stamp: { readonly id: string; readonly time: string };
  readonly origin: Origin;
  /** Stops between two uploads, at the latest before publishing. */
  readonly cancel: AbortSignal;
}

interface Stores {
  readonly releases: Releases;
  readonly history: History;
  readonly tags: Tags;
}

/**
 * Publishes a version, and tags and records it. The tag comes before the release is published: a host that finds none
 * makes a plain one of its own, and GTO reads annotated tags only. Killed at any point, it can be called again with the same run and
 * version and goes on where it stopped: assets that arrived are not uploaded again.
 * Throws OutsideError when what arrived is not what was sent, and the reason of `cancel` when it is aborted; the release
 * then stays a draft.
 */
export async function publishVersion(stores: Stores, publication: Publication): Promise<VersionRecord> {
  const { releases, history } = stores;
  const { run, version, stamp, origin } = publication;
  const tag = versionTag(run.model, version);
  const found = await releases.find(tag);
  if (!found?.published) {
    const { title, body } = publication;
    await releases.createDraft({ tag, title, body, commit: run.commit });
    await uploadMissing(releases, tag, { ...publication, present: found?.assets ?? [] });
    await verifyDraft(releases, tag, publication.files);
    publication.cancel.throwIfAborted();
  }
  await tagVersion(stores.tags, { tag, commit: run.commit, run: run.id });
  const { url } = await releases.publish(tag);
  const record: VersionRecord = {
    schema: 'assay/version@1',
    ...stamp,
    ...origin,
    commit: run.commit,
    model: run.model,
    version,
    tag,
    run: run.id,
    decision: publication.decision,
    assets: [...publication.artifacts],
    url,
  };
  await history.append([record]);
  return record;
}

/**
 * Tags a version on the commit its run was trained on; harmless when the tag is there. Outside git, where there
 * is no commit, the tag stands on nothing.
 */
export async function tagVersion(
  tags: Tags,
  record: Pick<VersionRecord, 'tag' | 'commit' | 'run'>,
): Promise<void> {
  await tags.create(record.tag, record.commit ?? '', `${record.tag}, run ${record.run}`);
}

async function uploadMissing(
  releases: Releases,
  tag: string,
  assets: Pick<Publication, 'files' | 'cancel'> & { readonly present: readonly ReleaseAsset[] },
): Promise<void> {
  for (const { asset, path } of assets.files) {
    assets.cancel.throwIfAborted();
    if (!assets.present.some((there) => sameAsset(there, asset))) {
      await releases.upload(tag, asset, path);
    }
  }
}

/** The last look before publishing, since a published release never changes. */
async function verifyDraft(releases: Releases, tag: string, files: readonly AssetFile[]): Promise<void> {
  const arrived = (await releases.find(tag))?.assets ?? [];
  const wrong = [
    ...files
      .filter(({ asset }) => !arrived.some((there) => sameAsset(there, asset)))
      .map(({ asset }) => `${asset.name} did not arrive whole`),
    ...arrived
      .filter((there) => !files.some(({ asset }) => asset.name === there.name))
      .map((there) => `${there.name} does not belong to it`),
  ];
  if (wrong.length === 0) return;
  throw new OutsideError(`the draft of ${tag} is not what was uploaded: ${wrong.join('; ')}`, {
    mend: 'nothing was published; run the same command again to continue the draft',
  });
}

function sameAsset(a: ReleaseAsset, b: ReleaseAsset): boolean {
  return a.name === b.name && a.digest === b.digest && a.bytes === b.bytes;
}
