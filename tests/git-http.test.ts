import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OutsideError } from '../src/errors.js';
import { type GitServer, startGitServer } from './beds/git-server.mjs';
import {
  clone,
  ENV,
  git,
  ids,
  makeRecord,
  makeRemote,
  makeRepository,
  openHistory,
  openScene,
  type Scene,
} from './history-scene.js';

/** A real git server (git http-backend) that lets nobody in without the token. */

const TOKEN = 'assay-test-token-5f1c';
const EXPECTED = `basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;

let scene: Scene;
let server: GitServer;

const headers = () => server.requests.map(({ authorization }) => authorization);

beforeEach(async () => {
  scene = openScene();
  const source = makeRepository(join(scene.folder, 'source'), 1);
  const remote = makeRemote(source, join(scene.folder, 'remote.git'));
  git(remote, 'config', 'http.receivepack', 'true');
  server = await startGitServer({
    root: scene.folder,
    env: ENV,
    fault: ({ authorization }) =>
      authorization === EXPECTED
        ? undefined
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="git"' } },
  });
});
afterEach(async () => {
  await server.stop();
  scene.end();
});

function checkout(): string {
  const folder = clone(join(scene.folder, 'remote.git'), join(scene.folder, 'clone'));
  git(folder, 'remote', 'set-url', 'origin', `${server.address}/remote.git`);
  return folder;
}

function everyFile(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

test('the token opens the remote, and is written nowhere', async () => {
  const folder = checkout();
  const record = makeRecord();
  const env = { ...ENV, GITHUB_TOKEN: TOKEN, GITHUB_SERVER_URL: server.address };
  await openHistory(folder, { push: true, env }).append([record]);
  expect(git(join(scene.folder, 'remote.git'), 'rev-list', '--count', 'assay')).toBe('1');
  expect(ids(await openHistory(folder, { push: true, env }).list({ kind: 'run' }))).toEqual([record.id]);
  const written = everyFile(scene.folder);
  expect(written).not.toContain(TOKEN);
  expect(written).not.toContain(EXPECTED.slice('basic '.length));
});

test('a token for another server is not shown to this one', async () => {
  const env = { ...ENV, GITHUB_TOKEN: TOKEN, GITHUB_SERVER_URL: 'https://github.com' };
  const refused = openHistory(checkout(), { push: true, env }).append([makeRecord()]);
  await expect(refused).rejects.toBeInstanceOf(OutsideError);
  await expect(refused).rejects.toMatchObject({ mend: expect.stringContaining('contents: write') });
  expect(headers().filter(Boolean)).toEqual([]);
});

test("the checkout's own header is used alone", async () => {
  const folder = checkout();
  git(folder, 'config', `http.${server.address}/.extraheader`, `AUTHORIZATION: ${EXPECTED}`);
  const env = { ...ENV, ASSAY_TOKEN: 'stale', GITHUB_SERVER_URL: server.address };
  await openHistory(folder, { push: true, env }).append([makeRecord()]);
  expect(new Set(headers())).toEqual(new Set([EXPECTED]));
});

test('a wrong token is an error that does not show it', async () => {
  const env = { ...ENV, ASSAY_TOKEN: 'wrong-secret' };
  const refused = openHistory(checkout(), { push: true, env }).append([makeRecord()]);
  const error = await refused.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(OutsideError);
  const told = JSON.stringify(error, Object.getOwnPropertyNames(error));
  expect(told).not.toContain('wrong-secret');
  expect(told).not.toContain(Buffer.from('x-access-token:wrong-secret').toString('base64'));
});

test('four writers race over http: each record lands once', { timeout: 90_000 }, async () => {
  const folder = checkout();
  const records = Array.from({ length: 4 }, () => makeRecord());
  const env = { ...ENV, ASSAY_TOKEN: TOKEN };
  await Promise.all(
    records.map((record, number) =>
      openHistory(folder, { push: true, env, seed: `http ${number}` }).append([record]),
    ),
  );
  expect(ids(await openHistory(folder, { push: true, env }).list({ kind: 'run' }))).toEqual(
    ids(records).toReversed(),
  );
});

test('a first reading asks the remote a few times, not once for each folder', async () => {
  git(join(scene.folder, 'remote.git'), 'config', 'uploadpack.allowFilter', 'true');
  const env = { ...ENV, ASSAY_TOKEN: TOKEN };
  // Twelve days of a closed month, each a folder, and one of a later month.
  const days = Array.from({ length: 12 }, (_, day) => `202601${String(day + 1).padStart(2, '0')}`);
  const records = [...days, '20260201'].map((day, number) =>
    makeRecord({ id: `${day}T000000000Z-${String(number).padStart(8, '0')}` }),
  );
  await openHistory(checkout(), { push: true, env }).append(records);
  const fresh = clone(join(scene.folder, 'remote.git'), join(scene.folder, 'fresh'), '--single-branch');
  git(fresh, 'remote', 'set-url', 'origin', `${server.address}/remote.git`);
  const before = server.requests.length;
  const read = await openHistory(fresh, { push: true, env }).list({ kind: 'run' });
  expect(ids(read)).toEqual(ids(records).toReversed());
  // Of two fetches, with their answers of 401 before the token is asked for.
  expect(server.requests.length - before).toBeLessThanOrEqual(8);
});
