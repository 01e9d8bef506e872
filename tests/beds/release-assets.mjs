// Releases and their assets as GitHub answers them, with the bytes on disk and with the faults that GitHub is known for.
// Plain JavaScript, for the benches use it too.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** @param {{ folder: string, mostAssets?: number, immutable?: boolean }} options */
export async function releaseAssetsBed(options) {
  const { folder, mostAssets = 1000 } = options;
  mkdirSync(folder, { recursive: true });
  const releases = new Map();
  const assets = new Map();
  const bed = {
    url: '',
    releases,
    assets,
    /** Method and path of every request. */
    requests: [],
    /** What the next uploads suffer, one each, in order. */
    uploadFaults: [],
    /** What the next downloads of bytes suffer: after so many bytes the connection is cut. */
    downloadCuts: [],
    /** How the storage takes ranges: `known`, `ignored` (all of it, 200), or `short` (an answer that ends early). */
    ranges: 'known',
    /** Answers for the next requests that are no uploads: { status, headers, body }. */
    answers: [],
    permission: 'write',
    /** Whether it has GraphQL, as GitHub and no other. */
    graphql: true,
    immutable: options.immutable ?? false,
    now: () => new Date(),
    /** Told every JSON answer, to be held against the contract. */
    onAnswer: undefined,
    path: (id) => join(folder, String(id)),
    env: () => ({
      GITHUB_API_URL: bed.url,
      GITHUB_REPOSITORY: 'team/models',
      GITHUB_TOKEN: 'ghs_bedbedbedbedbedbedbed',
    }),
    close: async () => {
      server.closeAllConnections();
      storage.closeAllConnections();
      await new Promise((resolve) => storage.close(resolve));
      await new Promise((resolve) => server.close(resolve));
    },
  };
  let ids = 0;
  let schema;

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  bed.url = `http://127.0.0.1:${server.address().port}`;
  // The bytes lie on another host, as GitHub's do.
  const storage = createServer((request, response) => {
    bed.requests.push(`GET ${request.url}`);
    sendBytes(request, response, Number(/\d+$/.exec(request.url)?.[0]));
  });
  await new Promise((resolve) => storage.listen(0, '127.0.0.1', resolve));
  const storageUrl = `http://127.0.0.1:${storage.address().port}`;
  return bed;

  async function answer(request, response) {
    const url = new URL(request.url, bed.url);
    const { method } = request;
    bed.requests.push(`${method} ${decodeURIComponent(url.pathname)}${url.search}`);
    const send = (status, body, headers = {}) => {
      if (body !== undefined) bed.onAnswer?.(method, url.pathname, status, body);
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    if (!/^(token|bearer) ghs_bed/i.test(request.headers.authorization ?? '')) {
      return send(401, { message: 'Bad credentials', documentation_url: '', status: '401' });
    }
    const upload = /^\/uploads\/repos\/team\/models\/releases\/(\d+)\/assets$/.exec(url.pathname);
    if (upload)
      return takeUpload(request, {
        release: releases.get(Number(upload[1])),
        name: url.searchParams.get('name'),
        send,
      });
    const text = (await readAll(request)).toString();
    if (url.pathname === '/graphql' && bed.graphql) return send(200, await answerGraphql(JSON.parse(text)));
    const scripted = bed.answers.shift();
    if (scripted) return send(scripted.status, scripted.body, scripted.headers);
    const path = decodeURIComponent(url.pathname).replace('/repos/team/models', '');
    const [, releaseId] = /^\/releases\/(\d+)/.exec(path) ?? [];
    const [, assetId] = /^\/releases\/assets\/(\d+)$/.exec(path) ?? [];
    if (method !== 'GET' && bed.permission !== 'write') {
      return send(
        403,
        { message: 'Resource not accessible by integration', documentation_url: '', status: '403' },
        { 'x-accepted-github-permissions': 'contents=write' },
      );
    }
    const missing = () => send(404, { message: 'Not Found', documentation_url: '', status: '404' });
    if (path === '/releases' && method === 'GET') {
      const seen = [...releases.values()].filter((one) => bed.permission === 'write' || !one.draft).reverse();
      return page(seen.map(releaseBody), url, send);
    }
    if (path === '/releases' && method === 'POST') return makeRelease(JSON.parse(text), send);
    if (releaseId && path.endsWith('/assets') && method === 'GET') {
      if (!releases.has(Number(releaseId))) return missing();
      return page(assetsOf(Number(releaseId)).map(assetBody), url, send);
    }
    if (releaseId && method === 'DELETE') {
      for (const asset of assetsOf(Number(releaseId))) removeAsset(asset);
      return releases.delete(Number(releaseId)) ? send(204) : missing();
    }
    const asset = assets.get(Number(assetId));
    if (path.startsWith('/git/refs/tags/') && method === 'DELETE') return send(204);
    if (!asset) return missing();
    if (method === 'DELETE') {
      removeAsset(asset);
      return send(204);
    }
    if (method === 'PATCH') {
      const { name } = JSON.parse(text);
      if (name && assetsOf(asset.release).some((other) => other !== asset && other.name === name)) {
        return send(422, invalid({ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }));
      }
      Object.assign(asset, JSON.parse(text), { updated_at: bed.now() });
      return send(200, assetBody(asset));
    }
    if (request.headers.accept === 'application/octet-stream') {
      return send(302, undefined, { location: `${storageUrl}/blobs/${asset.id}` });
    }
    return send(200, assetBody(asset));
  }

  /** By the published schema, executed by the reference implementation: an undocumented field is refused. */
  async function answerGraphql({ query, variables }) {
    const { buildSchema, graphql } = await import('graphql');
    const contract = new URL('github/contract/schema.graphql', import.meta.url);
    schema ??= buildSchema(readFileSync(contract, 'utf8'));
    const release = ({ tagName }) => {
      const found = [...releases.values()].find((one) => one.tag_name === tagName && !one.draft);
      if (!found) return null;
      const releaseAssets = ({ name, first }) => {
        const nodes = assetsOf(found.id).filter((asset) => asset.name === name);
        return { nodes: nodes.slice(0, first), totalCount: nodes.length };
      };
      return { tagName, releaseAssets };
    };
    const rootValue = {
      repository: ({ owner, name }) => (`${owner}/${name}` === 'team/models' ? { release } : null),
    };
    return graphql({ schema, source: query, variableValues: variables, rootValue });
  }

  function makeRelease(wanted, send) {
    if (
      !wanted.draft &&
      [...releases.values()].some((one) => !one.draft && one.tag_name === wanted.tag_name)
    ) {
      return send(422, invalid({ resource: 'Release', code: 'already_exists', field: 'tag_name' }));
    }
    const id = ++ids;
    releases.set(id, { id, ...wanted, immutable: bed.immutable && !wanted.draft, created_at: bed.now() });
    send(201, releaseBody(releases.get(id)));
  }

  async function takeUpload(request, { release, name, send }) {
    const fault = bed.uploadFaults.shift() ?? {};
    fault.meanwhile?.();
    if (fault.status === 429) {
      await readAll(request);
      return send(
        429,
        { message: 'You have exceeded a secondary rate limit.', documentation_url: '' },
        { 'retry-after': String(fault.retryAfter) },
      );
    }
    if (bed.permission !== 'write' || fault.status === 401) {
      await readAll(request);
      if (fault.status === 401)
        return send(401, { message: 'Bad credentials', documentation_url: '', status: '401' });
      return send(403, {
        message: 'Resource not accessible by integration',
        documentation_url: '',
        status: '403',
      });
    }
    if (!release) return send(404, { message: 'Not Found', documentation_url: '', status: '404' });
    const refuse = release.immutable
      ? { message: 'Cannot upload assets to an immutable release.' }
      : assetsOf(release.id).some((asset) => asset.name === name)
        ? invalid({ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' })
        : assetsOf(release.id).length >= mostAssets
          ? invalid({
              resource: 'ReleaseAsset',
              code: 'custom',
              field: 'file_count',
              message: `file_count limited to ${mostAssets} assets per release`,
            })
          : undefined;
    if (refuse) {
      await readAll(request);
      return send(422, { documentation_url: '', ...refuse });
    }
    if (request.headers['content-length'] === undefined) return send(411, { message: 'Length Required' });
    const asset = {
      id: ++ids,
      release: release.id,
      name,
      label: '',
      size: 0,
      state: 'starter',
      digest: null,
      created_at: bed.now(),
      updated_at: bed.now(),
    };
    assets.set(asset.id, asset);
    const done = await receive(request, asset, fault.cutAfter);
    fault.atItsEnd?.(asset);
    if (!assets.has(asset.id))
      return send(404, { message: 'Not Found', documentation_url: '', status: '404' });
    if (fault.keepsStarter) return send(502, { message: 'Server Error' });
    if (!done) return;
    Object.assign(asset, { state: 'uploaded', ...done, updated_at: bed.now() });
    if (fault.lies) Object.assign(asset, { size: 1, digest: null });
    if (fault.status === 502) return send(502, { message: 'Server Error' });
    if (fault.hangUp) return request.socket.destroy();
    send(201, assetBody(asset));
  }

  /** Size and digest, or undefined when the connection ended before. */
  async function receive(request, asset, cutAfter) {
    const hash = createHash('sha256');
    const file = createWriteStream(bed.path(asset.id));
    let size = 0;
    try {
      for await (const chunk of request) {
        size += chunk.length;
        if (cutAfter !== undefined && size > cutAfter) {
          request.socket.destroy();
          return undefined;
        }
        hash.update(chunk);
        if (!file.write(chunk)) await new Promise((resolve) => file.once('drain', resolve));
      }
    } catch {
      return undefined;
    } finally {
      await new Promise((resolve) => file.end(resolve));
    }
    if (size !== Number(request.headers['content-length'])) return undefined;
    return { size, digest: `sha256:${hash.digest('hex')}` };
  }

  function sendBytes(request, response, id) {
    if (request.headers.authorization) {
      response.writeHead(400).end('the token was sent to the storage');
      return;
    }
    const { size } = statSync(bed.path(id));
    const asked = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const from = bed.ranges === 'ignored' ? 0 : asked;
    const length = bed.ranges === 'short' && from > 0 ? Math.ceil((size - from) / 2) : size - from;
    const cut = bed.downloadCuts.shift();
    response.writeHead(from > 0 ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${from + length - 1}/${size}` } : {}),
    });
    if (cut === undefined) {
      const bytes = { start: from, end: from + length - 1, highWaterMark: 2 ** 20 };
      return createReadStream(bed.path(id), bytes).pipe(response);
    }
    const some = createReadStream(bed.path(id), { start: from, end: from + cut - 1 });
    some.on('end', () => setTimeout(() => request.socket.destroy(), 20));
    return some.pipe(response, { end: false });
  }

  function removeAsset(asset) {
    assets.delete(asset.id);
    rmSync(bed.path(asset.id), { force: true });
  }

  function assetsOf(release) {
    return [...assets.values()].filter((asset) => asset.release === release);
  }

  function releaseBody(release) {
    const at = `${bed.url}/repos/team/models/releases/${release.id}`;
    return {
      url: at,
      html_url: `${bed.url}/team/models/releases/tag/${release.tag_name}`,
      assets_url: `${at}/assets`,
      upload_url: `${bed.url}/uploads/repos/team/models/releases/${release.id}/assets{?name,label}`,
      tarball_url: null,
      zipball_url: null,
      id: release.id,
      node_id: `R_${release.id}`,
      tag_name: release.tag_name,
      target_commitish: 'main',
      name: release.name ?? null,
      body: release.body ?? null,
      draft: release.draft ?? false,
      prerelease: release.prerelease ?? false,
      immutable: release.immutable,
      created_at: release.created_at.toISOString(),
      published_at: release.draft ? null : release.created_at.toISOString(),
      author: USER,
      assets: [],
    };
  }

  function assetBody(asset) {
    return {
      url: `${bed.url}/repos/team/models/releases/assets/${asset.id}`,
      browser_download_url: `${bed.url}/team/models/releases/download/x/${asset.name}`,
      id: asset.id,
      node_id: `RA_${asset.id}`,
      name: asset.name,
      label: asset.label,
      state: asset.state,
      content_type: 'application/octet-stream',
      size: asset.size,
      digest: asset.digest,
      download_count: 0,
      created_at: asset.created_at.toISOString(),
      updated_at: asset.updated_at.toISOString(),
      uploader: USER,
    };
  }
}

const USER = Object.fromEntries(
  [
    'avatar_url',
    'events_url',
    'followers_url',
    'following_url',
    'gists_url',
    'html_url',
    'organizations_url',
    'received_events_url',
    'repos_url',
    'starred_url',
    'subscriptions_url',
    'url',
  ]
    .map((name) => [name, 'https://github.com/apps/github-actions'])
    .concat([
      ['login', 'github-actions[bot]'],
      ['id', 41898282],
      ['node_id', 'MDM6Qm90NDE4OTgyODI='],
      ['gravatar_id', ''],
      ['type', 'Bot'],
      ['site_admin', false],
    ]),
);

function invalid(error) {
  return { message: 'Validation Failed', documentation_url: '', errors: [error] };
}

function page(items, url, send) {
  const [size, number] = [
    Number(url.searchParams.get('per_page') ?? 30),
    Number(url.searchParams.get('page') ?? 1),
  ];
  const last = number * size >= items.length;
  url.searchParams.set('page', String(number + 1));
  send(
    200,
    items.slice((number - 1) * size, number * size),
    last ? {} : { link: `<${url.href}>; rel="next"` },
  );
}

async function readAll(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
