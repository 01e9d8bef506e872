import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** File systems that are full or read-only, and a user without rights: what root's own rights would hide. */

/** Why there are none, as in a container without the right to mount; undefined where there are. */
export const NO_MOUNTS = whyNoMounts();

/** A small file system in memory at a folder that is there. */
export function mountSmall(folder: string, bytes: number): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', folder], { stdio: 'pipe' });
  return () => unmount(folder);
}

/** The folder as it is, but nothing can be written in it, by root either. */
export function mountReadOnly(folder: string): () => void {
  execFileSync('mount', ['--bind', folder, folder], { stdio: 'pipe' });
  execFileSync('mount', ['-o', 'remount,ro,bind', folder], { stdio: 'pipe' });
  return () => unmount(folder);
}

function unmount(folder: string): void {
  // A git that is about to end may still have its folder there.
  execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
}

function whyNoMounts(): string | undefined {
  if (process.platform !== 'linux') return 'mounts are those of Linux';
  if (process.getuid?.() !== 0) return 'only root mounts';
  const folder = mkdtempSync(join(tmpdir(), 'assay-mount-'));
  try {
    mountSmall(folder, 65_536)();
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    mountReadOnly(inner)();
    return undefined;
  } catch (error) {
    return `the machine does not let root mount: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command as the user `nobody`, whom permission bits bind; the reason when this is not possible. */
export function asNobody(command: readonly string[]): readonly string[] {
  return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--', ...command];
}

/** @param file that the user must be able to read and run, with Node */
export function whyNotNobody(file: string): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root becomes another user';
  const [program = '', ...args] = asNobody([process.execPath, file, '--version']);
  const tried = spawnSync(program, args, { encoding: 'utf8', cwd: '/' });
  return tried.status === 0
    ? undefined
    : `nobody cannot run ${file}: ${tried.stderr || tried.error?.message}`;
}
