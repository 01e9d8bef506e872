import type { PlannedCheck } from './finding.js';
import type { Scope } from './plan.js';

/** A suite or schema of another tool, read from its file. */
export interface Suite {
  /** Its checks for this dataset. Throws UserError for an expectation that is not known or cannot be asked. */
  plan(scope: Scope, base: Omit<PlannedCheck, 'check' | 'finding'>): readonly PlannedCheck[];
  /** Whether it speaks of the types that another tool would give the columns. */
  readonly needsTypes: boolean;
  /** Whether it has queries of its own over the table `data`. */
  readonly needsSql: boolean;
}

export function suiteChecks(
  path: string,
  scope: Scope,
  base: Omit<PlannedCheck, 'check' | 'finding'>,
): readonly PlannedCheck[] {
  const suite = scope.suites.get(path);
  if (!suite) throw new Error(`the suite ${path} was not read`);
  return suite.plan(scope, base);
}
