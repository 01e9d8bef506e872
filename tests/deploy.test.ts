import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { Interrupted, UserError } from '../src/errors.js';
import { httpHealth } from '../src/platform/http/health.js';
import { write } from './history-scene.js';
import { openRegistryScene, type RegistryScene } from './registry-scene.js';

/** Two targets; what is deployed is the content of live-TARGET.txt, and `sick` makes the health check fail. */
const CONFIG = `
history: { directory: .assay/history }
models:
  income:
    train: { run: node train.mjs }
    deploy:
      staging:
        run: sh deploy.sh
        health: { run: sh health.sh, timeout: 300ms, every: 50ms }
        undo: sh undo.sh
      prod:
        run: sh deploy.sh
        health: { run: sh health.sh, timeout: 300ms, every: 50ms }
        undo: sh undo.sh
        needs: staging
`;
const DEPLOY = `
set -e
echo "deploying $ASSAY_MODEL $ASSAY_VERSION to $ASSAY_TARGET after '$ASSAY_PREVIOUS_VERSION'"
cat "$ASSAY_ARTIFACTS/model.bin" > live-$ASSAY_TARGET.txt
echo "url=https://$ASSAY_TARGET.test/v/$ASSAY_VERSION" >> "$ASSAY_OUTPUT"
if [ -f hang ]; then touch started; sleep 60; fi
`;
const HEALTH = `[ ! -f sick ]`;
const UNDO = `echo "undone to '$ASSAY_PREVIOUS_VERSION'"; echo "$ASSAY_PREVIOUS_VERSION" > live-$ASSAY_TARGET.txt`;

/** A scene with that many versions registered. */
async function openTargets(versions: number, { onTestFinished }: TestContext): Promise<RegistryScene> {
  const opened = await openRegistryScene(CONFIG);
  onTestFinished(opened.end);
  write(opened.folder, 'deploy.sh', DEPLOY);
  write(opened.folder, 'health.sh', HEALTH);
  write(opened.folder, 'undo.sh', UNDO);
  for (let number = 1; number <= versions; number++) {
    await opened.train(0.9);
    await opened.assay('register');
  }
  return opened;
}
const live = (at: RegistryScene, target: string) =>
  readFileSync(join(at.folder, `live-${target}.txt`), 'utf8').trim();

describe('deploy', () => {
  it.concurrent('gives the command the files and the facts, and tells the url', async (context) => {
    const at = await openTargets(1, context);
    const done = await at.assay('deploy income@1.0.0 --to staging');
    expect(done).toMatchObject({
      exit: 0,
      outputs: { status: 'succeeded', url: 'https://staging.test/v/1.0.0' },
    });
    expect(live(at, 'staging')).toBe('model 1');
    expect(at.lines).toContain("out: deploying income 1.0.0 to staging after ''");
    expect(await at.records('deployment')).toMatchObject([
      {
        version: '1.0.0',
        target: 'staging',
        status: 'succeeded',
        replaced: null,
        steps: [
          { step: 'deploy', ok: true },
          { step: 'health', ok: true },
        ],
      },
    ]);
    const listed = JSON.parse(readFileSync(join(at.folder, '.assay/deployments/1.json'), 'utf8'));
    expect(listed).toMatchObject({
      environment: 'staging',
      statuses: [{ status: 'in_progress' }, { status: 'success', url: 'https://staging.test/v/1.0.0' }],
    });
  });

  it.concurrent('is undone when the health check fails', async (context) => {
    const at = await openTargets(2, context);
    await at.assay('deploy income@1.0.0 --to staging');
    write(at.folder, 'sick', '');
    const failed = await at.assay('deploy income@1.1.0 --to staging');
    expect(failed).toMatchObject({ exit: 1, outputs: { status: 'undone', url: '' } });
    expect(failed.text).toContain('not healthy within');
    expect(live(at, 'staging')).toBe('1.0.0');
    expect((await at.records('deployment'))[0]).toMatchObject({
      status: 'undone',
      replaced: '1.0.0',
      steps: [
        { step: 'deploy' },
        { step: 'health', ok: false },
        { step: 'undo', ok: true, tail: ["undone to '1.0.0'"] },
      ],
    });
  });

  it.concurrent('keeps the last lines of a command that fails', async (context) => {
    const at = await openTargets(1, context);
    write(at.folder, 'deploy.sh', 'echo "no room on the disk"; exit 4');
    const failed = await at.assay('deploy income@1.0.0 --to staging');
    expect(failed.text).toContain('exit code 4');
    expect(failed.text).toContain('no room on the disk');
  });

  it.concurrent('is refused while what it needs is not there, and that is recorded', async (context) => {
    const at = await openTargets(1, context);
    const refused = await at.assay('deploy income@1.0.0 --to prod');
    expect(refused).toMatchObject({ exit: 1, outputs: { status: 'failed' } });
    expect(refused.text).toContain('it needs staging first');
    expect(existsSync(join(at.folder, 'live-prod.txt'))).toBe(false);
    expect(await at.records('deployment')).toMatchObject([{ target: 'prod', status: 'failed', steps: [] }]);
    await at.assay('deploy income@1.0.0 --to staging');
    expect(await at.assay('deploy income@1.0.0 --to prod')).toMatchObject({ exit: 0 });
  });

  it.concurrent('interrupted: stopped, undone, recorded as cancelled', async (context) => {
    const at = await openTargets(1, context);
    write(at.folder, 'hang', '');
    const controller = new AbortController();
    const running = at.assay('deploy income@1.0.0 --to staging', { cancel: controller.signal });
    const outcome = expect(running).rejects.toBeInstanceOf(Interrupted);
    while (!existsSync(join(at.folder, 'started'))) await new Promise((done) => setTimeout(done, 20));
    controller.abort(new Interrupted('SIGINT'));
    await outcome;
    expect(await at.records('deployment')).toMatchObject([
      {
        status: 'cancelled',
        reason: 'interrupted; undone',
        steps: [
          { step: 'deploy', ok: false },
          { step: 'undo', ok: true },
        ],
      },
    ]);
  });

  it.concurrent('says which targets there are', async (context) => {
    const at = await openTargets(1, context);
    const failure = await at.assay('deploy income@1.0.0 --to nowhere').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).mend).toContain('staging, prod');
  });
});

describe('promote and rollback deploy', () => {
  it.concurrent('to the target of the name of the stage', async (context) => {
    const at = await openTargets(2, context);
    for (const version of ['1.0.0', '1.1.0']) {
      await at.assay(`promote income@${version} --to staging`);
      const promoted = await at.assay(`promote income@${version} --to prod`);
      expect(promoted).toMatchObject({ exit: 0, outputs: { url: `https://prod.test/v/${version}` } });
    }
    expect(live(at, 'prod')).toBe('model 2');
    expect(await at.assay('rollback income --stage prod')).toMatchObject({
      exit: 0,
      outputs: { version: 'income@v1.0.0' },
    });
    expect(live(at, 'prod')).toBe('model 1');
  });

  it.concurrent('a promotion whose deployment fails leaves the stage as it was, on the record', async (context) => {
    const at = await openTargets(3, context);
    await at.assay('promote income@1.0.0 --to staging');
    await at.assay('promote income@1.1.0 --to staging');
    write(at.folder, 'sick', '');
    const failed = await at.assay('promote income@1.2.0 --to staging');
    expect(failed).toMatchObject({ exit: 1, outputs: { 'stage-tag': 'income#staging#4', url: '' } });
    expect(failed.text).toContain('staging of income is back on v1.1.0');
    expect(await at.records('stage')).toMatchObject([
      {
        action: 'rollback',
        version: '1.1.0',
        replaces: '1.2.0',
        reason: expect.stringContaining('not healthy'),
      },
      { action: 'promote', version: '1.2.0' },
      { version: '1.1.0' },
      { version: '1.0.0' },
    ]);
    rmSync(join(at.folder, 'sick'));
    expect((await at.assay('rollback income --stage staging')).outputs.version).toBe('income@v1.0.0');
  });

  it.concurrent('a first promotion that fails leaves the stage empty', async (context) => {
    const at = await openTargets(1, context);
    write(at.folder, 'sick', '');
    const failed = await at.assay('promote income@1.0.0 --to staging');
    expect(failed).toMatchObject({ exit: 1, outputs: { 'stage-tag': 'income#staging!#2' } });
    expect(failed.text).toContain('staging of income is empty again');
    await expect(at.assay('rollback income --stage staging')).rejects.toThrow(/is empty/);
  });

  it.concurrent('nothing moves while the target needs another first', async (context) => {
    const at = await openTargets(1, context);
    const refused = await at.assay('promote income@1.0.0 --to prod');
    expect(refused).toMatchObject({ exit: 1, outputs: { 'stage-tag': '' } });
    expect(await at.records('stage')).toEqual([]);
  });

  it.concurrent('a rollback whose deployment fails leaves the stage as it was', async (context) => {
    const at = await openTargets(2, context);
    await at.assay('promote income@1.0.0 --to staging');
    await at.assay('promote income@1.1.0 --to staging');
    write(at.folder, 'sick', '');
    const failed = await at.assay('rollback income --stage staging');
    expect(failed).toMatchObject({ exit: 1, outputs: { version: 'income@v1.1.0' } });
  });

  it.concurrent('interrupted while promoting: the stage goes back too', async (context) => {
    const at = await openTargets(1, context);
    write(at.folder, 'hang', '');
    const controller = new AbortController();
    const running = at.assay('promote income@1.0.0 --to staging', { cancel: controller.signal });
    const outcome = expect(running).rejects.toBeInstanceOf(Interrupted);
    while (!existsSync(join(at.folder, 'started'))) await new Promise((done) => setTimeout(done, 20));
    controller.abort(new Interrupted('SIGTERM'));
    await outcome;
    expect(await at.records('stage')).toMatchObject([
      { action: 'rollback', version: null },
      { version: '1.0.0' },
    ]);
  });

  it.concurrent('what is live on the stage but not on the target is said', async (context) => {
    const at = await openTargets(1, context);
    write(at.folder, 'assay.yml', CONFIG.replace(/deploy:[\s\S]*$/, ''));
    await at.assay('promote income@1.0.0 --to staging');
    write(at.folder, 'assay.yml', CONFIG);
    const again = await at.assay('promote income@1.0.0 --to staging');
    expect(again).toMatchObject({ exit: 0, json: { already_live: true } });
    expect(again.text).toContain('deploy it: assay deploy income@v1.0.0 --to staging');
    await at.assay('deploy income@1.0.0 --to staging');
    expect((await at.assay('promote income@1.0.0 --to staging')).text).not.toContain('deploy it');
  });

  it.concurrent('files that are gone: nothing is run, and the stage goes back', async (context) => {
    const at = await openTargets(1, context);
    rmSync(join(at.folder, '.assay/artifacts'), { recursive: true });
    await expect(at.assay('promote income@1.0.0 --to staging')).rejects.toThrow(/not in the store/);
    expect(await at.records('stage')).toMatchObject([
      { action: 'rollback', version: null, reason: expect.stringContaining('not in the store') },
      { action: 'promote', version: '1.0.0' },
    ]);
    expect(existsSync(join(at.folder, 'live-staging.txt'))).toBe(false);
  });
});

describe('the health probe', () => {
  it('knows 2xx, other answers, silence and nobody there', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(request.url === '/well' ? 204 : 503).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const get = (path: string, timeoutSeconds = 5) =>
      httpHealth().get(`http://127.0.0.1:${port}${path}`, {
        timeoutSeconds,
        cancel: new AbortController().signal,
      });
    try {
      expect(await get('/well')).toEqual({ healthy: true, detail: 'answered 204' });
      expect(await get('/sick')).toEqual({ healthy: false, detail: 'answered 503' });
      expect(await get('/silent', 0.05)).toEqual({ healthy: false, detail: 'did not answer in time' });
    } finally {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
    expect(await get('/well')).toEqual({ healthy: false, detail: expect.stringMatching(/^no answer: \w+$/) });
  });
});
