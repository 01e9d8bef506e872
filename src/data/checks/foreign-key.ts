import type { DataCheck } from '../../config/data.js';
import { nearest } from '../../config/nearest.js';
import { UserError } from '../../errors.js';
import { textOf, typedValueOf } from '../values.js';
import type { PlannedCheck } from './finding.js';
import type { Scope } from './plan.js';

type ForeignKey = Extract<DataCheck, { foreign_key: unknown }>['foreign_key'];

/** `customers(id)`, `stores(country, id)`. Throws UserError for another form. */
export function parseReference(text: string): {
  readonly dataset: string;
  readonly columns: readonly string[];
} {
  const match = /^\s*([^\s()]+)\s*\(([^()]+)\)\s*$/.exec(text);
  const columns = match?.[2]?.split(',').map((name) => name.trim());
  if (!match?.[1] || !columns || columns.some((name) => name === '')) {
    throw new UserError(`${JSON.stringify(text)} does not name columns of a dataset`, {
      mend: 'write references: customers(id)',
    });
  }
  return { dataset: match[1], columns };
}

/** Every key exists in the other dataset; as in SQL, a key with a missing part is not looked for. */
export function foreignKeyCheck(
  { columns: names, references }: ForeignKey,
  scope: Scope,
  base: Omit<PlannedCheck, 'check' | 'finding'>,
): PlannedCheck {
  const { dataset, columns } = parseReference(references);
  const other = scope.others.get(dataset);
  if (!other) throw new UserError(`there is no dataset ${JSON.stringify(dataset)}`);
  if (columns.length !== names.length) {
    throw new UserError(`the key has ${names.length} columns here and ${columns.length} in ${dataset}`);
  }
  const own = names.map((name) => scope.column(name));
  const keys = own.map((column, i) => {
    const name = columns[i] ?? '';
    const theirs = other.columns.find((candidate) => candidate.name === name);
    if (!theirs) {
      const near = nearest(
        name,
        other.columns.map((candidate) => candidate.name),
      );
      throw new UserError(`there is no column ${JSON.stringify(name)} in the dataset ${dataset}`, {
        ...(near !== undefined && { mend: `did you mean ${JSON.stringify(near)}?` }),
      });
    }
    return {
      own: column.typed,
      other: `${column.type ? typedValueOf(theirs, column.type) : textOf(theirs)} AS k${i}`,
    };
  });
  return {
    ...base,
    check: `${names.join(', ')}: exists in ${dataset}(${columns.join(', ')})`,
    column: names.length === 1 ? (names[0] ?? null) : null,
    reads: own.flatMap(({ reads }) => reads),
    value: own.length === 1 ? (own[0]?.text ?? null) : null,
    finding: {
      kind: 'foreign',
      keys: keys.map((key) => key.own),
      other: `(SELECT DISTINCT ${keys.map((key) => key.other).join(', ')} FROM ${other.relation})`,
    },
  };
}
