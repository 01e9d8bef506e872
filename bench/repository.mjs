import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A repository with a model of 30 metrics and a history of `runs` runs on the branch `assay`, made by the program itself;
 * DVC finds the same metrics in `metrics.json`, committed on main and changed on the branch at hand.
 */
export function makeRepository({ assay, runs, metrics = 30 }) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const git = (...args) => execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
  const write = (shift) =>
    writeFileSync(
      join(folder, 'measure.mjs'),
      `import { writeFileSync } from 'node:fs';\nconst seed = Number(process.env.ASSAY_SEED ?? 0);\n` +
        `const values = Object.fromEntries(Array.from({ length: ${metrics} }, (_, i) => ['metric_' + i, ${shift} + i / 100 + seed / 1000]));\n` +
        `writeFileSync('metrics.json', JSON.stringify(values, null, 1));\n`,
    );
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'assay.yml'),
    'models:\n  bench:\n    train: { run: node measure.mjs, seeds: [1, 2, 3] }\n    metrics: { from: [metrics.json] }\n',
  );
  write(0.5);
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'Bench');
  git('config', 'user.email', 'bench@example.org');
  execFileSync('node', ['measure.mjs'], { cwd: folder });
  git('add', '.');
  git('commit', '-qm', 'first');
  for (let run = 0; run < runs; run++)
    execFileSync('node', [assay, 'train', '--quiet'], { cwd: folder, stdio: 'ignore' });
  git('add', '.');
  git('commit', '-qm', 'measured', '--allow-empty');
  git('checkout', '-q', '-b', 'change');
  write(0.6);
  execFileSync('node', ['measure.mjs'], { cwd: folder });
  git('commit', '-qam', 'change');
  execFileSync('node', [assay, 'train', '--quiet'], { cwd: folder, stdio: 'ignore' });
  return folder;
}
