import { beforeEach, describe, expect, it } from 'vitest';
import { memoryHistory } from '../../tests/fakes/history.js';
import { memoryReleases, memoryTags } from '../../tests/fakes/releases.js';
import { runOf } from '../../tests/fakes/run.js';
import type { Artifact } from '../artifacts/artifact.js';
import { Interrupted, OutsideError, UserError } from '../errors.js';
import {
  type AssetFile,
  assetNames,
  chooseVersion,
  type Publication,
  publishVersion,
  RUN_ASSET,
  releasedArtifacts,
  takenVersions,
} from './release.js';

const artifact = (name: string, path: string, digit = '1'): Artifact => ({
  name,
  path,
  digest: digit.repeat(64),
  bytes: 10,
});
const file = (name: string, digit: string): AssetFile => ({
  asset: { name, digest: digit.repeat(64), bytes: 10 },
  path: `/tmp/${name}`,
});
const RUN = file(RUN_ASSET, 'a');
const MODEL = file('model.joblib', 'b');
const CARD = file('model-card.md', 'c');

const run = runOf({ artifacts: [artifact('model', 'out/model.joblib', 'b')] });
const publication = (changes: Partial<Publication> = {}): Publication => ({
  run,
  version: '1.0.0',
  decision: null,
  title: 'income v1.0.0',
  body: 'card',
  files: [RUN, MODEL, CARD],
  artifacts: run.artifacts,
  stamp: { id: '20261124T000000000Z-00000001', time: '2026-11-24T00:00:00.000Z' },
  origin: { commit: 'f'.repeat(40), actor: 'ada', trigger: { event: 'local', url: null, attempt: 1 } },
  cancel: new AbortController().signal,
  ...changes,
});

describe('publishVersion', () => {
  let broken: string | undefined;
  const releases = () => memoryReleases({ failOn: (call) => call === broken });
  beforeEach(() => {
    broken = undefined;
  });

  it('makes a draft, uploads, publishes, records and tags the commit of the run', async () => {
    const stores = { releases: releases(), history: memoryHistory(), tags: memoryTags() };
    const record = await publishVersion(stores, publication());
    expect(stores.releases.calls).toEqual([
      'draft income@v1.0.0',
      'upload run.json',
      'upload model.joblib',
      'upload model-card.md',
      'publish income@v1.0.0',
    ]);
    expect(stores.history.records).toEqual([record]);
    expect(record).toMatchObject({
      version: '1.0.0',
      tag: 'income@v1.0.0',
      run: run.id,
      commit: run.commit,
      url: 'https://example.test/income@v1.0.0',
    });
    expect(Object.fromEntries(stores.tags.all)).toEqual({ 'income@v1.0.0': run.commit });
  });

  it.each([
    'draft income@v1.0.0',
    'upload run.json',
    'upload model.joblib',
    'upload model-card.md',
    'publish income@v1.0.0',
  ])('killed at %s, goes on without doing anything twice', async (call) => {
    const stores = { releases: releases(), history: memoryHistory(), tags: memoryTags() };
    broken = call;
    await expect(publishVersion(stores, publication())).rejects.toThrow('killed');
    expect(stores.history.records).toEqual([]);
    expect(stores.releases.all.get('income@v1.0.0')?.published ?? false).toBe(false);

    broken = undefined;
    await publishVersion(stores, publication());
    const uploads = stores.releases.calls.filter((each) => each.startsWith('upload'));
    expect(uploads).toEqual(['upload run.json', 'upload model.joblib', 'upload model-card.md']);
    expect(stores.history.records).toHaveLength(1);
    expect(stores.releases.all.get('income@v1.0.0')?.published).toBe(true);
  });

  it('killed between publishing and recording, records without touching the release', async () => {
    const stores = { releases: releases(), history: memoryHistory(), tags: memoryTags() };
    const dead = { ...stores.history, append: async () => Promise.reject(new Error('killed')) };
    await expect(publishVersion({ ...stores, history: dead }, publication())).rejects.toThrow('killed');
    await publishVersion(stores, publication());
    expect(stores.releases.calls.filter((call) => call.startsWith('draft'))).toHaveLength(1);
    expect(stores.history.records).toHaveLength(1);
  });

  it('killed between tag and record, is found again by the next register of that run', async () => {
    const stores = { releases: releases(), history: memoryHistory(), tags: memoryTags() };
    broken = 'publish income@v1.0.0';
    await expect(publishVersion(stores, publication())).rejects.toThrow('killed');
    broken = undefined;
    expect([...stores.tags.all.keys()]).toEqual(['income@v1.0.0']);
    const wanted = {
      model: 'income',
      taken: ['1.0.0'],
      unrecorded: ['1.0.0'],
      bump: 'minor',
      runDigest: RUN.asset.digest,
    } as const;
    expect(await chooseVersion(stores.releases, wanted)).toEqual({
      version: '1.0.0',
      continues: true,
      skipped: [],
    });
    const other = { ...wanted, runDigest: 'f'.repeat(64) };
    expect(await chooseVersion(stores.releases, other)).toMatchObject({ version: '1.1.0', continues: false });
    const exactly = { ...wanted, bump: { exactly: '2.0.0' } };
    expect(await chooseVersion(stores.releases, exactly)).toMatchObject({
      version: '2.0.0',
      continues: false,
    });
  });

  it('replaces what arrived damaged, and does not publish what does not belong to it', async () => {
    const stores = { releases: releases(), history: memoryHistory(), tags: memoryTags() };
    const damaged = { ...MODEL.asset, bytes: 3 };
    stores.releases.all.set('income@v1.0.0', {
      body: '',
      published: false,
      assets: new Map([[damaged.name, damaged]]),
    });
    await publishVersion(stores, publication());
    expect(stores.releases.all.get('income@v1.0.0')?.assets.get('model.joblib')).toEqual(MODEL.asset);

    const other = file('weights.bin', 'd').asset;
    stores.releases.all.set('income@v1.1.0', {
      body: '',
      published: false,
      assets: new Map([[other.name, other]]),
    });
    const failure = publishVersion(stores, publication({ version: '1.1.0' }));
    await expect(failure).rejects.toThrow(/weights\.bin does not belong to it/);
    await expect(failure).rejects.toBeInstanceOf(OutsideError);
    expect(stores.releases.all.get('income@v1.1.0')?.published).toBe(false);
    expect(stores.history.records).toHaveLength(1);
  });

  it('interrupted between uploads leaves a draft', async () => {
    const controller = new AbortController();
    const stores = { releases: releases(), history: memoryHistory(), tags: memoryTags() };
    const interrupting = {
      ...stores.releases,
      upload: async (...upload: Parameters<typeof stores.releases.upload>) => {
        await stores.releases.upload(...upload);
        controller.abort(new Interrupted('SIGINT'));
      },
    };
    const publishing = publishVersion(
      { ...stores, releases: interrupting },
      publication({ cancel: controller.signal }),
    );
    await expect(publishing).rejects.toBeInstanceOf(Interrupted);
    expect(stores.releases.calls).toEqual(['draft income@v1.0.0', 'upload run.json']);
    expect(stores.history.records).toEqual([]);
  });

  it('refuses to publish when an upload was lost', async () => {
    const store = releases();
    const lossy = { ...store, upload: async () => {} };
    const stores = { releases: lossy, history: memoryHistory(), tags: memoryTags() };
    await expect(publishVersion(stores, publication())).rejects.toThrow(/run\.json did not arrive whole/);
    expect(store.all.get('income@v1.0.0')?.published).toBe(false);
  });
});

describe('chooseVersion', () => {
  const wanted = {
    model: 'income',
    taken: ['1.0.0'],
    unrecorded: [],
    bump: 'minor',
    runDigest: RUN.asset.digest,
  } as const;
  const left = (assets: readonly AssetFile[], published = false) => ({
    body: '',
    published,
    assets: new Map(assets.map(({ asset }) => [asset.name, asset])),
  });

  it('takes the next number', async () => {
    expect(await chooseVersion(memoryReleases(), wanted)).toEqual({
      version: '1.1.0',
      continues: false,
      skipped: [],
    });
  });

  it('goes on with a draft of the same run, one without assets, and one that was published but not recorded', async () => {
    for (const release of [left([RUN]), left([]), left([RUN, MODEL, CARD], true)]) {
      const releases = memoryReleases();
      releases.all.set('income@v1.1.0', release);
      expect(await chooseVersion(releases, wanted)).toEqual({
        version: '1.1.0',
        continues: true,
        skipped: [],
      });
    }
  });

  it('passes over what another run left', async () => {
    const releases = memoryReleases();
    releases.all.set('income@v1.1.0', left([file(RUN_ASSET, 'd')]));
    releases.all.set('income@v1.2.0', left([MODEL], true));
    expect(await chooseVersion(releases, wanted)).toEqual({
      version: '1.3.0',
      continues: false,
      skipped: ['1.1.0', '1.2.0'],
    });
    const exact = chooseVersion(releases, { ...wanted, bump: { exactly: '1.1.0' } });
    await expect(exact).rejects.toBeInstanceOf(UserError);
  });
});

describe('files of a release', () => {
  it('leave out predictions and logs', () => {
    const names = [
      'model',
      'predictions',
      'predictions.seed-2',
      'log',
      'log.seed-1',
      'logistic',
      'predictions_model',
    ];
    const artifacts = names.map((name) => artifact(name, name));
    expect(releasedArtifacts(runOf({ artifacts })).map(({ name }) => name)).toEqual([
      'model',
      'logistic',
      'predictions_model',
    ]);
  });

  it('have safe and different names', () => {
    const artifacts = [
      artifact('model', 'out/model.joblib', '1'),
      artifact('model.joblib', 'elsewhere/x', '2'),
      artifact('../../etc/passwd', 'x', '3'),
      artifact('weights', 'w.tar.gz', '4'),
      artifact('run', 'run.json', '5'),
      artifact('Model', 'm.joblib', '6'),
      artifact('☃', 'x', '7'),
      artifact('folder', 'out/folder', '8'),
    ];
    expect([...assetNames(artifacts).values()]).toEqual([
      'model.joblib',
      '222222222222-model.joblib',
      'etc-passwd',
      'weights.tar.gz',
      '555555555555-run.json',
      '666666666666-Model.joblib',
      'artifact',
      'folder',
    ]);
  });
});

it('numbers that somebody tagged with GTO are taken', () => {
  const tags = ['income@v2.0.0', 'income@v2.1.0!', 'other@v9.0.0', 'dir=income@v8.0.0', 'income#prod#1'];
  expect(takenVersions('income', { records: [], tags })).toEqual(['2.0.0', '2.1.0']);
});
