import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { comparisonRecord } from '../../compare/record.js';
import { type DecisionRecord, decisionRecord } from '../../gate/record.js';
import { fieldIs } from '../../history/condition.js';
import { readRecordOf, readRecords } from '../../history/read.js';
import { hasGate, newestDecision, overriding } from '../../registry/allowed.js';
import type { VersionRecord } from '../../registry/record.js';
import {
  type AssetFile,
  assetNames,
  CARD_ASSET,
  chooseVersion,
  publishVersion,
  RUN_ASSET,
  releasedArtifacts,
  takenVersions,
} from '../../registry/release.js';
import { type Bump, highestFirst, usualBump } from '../../registry/version.js';
import { cutMarkdown, LIMITS } from '../../report/limits.js';
import { type RunRecord, runRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import { chosenModels, type Project } from '../project/project.js';
import { withTemporaryFolder } from '../project/temporary.js';

/** The two halves of `assay register`: may this run be released, and releasing it. */

/**
 * The decision that a release of this run rests on: the newest there is, made now when there is none, or one that goes
 * over it when `force` gives a reason. Undefined when the model has no gate.
 */
export async function permission(options: {
  readonly project: Project;
  readonly world: World;
  readonly run: RunRecord;
  readonly force: string | undefined;
}): Promise<DecisionRecord | undefined> {
  const { project, world, run, force } = options;
  const [chosen] = chosenModels(project, run.model);
  if (!chosen || !hasGate(chosen.model.gate)) {
    if (force !== undefined) world.terminal.info(`${run.model} has no gate: --force was not needed`);
    return undefined;
  }
  const history = await project.history();
  const query = { kind: 'decision', owner: run.model, where: fieldIs('run', run.id) } as const;
  const decisions = await readRecords(history, query, decisionRecord, {
    onUnreadable: (record, why) => world.terminal.warn(`decision ${record.id} is left out: ${why}`),
  });
  const decision = newestDecision(decisions, run.id) ?? (await decideNow(options));
  if (force === undefined) return decision;
  if (decision.decision === 'promote') {
    world.terminal.info('the gate says promote: --force was not needed and is not recorded');
    return decision;
  }
  const stamp = project.stamp();
  const override = overriding(decision, { reason: force, origin: await project.origin(), stamp });
  await history.append([override]);
  return override;
}

async function decideNow(options: {
  readonly project: Project;
  readonly world: World;
  readonly run: RunRecord;
}): Promise<DecisionRecord> {
  const { project, world, run } = options;
  world.terminal.info(`the gate has not seen run ${run.id} yet: deciding now`);
  const { decideModel } = await import('../gate.js');
  return decideModel({ project, world, model: run.model, run });
}

/** Releases the run under the next free number, or continues a release of it that was broken off. */
export async function release(options: {
  readonly project: Project;
  readonly world: World;
  readonly run: RunRecord;
  readonly versions: readonly VersionRecord[];
  readonly decision: DecisionRecord | undefined;
  readonly asked: Bump | { readonly exactly: string } | undefined;
}): Promise<VersionRecord> {
  const { project, world, run, versions, decision } = options;
  const stores = {
    releases: await project.releases(),
    history: await project.history(),
    tags: await project.tags(),
  };
  const runText = `${JSON.stringify(run, null, 2)}\n`;
  const taken = takenVersions(run.model, {
    records: versions,
    tags: await stores.tags.list(`${run.model}@`),
  });
  const recorded = new Set(versions.map((one) => one.version));
  const { version, continues, skipped } = await chooseVersion(stores.releases, {
    model: run.model,
    taken,
    unrecorded: highestFirst(taken.filter((one) => !recorded.has(one)).map((one) => ({ version: one }))).map(
      (one) => one.version,
    ),
    bump: options.asked ?? usualBump(run, await previousRun(project, versions)),
    runDigest: sha256(runText),
  });
  for (const other of skipped) {
    world.terminal.warn(`v${other} is passed over: another run left an unfinished release of that number`);
  }
  if (continues) world.terminal.info(`going on with the unfinished release of v${version}`);
  const artifacts = releasedArtifacts(run);
  if (artifacts.length === 0) {
    world.terminal.warn(
      `the run kept no files, so v${version} has none to deploy; name them in models.${run.model}.train.outputs`,
    );
  }
  const body = await card({ project, run, version, decision });
  return withTemporaryFolder(async (folder) =>
    publishVersion(stores, {
      run,
      version,
      decision: decision?.id ?? null,
      title: `${run.model} v${version}`,
      body: cutMarkdown(body, LIMITS.releaseBody),
      files: [
        await textAsset(folder, RUN_ASSET, runText),
        ...(await artifactAssets(project, run, folder)),
        await textAsset(folder, CARD_ASSET, body),
      ],
      artifacts,
      stamp: project.stamp(),
      origin: await project.origin(),
      cancel: world.cancel,
    }),
  );
}

async function card(options: {
  readonly project: Project;
  readonly run: RunRecord;
  readonly version: string;
  readonly decision: DecisionRecord | undefined;
}): Promise<string> {
  const { project, run, version, decision } = options;
  const { modelCard } = await import('../../report/card.js');
  const id = decision?.comparison;
  const comparison = id
    ? await readRecordOf(await project.history(), id, { kind: 'comparison', schema: comparisonRecord })
    : undefined;
  const files = [...assetNames(releasedArtifacts(run))].map(([artifact, name]) => ({ ...artifact, name }));
  return modelCard({ version, run, decision, comparison, files });
}

/** A folder is released as a tar file, since an asset of a release is a file. */
async function artifactAssets(
  project: Project,
  run: RunRecord,
  folder: string,
): Promise<readonly AssetFile[]> {
  const store = await project.artifacts();
  const assets: AssetFile[] = [];
  for (const [artifact, name] of assetNames(releasedArtifacts(run))) {
    const path = join(folder, name);
    await store.fetch(artifact, path);
    if ((await stat(path)).isDirectory()) assets.push(await archive(path, `${name}.tar`));
    else assets.push({ asset: { name, digest: artifact.digest, bytes: artifact.bytes }, path });
  }
  return assets;
}

async function archive(folder: string, name: string): Promise<AssetFile> {
  const { archiveFolder } = await import('../../platform/files/archive.js');
  const path = `${folder}.tar`;
  await archiveFolder(folder, path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { asset: { name, digest: hash.digest('hex'), bytes: (await stat(path)).size }, path };
}

async function textAsset(folder: string, name: string, text: string): Promise<AssetFile> {
  const path = join(folder, name);
  await writeFile(path, text);
  return { asset: { name, digest: sha256(text), bytes: Buffer.byteLength(text) }, path };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The run behind the highest version, to see what changed since; undefined when its record is not here. */
async function previousRun(
  project: Project,
  versions: readonly VersionRecord[],
): Promise<RunRecord | undefined> {
  const [highest] = highestFirst(versions);
  if (!highest) return undefined;
  const found = await (await project.history()).find(highest.run);
  return found.map((record) => runRecord.safeParse(record)).find((result) => result.success)?.data;
}
