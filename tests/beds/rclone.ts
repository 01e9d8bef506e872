import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './moto.js';

/**
 * An S3 server that checks signatures: rclone (`go install github.com/rclone/rclone@v1.76.0`). Undefined where it is not
 * installed.
 * @param of.folder whose folders are buckets
 */
export async function startRclone(of: { readonly folder: string; readonly buckets: readonly string[] }) {
  if (spawnSync('rclone', ['version'], { stdio: 'ignore' }).status !== 0) return undefined;
  for (const bucket of of.buckets) mkdirSync(join(of.folder, bucket), { recursive: true });
  const port = await freePort();
  const keys = { AWS_ACCESS_KEY_ID: 'RCLONEKEY', AWS_SECRET_ACCESS_KEY: 'rclone-secret' };
  const pair = `${keys.AWS_ACCESS_KEY_ID},${keys.AWS_SECRET_ACCESS_KEY}`;
  const child = spawn(
    'rclone',
    ['serve', 's3', '--config', '', '--auth-key', pair, '--addr', `127.0.0.1:${port}`, of.folder],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await fetch(url).catch(() => undefined)); tries++) {
    if (tries > 200) throw new Error('rclone does not start');
    await sleep(100);
  }
  return { url, keys, stop: () => child.kill() };
}
