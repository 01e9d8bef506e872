import type { Suite } from '../checks/suite.js';
export function parseExpectations(_text: string, _path: string): Suite {
  throw new Error('later');
}
