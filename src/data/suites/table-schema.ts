import type { Suite } from '../checks/suite.js';
export function parseTableSchema(_text: string, _path: string): Suite {
  throw new Error('later');
}
