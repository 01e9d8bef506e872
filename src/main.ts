#!/usr/bin/env node
import { readFileSync } from 'node:fs';

/** Verb to command, loaded lazily, and the one place where errors become exit codes. */
async function main(words: readonly string[]): Promise<number> {
  const [first, ...rest] = words;
  if (first === '--version' || first === '-V') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const { startWorld } = await import('./platform/runner/world.js');
  const world = await startWorld({ process, version: version() });
  try {
    const { run } = await import('./commands/command-line/run.js');
    return await run(first, { words: rest, world, stdout: process.stdout });
  } catch (error) {
    const { explain } = await import('./commands/command-line/explain.js');
    return explain(error, world);
  }
}

/** The bundle carries package.json beside itself: ncc sees this URL and copies the file. */
function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** A reader that stops early, as `assay runs | head` does, is no error. */
function ignoreClosedReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

process.stdout.on('error', ignoreClosedReader);
process.stderr.on('error', ignoreClosedReader);
process.exitCode = await main(process.argv.slice(2));
