import { UserError } from '../../errors.js';

/** What Spark would compute otherwise than DuckDB is refused, never computed: two engines, one answer. */
export function refused(what: string, instead?: string): UserError {
  return new UserError(`on Spark ${what}`, {
    mend: instead ?? 'let this dataset be read here: executor: local',
  });
}
