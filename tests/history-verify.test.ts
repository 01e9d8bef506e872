import {
  chmodSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ArtifactStore } from '../src/artifacts/ports.js';
import { verifyArtifacts } from '../src/commands/history/verify-artifacts.js';
import { OutsideError } from '../src/errors.js';
import { recordPath } from '../src/history/record.js';
import { recordText } from '../src/history/stored.js';
import type { RunRecord } from '../src/runs/record.js';
import { testWorld } from './fakes/world.js';
import { editHistory, makeRecord, openHistory, write } from './history-scene.js';
import { openRegistryScene, type RegistryScene } from './registry-scene.js';

const CONFIG = `retention: { runs: 1, age: 1s }
models:
  income: { train: { run: 'true' }, metrics: { from: [m.json] } }
`;

let scene: RegistryScene;
beforeEach(async () => {
  scene = await openRegistryScene(CONFIG);
});
afterEach(() => scene.end());

interface Verified {
  readonly records: number;
  readonly artifacts: number;
  readonly pruned: readonly { readonly digest: string; readonly name: string; readonly by: string }[];
  readonly newer: readonly string[];
  readonly problems: readonly { readonly kind: string; readonly where: string; readonly what: string }[];
}
async function verify(words = '') {
  const outcome = await scene.assay(`history verify ${words}`.trim());
  return { ...(outcome.json as Verified), exit: outcome.exit, text: outcome.text };
}
function pathOf(digest: string): string {
  return join(scene.folder, '.assay/artifacts/sha256', digest.slice(0, 2), digest.slice(2));
}
function digestOf(run: RunRecord, name: string): string {
  return run.artifacts.find((artifact) => artifact.name === name)?.digest ?? '';
}

describe('records', () => {
  test('a whole history is as it should be, and says what was looked at', async () => {
    const run = await scene.train(0.9);
    await scene.assay(`accept ${run.id} --reason good`);
    const { exit, text, problems } = await verify();
    expect({ exit, problems }).toEqual({ exit: 0, problems: [] });
    expect(text).toMatchInlineSnapshot(`
      "2 records: 1 acceptance, 1 run; 2 artifacts
      everything is there, and as it should be
      artifacts were looked for, not read: --content reads each and holds it against its digest"
    `);
  });

  test('what was broken by hand is told, each with its place, and nothing else', async () => {
    const run = await scene.train(0.9);
    const other = await scene.train(0.9);
    const path = recordPath(run);
    const wrongId = path.replace(/.{8}\.json$/, 'ffffffff.json');
    const strange = makeRecord({ id: '20260105T000000000Z-0000000a', time: '2026-01-05T00:00:00.000Z' });
    editHistory(scene.folder, (checkout) => {
      // Its own fields are not those of a run any more.
      write(checkout, path, recordText({ ...run, metrics: 'good' } as never));
      write(checkout, wrongId, recordText(run as never));
      // The same id in another model.
      write(
        checkout,
        recordPath({ ...other, model: 'churn' }),
        recordText({ ...other, model: 'churn' } as never),
      );
      write(checkout, 'runs/income/2026/01/01/notes.txt', 'hello');
      write(checkout, 'rubbish.bin', '\u0000');
      write(checkout, recordPath(strange), '{ "cut off');
      symlinkSync('/etc/passwd', join(checkout, dirname(path), '20260101T000000000Z-0000000b.json'));
    });
    const { exit, problems, text } = await verify();
    expect(exit).toBe(1);
    expect(
      problems.map(({ kind, where, what }) => `${kind} ${where}: ${what}`).sort(),
    ).toMatchInlineSnapshot(`
      [
        "file rubbish.bin: records are not kept at such a path",
        "file runs/income/2026/01/01/20260101T000000000Z-0000000b.json: it is a symbolic link",
        "file runs/income/2026/01/01/20260101T000000000Z-ffffffff.json: its content belongs to another path",
        "file runs/income/2026/01/01/notes.txt: records are not kept at such a path",
        "file runs/income/2026/01/05/20260105T000000000Z-0000000a.json: it is not JSON",
        "id runs/income/2026/01/01/20260101T000002000Z-6b86b273.json: its id is that of another record: runs/churn/2026/01/01/20260101T000002000Z-6b86b273.json",
        "record runs/income/2026/01/01/20260101T000000000Z-5feceb66.json: metrics: Invalid input: expected array, received string",
      ]
    `);
    expect(text).toContain(`${problems.length} problems`);
  });

  test('two of one id in a file of a month: the other content is told', async () => {
    const run = await scene.train(0.9);
    await scene.assay('history compact');
    const path = recordPath(run);
    // The clock of the scene stands in the month of the run: it is folded as a closed one would be.
    const month = path.split('/').slice(0, 4).join('/');
    editHistory(scene.folder, (checkout) =>
      write(
        checkout,
        `${month}/records.jsonl`,
        `${JSON.stringify({ ...run, actor: 'mallory' })}\nno record\n`,
      ),
    );
    expect((await verify()).problems).toEqual([
      { kind: 'file', where: `${month}/records.jsonl:2`, what: 'it is not JSON' },
      { kind: 'file', where: path, what: 'a record of its id is there with other content' },
    ]);
  });

  test('two of one id inside a file of a month', async () => {
    const run = await scene.train(0.9);
    const month = recordPath(run).split('/').slice(0, 4).join('/');
    const lines = [run, run, { ...run, actor: 'mallory' }].map((one) => JSON.stringify(one));
    editHistory(scene.folder, (checkout) => {
      rmSync(join(checkout, recordPath(run)));
      write(checkout, `${month}/records.jsonl`, `${lines.join('\n')}\n`);
    });
    // The same twice is the same; another is none.
    expect((await verify()).problems).toEqual([
      { kind: 'file', where: recordPath(run), what: 'a record of its id is there with other content' },
    ]);
  });

  test('a reference to what is not there; a newer record is counted and not judged', async () => {
    const run = await scene.train(0.9, { parent: '20250101T000000000Z-00000001' });
    const newer = { ...makeRecord(), schema: 'assay/run@9' };
    await openHistory(scene.folder).append([newer, { ...makeRecord(), schema: 'assay/prophecy@1' }]);
    const found = await verify();
    expect(found.problems).toEqual([
      {
        kind: 'reference',
        where: run.id,
        what: 'the parent 20250101T000000000Z-00000001 is not in the history',
      },
    ]);
    expect(found.newer).toHaveLength(2);
    expect(found.text).toContain('2 records of a newer version of Assay, kept and not checked');
  });

  test('in a folder, outside git', async () => {
    const outside = await openRegistryScene(CONFIG, { inGit: false });
    const run = await outside.train(0.9);
    expect((await outside.assay('history verify')).exit).toBe(0);
    writeFileSync(join(outside.folder, '.assay/history', recordPath(run)), '{}');
    expect((await outside.assay('history verify')).json).toMatchObject({
      problems: [{ kind: 'file', where: recordPath(run), what: 'it is not a record' }],
    });
    outside.end();
  });
});

describe('artifacts', () => {
  test('missing, cut off, and changed: the last is seen by reading', async () => {
    const [first, second, third] = [await scene.train(0.9), await scene.train(0.9), await scene.train(0.9)];
    unlinkSync(pathOf(digestOf(first, 'model')));
    for (const run of [second, third]) chmodSync(pathOf(digestOf(run, 'model')), 0o644);
    writeFileSync(pathOf(digestOf(third, 'model')), 'modEl 3');
    const looked = await verify();
    expect(looked.problems).toEqual([
      {
        kind: 'artifact',
        where: first.id,
        what: `its artifact model is missing: ${digestOf(first, 'model')} is not in the store`,
      },
    ]);
    expect(looked.text).toContain('--content reads each and holds it against its digest');
    const read = await verify('--content');
    expect(read.exit).toBe(1);
    expect(read.problems.map(({ where }) => where).sort()).toEqual([first.id, third.id]);
    expect(read.problems.find(({ where }) => where === third.id)?.what).toMatch(
      /^its artifact model is damaged: [0-9a-f]{64}: its digest is [0-9a-f]{64}$/,
    );
    truncateSync(pathOf(digestOf(second, 'model')), 3);
    expect((await verify('--content')).problems).toHaveLength(3);
  });

  test('pruned ones are told from lost ones; what a later record names again is lost', async () => {
    const runs: RunRecord[] = [];
    for (let number = 0; number < 4; number++) runs.push(await scene.train(0.9));
    for (const prefix of readdirSync(join(scene.folder, '.assay/artifacts/sha256'))) {
      const folder = join(scene.folder, '.assay/artifacts/sha256', prefix);
      for (const name of readdirSync(folder)) {
        chmodSync(join(folder, name), 0o644);
        utimesSync(join(folder, name), new Date('2025-01-01'), new Date('2025-01-01'));
      }
    }
    expect((await scene.assay('prune --apply')).outputs.removed).not.toBe('0');
    const after = await verify('--content');
    expect(after).toMatchObject({ exit: 0, problems: [] });
    expect(after.pruned.length).toBeGreaterThan(0);
    expect(after.text).toContain('removed on purpose by assay prune');
    const [gone] = after.pruned;
    // Stored again by a later run, and then lost.
    const [artifact] = runs.flatMap((run) => run.artifacts).filter(({ digest }) => digest === gone?.digest);
    if (!artifact) throw new Error('nothing was pruned');
    const again = await scene.train(0.9, { artifacts: [artifact] });
    expect((await verify()).problems).toMatchObject([{ kind: 'artifact', where: again.id }]);
    // And one that nobody pruned.
    rmSync(pathOf(digestOf(again, 'model')), { force: true });
    const kept = runs.at(-1);
    rmSync(pathOf(digestOf(kept as RunRecord, 'model')));
    expect((await verify()).problems.map(({ where }) => where)).toContain(kept?.id);
  });

  test('a store that cannot be asked ends it, after what the records say', async () => {
    const store: ArtifactStore = {
      put: () => Promise.reject(new Error('not asked for')),
      fetch: () => Promise.reject(new Error('not asked for')),
      has: () => Promise.reject(new Error('not asked for')),
      verify: () => Promise.reject(new OutsideError('the store does not answer')),
    };
    const artifacts = new Map([['a'.repeat(64), { name: 'model', by: 'x' }]]);
    const world = testWorld({ cwd: scene.folder });
    await expect(
      verifyArtifacts(store, { artifacts, prunings: new Map(), content: false, world }),
    ).rejects.toThrow('the store does not answer');
  });
});
