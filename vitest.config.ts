import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 30_000,
    // Most of the long tests wait for processes of their own; the default leaves one core of two idle.
    maxWorkers: '100%',
    server: { deps: { inline: [/@actions\/(workflow-parser|expressions)/] } },
  },
});
