// One storing or fetching in a process of its own: it may be killed, and its memory is its own. Plain JavaScript over
// build/, for the benches use it too. Standard output: a line `at BYTES` for each step of progress, `held` where it
// waits for ever after so many bytes (`holdAt`), and one line of JSON at the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { artifactStore } from '../../build/artifacts/store.js';
import { localFiles } from '../../build/platform/local/files.js';

const job = JSON.parse(process.argv[2]);
const sent = { pieces: 0, bytes: 0 };
let passed = 0;
const world = {
  progress: (label) => ({
    update: (done) => {
      if (/^(storing|fetching)/.test(label)) console.log(`at ${done}`);
    },
    end: () => {},
  }),
  wait: (seconds) => sleep(seconds * 1000),
  now: () => new Date(),
  cancel: new AbortController().signal,
};
const blobs = counted(await openBlobs());
const store = artifactStore({ blobs, files: localFiles({ root: job.root }), world });
const start = process.hrtime.bigint();
let result;
if (job.does === 'put') result = await store.put('model', job.path);
if (job.does === 'fetch') await store.fetch(job.artifact, job.path);
if (job.does === 'verify') result = await store.verify(job.artifact.digest, { content: true });
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
// Kilobytes on Linux.
const memory = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ result, seconds, memory, sent }));

/** Counts what is handed to the store (parts of S3 where they leave), and holds the transfer where it is to be killed. */
function counted(blobs) {
  return {
    ...blobs,
    put: async (name, content) => {
      if (job.store.kind !== 's3') {
        sent.pieces++;
        sent.bytes += content.bytes;
      }
      const stream = () => holding(content.stream());
      await blobs.put(name, { ...content, stream });
    },
    get: (name, from) =>
      /^[0-9a-f]{64}$/.test(name) ? holding(blobs.get(name, from)) : blobs.get(name, from),
  };
}

async function* holding(chunks) {
  for await (const chunk of chunks) {
    if (job.holdAt !== undefined && passed >= job.holdAt) {
      console.log('held');
      setInterval(() => {}, 1000);
      await new Promise(() => {});
    }
    passed += chunk.length;
    yield chunk;
  }
}

async function openBlobs() {
  const { kind } = job.store;
  if (kind === 'directory') {
    const { directoryBlobs } = await import('../../build/platform/local/artifacts.js');
    return directoryBlobs({ folder: job.store.folder });
  }
  if (kind === 's3') {
    const { openS3 } = await import('../../build/platform/s3/client.js');
    const { s3Blobs } = await import('../../build/platform/s3/artifacts.js');
    const client = openS3({ env: job.store.env, url: job.store.url, version: 'bench', world });
    return s3Blobs({
      ...client,
      send: (request) => {
        if (request.query?.partNumber !== undefined) {
          sent.pieces++;
          sent.bytes += request.body?.length ?? 0;
        }
        return client.send(request);
      },
    });
  }
  const { openGitHub } = await import('../../build/platform/github/client.js');
  const { releaseBlobs } = await import('../../build/platform/github/artifacts.js');
  const client = await openGitHub({
    env: job.store.env,
    version: 'bench',
    now: Date.now,
    cancel: world.cancel,
    warn: console.error,
  });
  return releaseBlobs({ client, world, limits: { assets: 1000, partBytes: job.store.partBytes } });
}
