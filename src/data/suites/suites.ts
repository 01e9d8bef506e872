import type { Suite } from '../checks/suite.js';
import { parseExpectations } from './great-expectations/suite.js';
import { parsePandera } from './pandera.js';
import { parseTableSchema } from './table-schema.js';

/** Suites and schemas of other tools. */

export interface NamedSuite {
  /** As assay.yml names it, for messages. */
  readonly path: string;
  readonly kind: 'expectations' | 'table_schema' | 'pandera';
}

/** Throws UserError, with the place in the file, for text that is no such suite. */
export function parseSuite(text: string, { path, kind }: NamedSuite): Suite {
  switch (kind) {
    case 'expectations':
      return parseExpectations(text, path);
    case 'table_schema':
      return parseTableSchema(text, path);
    case 'pandera':
      return parsePandera(text, path);
  }
}
