import { startWorld } from '../../src/platform/runner/world.js';
import { oracle } from './oracle.js';

const world = await startWorld({ process, version: 'oracle' });
process.exitCode = await oracle(process.argv.slice(2), {
  world,
  write: (text) => process.stdout.write(text),
});
