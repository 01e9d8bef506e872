// 64 trainings in 64 clones write to one history over http at once; a third of them is killed in the middle.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problemsOf, runWriters } from '../tests/beds/writers.mjs';

const [writers = '64', seed = 'bench'] = process.argv.slice(2);
const assay = fileURLToPath(new URL('../dist/index.js', import.meta.url));
if (!existsSync(assay)) throw new Error('dist/index.js is not there: npm run build');

const root = mkdtempSync(join(tmpdir(), 'assay-bench-writers-'));
try {
  const report = await runWriters({
    root,
    assay,
    writers: Number(writers),
    killed: Math.ceil(Number(writers) / 3),
    seed,
    onProgress: (ended, all) => process.stderr.write(`\r${ended} of ${all} have ended`),
  });
  process.stderr.write('\n');
  const succeeded = report.results.filter(({ code }) => code === 0);
  const killed = report.results.filter(({ wasKilled }) => wasKilled);
  const ids = new Map();
  for (const { id } of report.landed) ids.set(id, (ids.get(id) ?? 0) + 1);
  const once = succeeded.filter(({ run }) => ids.get(run) === 1);
  const survivors = report.results.length - killed.length;
  const problems = problemsOf(report);
  const rows = [
    [
      'writers that were not killed and succeeded',
      `${succeeded.length - killed.filter(({ code }) => code === 0).length}`,
      `${survivors}`,
    ],
    ['reported records that are there exactly once', `${once.length}`, `${succeeded.length}`],
    [
      'records of killed ones, whole, after their next verb',
      `${report.afterwards.length - succeeded.length}`,
      `≤ ${killed.length}`,
    ],
    [
      'killed, together with the git they had started',
      `${killed.length}, ${killed.filter(({ whole }) => whole).length}`,
      '–',
    ],
    ['locks and half-written files left by the kills', `${report.leftByKills}`, '–'],
    ['… and still there after the next verb', `${report.leftovers.length}`, '0'],
    ['records that stay unsent', `${report.unsent.length}`, '0'],
    ['checkouts that changed', `${report.changedCheckouts.length}`, '0'],
    ['git fsck --strict', report.fsck === '' ? 'clean' : report.fsck, 'clean'],
    ['seconds, requests to the server', `${report.seconds.toFixed(0)}, ${report.requests}`, '–'],
  ];
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, measured, bar] of rows)
    console.log(`${what.padEnd(width)}  ${measured.padStart(8)}  bar ${bar}`);
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? 'holds: yes' : 'holds: NO');
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
