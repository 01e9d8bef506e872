import { expect, test } from 'vitest';
import { commandEnvironment } from './environment.js';

test("a command gets the world's environment without what is Assay's own", () => {
  const world = {
    PATH: '/bin',
    GITHUB_TOKEN: 'kept',
    GITHUB_SHA: 'kept',
    GITHUB_OUTPUT: '/runner/output',
    GITHUB_STEP_SUMMARY: '/runner/summary',
    ACTIONS_RUNTIME_TOKEN: 'x',
    ASSAY_WITH_MODEL: 'x',
    ASSAY_DOOR: 'action',
    ASSAY_DEBUG: '1',
    UNSET: undefined,
  };
  const request = { ASSAY_SEED: '1', PATH: '/other' };
  expect(commandEnvironment({ world, request, scratchFile: (name) => `/scratch/${name}` })).toEqual({
    PATH: '/other',
    GITHUB_TOKEN: 'kept',
    GITHUB_SHA: 'kept',
    GITHUB_OUTPUT: '/scratch/GITHUB_OUTPUT',
    GITHUB_STEP_SUMMARY: '/scratch/GITHUB_STEP_SUMMARY',
    ASSAY_DEBUG: '1',
    ASSAY_SEED: '1',
    PYTHONUNBUFFERED: '1',
  });
});

test("python's buffering is the team's to choose", () => {
  const world = { PYTHONUNBUFFERED: '' };
  expect(commandEnvironment({ world, request: {}, scratchFile: String }).PYTHONUNBUFFERED).toBe('');
});
