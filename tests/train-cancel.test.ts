import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openTrainScene, type TrainScene } from './train-scene.js';

/** The built command, interrupted as a terminal or a CI system interrupts it. */

const ASSAY = join(import.meta.dirname, '../build/main.js');
let scene: TrainScene;
afterEach(() => scene.end());

const TRAIN = `
echo "acc=0.$ASSAY_SEED" > m.env
if [ "$ASSAY_SEED" = 2 ]; then
  sleep 61 &
  echo $! > child.pid
  echo waiting
  sleep 60
fi
`;
const CONFIG = `
models:
  m:
    train: { run: sh train.sh, seeds: [1, 2, 3] }
    metrics: { from: [m.env] }
`;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'latin1') : '';
  return !/\) Z /.test(stat);
}

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, code) => {
  test('stops every process and leaves a cancelled run with what was measured', async () => {
    scene = openTrainScene({ 'assay.yml': CONFIG, 'train.sh': TRAIN });
    const assay = spawn(process.execPath, [ASSAY, 'train'], {
      cwd: scene.folder,
      env: { PATH: process.env.PATH, HOME: scene.folder, USER: 'ada' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    assay.stderr.on('data', (chunk) => {
      output += chunk;
    });
    const ended = once(assay, 'exit');
    for (let attempt = 0; attempt < 400; attempt++) {
      if (output.includes('waiting') || assay.exitCode !== null) break;
      await sleep(25);
    }
    expect(output).toContain('waiting');
    assay.kill(signal);
    expect(await ended).toEqual([code, null]);
    expect(isRunning(Number(scene.read('child.pid')))).toBe(false);
    const [run, ...others] = await scene.runs();
    expect(others).toEqual([]);
    expect(run).toMatchObject({ status: 'cancelled', reason: `seed 2: interrupted by ${signal}` });
    expect(run?.seeds.map(({ seed, status }) => [seed, status])).toEqual([
      [1, 'succeeded'],
      [2, 'cancelled'],
    ]);
    expect(run?.metrics[0]).toMatchObject({ name: 'acc', seed_values: [0.1, 0.2] });
    expect(run?.log.tail).toEqual(['waiting']);
  });
});
