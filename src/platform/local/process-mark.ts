import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * A part of the names of files and folders in the making that says which process makes them. A process that is killed
 * cannot clean up after itself: the next one finds by the name that nobody works there any more.
 */

const MARK = /(?:^|[-.])p(\d+)-([0-9a-f]{8})[-.]/;

let known: string | undefined;
let place: string | undefined;

/** `p1234-89abcdef`: the process, and the machine or container in which that number means it. */
export function processMark(): string {
  known ??= `p${process.pid}-${placeOfNumbers()}`;
  return known;
}

/** Whether the name carries the mark of a process that is gone, and not only out of sight in another container. */
export function isLeftBehind(name: string): boolean {
  const [, pid, where] = MARK.exec(name) ?? [];
  return pid !== undefined && where === placeOfNumbers() && !isAlive(Number(pid));
}

/** Whether a process of that number runs here, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** 8 hex. Containers that share a folder for temporary files count their processes each from 1. */
export function placeOfNumbers(): string {
  place ??= createHash('sha256').update(`${hostname()} ${numberSpace()}`).digest('hex').slice(0, 8);
  return place;
}

function numberSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: there is one for each machine.
    return '';
  }
}
