import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutsideError, UserError } from '../../errors.js';
import { type DatasetSource, type OpenOptions, openDataset } from '../duckdb/dataset.js';
import { openDuckdb } from '../duckdb/engine.js';

let folder: string;
let server: Server | undefined;
let asked: IncomingMessage[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-test-'));
  asked = [];
});
afterEach(async () => {
  await new Promise((done) => (server ? server.close(done) : done(undefined)));
  server = undefined;
  rmSync(folder, { recursive: true });
});

const notices: string[] = [];
const options = (env: Record<string, string> = {}): OpenOptions => ({
  env: { PATH: process.env.PATH, ...env },
  notice: (line) => notices.push(line),
  cancel: new AbortController().signal,
  threads: 2,
  downloads: join(folder, 'downloads'),
});

function write(path: string, content: string | Uint8Array): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

async function load(source: string, more: Partial<DatasetSource> = {}, env: Record<string, string> = {}) {
  const { engine, table } = await openDataset({ folder, source, missing: [''], ...more }, options(env));
  try {
    const rows = await engine.query(
      `SELECT ${table.columns.map(({ sql }) => sql).join(', ')}, ${table.row} AS r FROM ${table.relation} ORDER BY r`,
    );
    return {
      table,
      names: table.columns.map(({ name }) => name),
      rows: rows.map((row) => table.columns.map(({ sql }) => row[sql])),
      places: rows.map(({ r }) => table.place(Number(r))),
    };
  } finally {
    await engine.close();
  }
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const CSV = 'a,b\n1,2\n3,4\n';

describe('by https', () => {
  test('a file is fetched through redirects, kept, and asked for again by its ETag', async () => {
    const at = await serve((request, response) => {
      if (request.url === '/old.csv') response.writeHead(302, { location: '/data/new.csv?sig=secret' }).end();
      else if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"1"', 'content-length': CSV.length }).end(CSV);
    });
    const first = await load(`${at}/old.csv`);
    expect(first.rows).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
    expect(first.table.files).toEqual([`${at}/old.csv`]);
    expect(first.table.digest).toBe(createHash('sha256').update(CSV).digest('hex'));
    expect((await load(`${at}/old.csv`)).rows).toHaveLength(2);
    expect(asked.map(({ url }) => url)).toEqual([
      '/old.csv',
      '/data/new.csv?sig=secret',
      '/old.csv',
      '/data/new.csv?sig=secret',
    ]);
  });

  test('a broken transfer goes on where it stopped', async () => {
    const at = await serve((request, response) => {
      const { range } = request.headers;
      if (range === undefined) {
        response.writeHead(200, { etag: '"1"', 'content-length': CSV.length });
        response.write(CSV.slice(0, 6));
        // Long enough that the client has read what was sent, however busy the machine is.
        setTimeout(() => response.destroy(), 500);
        return;
      }
      const from = Number(/bytes=(\d+)-/.exec(range)?.[1]);
      response.writeHead(206, {
        etag: '"1"',
        'content-length': CSV.length - from,
        'content-range': `bytes ${from}-11/12`,
      });
      response.end(CSV.slice(from));
    });
    expect((await load(`${at}/x.csv`)).rows).toHaveLength(2);
    expect(asked.map(({ headers }) => [headers.range, headers['if-range']])).toEqual([
      [undefined, undefined],
      ['bytes=6-', '"1"'],
    ]);
  });

  test('a server that is busy is asked again; one that says no is believed', async () => {
    let calls = 0;
    const at = await serve((request, response) => {
      if (request.url?.startsWith('/gone.csv')) response.writeHead(404).end();
      else if (calls++ === 0) response.writeHead(503, { 'retry-after': '1' }).end();
      else response.end(CSV);
    });
    expect((await load(`${at}/x.csv`)).rows).toHaveLength(2);
    await expect(load(`${at}/gone.csv?token=planted`)).rejects.toThrow(
      new UserError(`${at}/gone.csv is not there: the server answered 404`),
    );
    expect(notices.join()).not.toContain('planted');
  });

  test('credentials come by the environment, for their host alone', async () => {
    const at = await serve((request, response) => {
      if (request.headers.authorization === 'Bearer abc') response.end(CSV);
      else response.writeHead(401).end();
    });
    const error = await load(`${at}/x.csv`).catch((thrown: UserError) => thrown);
    expect(error).toMatchObject({ mend: 'give the token in the environment variable ASSAY_TOKEN_127_0_0_1' });
    expect((await load(`${at}/x.csv`, {}, { ASSAY_TOKEN_127_0_0_1: 'abc' })).rows).toHaveLength(2);
  });

  test('a file larger than allowed is refused, also when its length is not told', async () => {
    const at = await serve((request, response) => {
      if (request.url === '/told.csv') response.writeHead(200, { 'content-length': 12 });
      response.end(CSV);
    });
    for (const name of ['told', 'untold']) {
      await expect(load(`${at}/${name}.csv`, {}, { ASSAY_MAX_DOWNLOAD: '5' })).rejects.toThrow(
        /larger than 5 B/,
      );
    }
  });

  test('nobody there is an error of the outside, after retries', async () => {
    const at = await serve(() => undefined);
    await new Promise((done) => server?.close(done));
    server = undefined;
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(new Error('enough')), 400);
    await expect(
      openDataset({ folder, source: `${at}/x.csv`, missing: [] }, { ...options(), cancel: cancel.signal }),
    ).rejects.toThrow('enough');
    expect(OutsideError).toBeDefined();
  });
});

test('s3: a key, a folder with key=value folders, and a pattern, fetched again only when they change', async () => {
  const objects: Record<string, string> = {
    'in/day=2026-01-01/a.csv': 'x\n1\n',
    'in/day=2026-01-02/a.csv': 'x\n2\n',
    'in/_SUCCESS': '',
  };
  const at = await serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://s3');
    expect(request.headers.authorization).toContain('AWS4-HMAC-SHA256');
    if (url.searchParams.has('list-type')) {
      const prefix = url.searchParams.get('prefix') ?? '';
      const entries = Object.entries(objects)
        .filter(([key]) => key.startsWith(prefix))
        .map(
          ([key, body]) =>
            `<Contents><Key>${key}</Key><Size>${body.length}</Size><ETag>"${body.length}${body.at(2)}"</ETag></Contents>`,
        );
      response.end(
        `<ListBucketResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListBucketResult>`,
      );
      return;
    }
    const body = objects[decodeURIComponent(url.pathname.replace('/bucket/', ''))];
    if (body === undefined) response.writeHead(404).end();
    else
      response
        .writeHead(200, { etag: `"${body.length}${body.at(2)}"`, 'content-length': body.length })
        .end(request.method === 'HEAD' ? undefined : body);
  });
  const env = {
    AWS_ENDPOINT_URL: at,
    AWS_ACCESS_KEY_ID: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    AWS_REGION: 'us-east-1',
  };
  const whole = await load('s3://bucket/in/', {}, env);
  expect([whole.names, whole.rows]).toEqual([
    ['x', 'day'],
    [
      ['1', '2026-01-01'],
      ['2', '2026-01-02'],
    ],
  ]);
  expect(whole.places[1]).toEqual({ file: 's3://bucket/in/day=2026-01-02/a.csv', number: 2 });
  const before = asked.length;
  expect((await load('s3://bucket/in/*/a.csv', {}, env)).rows).toHaveLength(2);
  expect(asked.slice(before).map(({ method, url }) => `${method} ${url?.split('?')[0]}`)).toEqual([
    'GET /bucket/',
  ]);
  expect((await load('s3://bucket/in/day=2026-01-01/a.csv', {}, env)).rows).toEqual([['1', '2026-01-01']]);
  await expect(load('s3://bucket/none.csv', {}, env)).rejects.toThrow(
    'there is nothing at s3://bucket/none.csv',
  );
}, 20_000);

describe('folders', () => {
  test('key=value folders are columns; what writers leave beside the data is none', async () => {
    write('d/country=US/day=2026-01-01/part-0.csv', 'x,y\n1,a\n2,b\n');
    write('d/country=DE/day=__HIVE_DEFAULT_PARTITION__/part-0.csv', 'x,y\n3,c\nbad\n4,d\n');
    write('d/country=a%2Fb/day=2026-01-02/part-0.csv', 'x,y\n');
    write('d/_SUCCESS', '');
    write('d/country=US/.part-0.csv.crc', 'x');
    const found = await load('d');
    expect(found.names).toEqual(['x', 'y', 'country', 'day']);
    expect(found.rows).toEqual([
      ['3', 'c', 'DE', null],
      ['4', 'd', 'DE', null],
      ['1', 'a', 'US', '2026-01-01'],
      ['2', 'b', 'US', '2026-01-01'],
    ]);
    expect(found.places.map(({ number }) => number)).toEqual([2, 4, 2, 3]);
    expect(found.table.rejected).toBe(1);
  });

  test('of Parquet too', async () => {
    const engine = await openDuckdb(options());
    for (const k of ['a', 'b']) {
      mkdirSync(join(folder, `p/k=${k}`), { recursive: true });
      await engine.query(
        `COPY (SELECT '${k}1' AS v UNION ALL SELECT '${k}2') TO '${join(folder, `p/k=${k}/x.parquet`)}'`,
      );
    }
    await engine.close();
    expect((await load('p')).rows).toEqual([
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
      ['b2', 'b'],
    ]);
  });

  test('different keys, a key that is a column, no files and several formats are told', async () => {
    write('d/k=1/a.csv', 'x\n1\n');
    write('d/a.csv', 'x\n1\n');
    await expect(load('d')).rejects.toThrow('d/k=1/a.csv is in other key=value folders than d/a.csv');
    write('e/x=1/a.csv', 'x\n1\n');
    await expect(load('e')).rejects.toThrow('"x" is both a column of the files and a key of their folders');
    mkdirSync(join(folder, 'f'));
    await expect(load('f')).rejects.toThrow('the folder f has no data files');
    write('g/a.csv', 'x\n1\n');
    write('g/a.json', '[]');
    await expect(load('g')).rejects.toThrow('several formats: csv, json');
  });
});

describe('tracked by DVC', () => {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const pointer = (path: string, hash: string) =>
    `outs:\n- md5: ${hash}\n  size: 12\n  hash: md5\n  path: ${path}\n`;

  test('the content is found in the cache, of DVC 3 and 2, or beside the pointer', async () => {
    mkdirSync(join(folder, '.dvc'));
    const hash = md5(CSV);
    write('data/x.csv.dvc', pointer('x.csv', hash));
    write(`.dvc/cache/files/md5/${hash.slice(0, 2)}/${hash.slice(2)}`, CSV);
    const found = await load('data/x.csv');
    expect([found.rows.length, found.table.files]).toEqual([2, ['data/x.csv']]);
    expect((await load('data/x.csv.dvc')).rows).toHaveLength(2);
    rmSync(join(folder, '.dvc/cache'), { recursive: true });
    write('.dvc/config', '[core]\n    remote = r\n[cache]\n    dir = ../shared\n');
    write(`shared/${hash.slice(0, 2)}/${hash.slice(2)}`, CSV);
    expect((await load('data/x.csv')).rows).toHaveLength(2);
    write('data/x.csv', 'a,b\n1,2\n');
    expect((await load('data/x.csv')).rows).toHaveLength(1);
  });

  test('a tracked folder is its files', async () => {
    const list = JSON.stringify([
      { md5: md5('a\n2\n'), relpath: 'k=2/x.csv' },
      { md5: md5('a\n1\n'), relpath: 'k=1/x.csv' },
    ]);
    mkdirSync(join(folder, '.dvc'));
    for (const text of [list, 'a\n1\n', 'a\n2\n']) {
      const hash = md5(text) + (text === list ? '.dir' : '');
      write(`.dvc/cache/files/md5/${hash.slice(0, 2)}/${hash.slice(2)}`, text);
    }
    write('d.dvc', pointer('d', `${md5(list)}.dir`));
    const found = await load('d');
    expect(found.rows).toEqual([
      ['1', '1'],
      ['2', '2'],
    ]);
    expect(found.table.files).toEqual(['d/k=1/x.csv', 'd/k=2/x.csv']);
  });

  test('content that was not pulled says how to pull it', async () => {
    write('x.csv.dvc', pointer('x.csv', md5(CSV)));
    const error = await load('x.csv').catch((thrown: UserError) => thrown);
    expect(error).toMatchObject({
      message: 'the content of x.csv is not on this machine; DVC tracks it by x.csv.dvc',
      mend: 'fetch it: dvc pull x.csv.dvc',
    });
  });
});
