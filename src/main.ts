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
  const world = startWorld(process);
  try {
    const { run } = await import('./commands/run.js');
    return await run(first, rest, world, process.stdout);
  } catch (error) {
    const { explain } = await import('./commands/explain.js');
    return explain(error, world);
  }
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

process.exitCode = await main(process.argv.slice(2));
