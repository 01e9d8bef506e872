import { expect, test } from 'vitest';
import { runtimesFor } from './environment.js';

test.each([
  ['node train.mjs', [], ['node']],
  ['./train', [], ['node']],
  ['python train.py', [], ['node', 'python']],
  ['python3 train.py', [], ['node', 'python', 'python3']],
  ['make train', ['requirements-dev.txt'], ['node', 'python', 'python3']],
  ['make train', ['package-lock.json'], ['node']],
  ['java -jar train.jar', [], ['node', 'java']],
  ['julia train.jl', ['Manifest.toml'], ['node', 'julia']],
  ['Rscript train.R', ['renv.lock'], ['node', 'R']],
])('%s with %j: %j', (command, lockfiles, runtimes) => {
  expect(runtimesFor(command, lockfiles)).toEqual(runtimes);
});
