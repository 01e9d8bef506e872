import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { problemsOf, runWriters } from './beds/writers.mjs';
import { openScene, type Scene } from './history-scene.js';

/** Whole processes against a real server; `npm run bench` does the same with 64 of them. */

let scene: Scene;
beforeEach(() => {
  scene = openScene();
});
afterEach(() => scene.end());

test('twelve trainings at once on a history that does not exist yet, four of them killed: every reported record is there once', {
  timeout: 300_000,
}, async () => {
  const report = await runWriters({
    root: scene.folder,
    assay: fileURLToPath(new URL('../build/main.js', import.meta.url)),
    writers: 12,
    killed: 4,
    seed: 'twelve',
  });
  expect(problemsOf(report)).toEqual([]);
  expect(report.results.filter(({ code }) => code === 0).length).toBeGreaterThanOrEqual(8);
  expect(report.afterwards.length).toBeGreaterThanOrEqual(8);
  expect(report.commits).toBeLessThanOrEqual(12);
});
