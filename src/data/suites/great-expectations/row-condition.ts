import { z } from 'zod';
import { type Condition, compileCondition } from '../../checks/condition.js';
import type { Scope } from '../../checks/plan.js';
import type { Kwargs } from './kwargs.js';

/** `row_condition`: a text in the syntax of its parser, or since 1.5 a tree of comparisons. */

const column = z.object({ name: z.string() });
const comparison = z.object({
  type: z.literal('comparison'),
  column,
  operator: z.enum(['==', '!=', '<', '<=', '>', '>=', 'IN', 'NOT_IN']),
  parameter: z.union([z.number(), z.string(), z.boolean(), z.array(z.union([z.number(), z.string()]))]),
});
const nullity = z.object({ type: z.literal('nullity'), column, is_null: z.boolean() });
type Tree =
  | z.infer<typeof comparison>
  | z.infer<typeof nullity>
  | { readonly type: 'and' | 'or'; readonly conditions: readonly Tree[] }
  | { readonly type: 'pass_through'; readonly pass_through_filter: string };
const tree: z.ZodType<Tree> = z.lazy(() =>
  z.union([
    comparison,
    nullity,
    z.object({ type: z.enum(['and', 'or']), conditions: z.array(tree).min(1) }),
    z.object({ type: z.literal('pass_through'), pass_through_filter: z.string() }),
  ]),
);

export function rowCondition(kwargs: Kwargs, scope: Scope): Condition | undefined {
  const value = kwargs.get('row_condition');
  if (value === undefined || value === '') return undefined;
  const compile = (text: string) => compileCondition(text, { dialect: 'pandas', column: scope.column });
  if (typeof value === 'string') return compile(value);
  const parsed = tree.safeParse(value);
  if (!parsed.success) throw kwargs.problem('row_condition is of a form that is not known');
  return compile(textOf(parsed.data));
}

/** As text of the pandas dialect, so that one parser gives both their meaning. */
function textOf(condition: Tree): string {
  switch (condition.type) {
    case 'comparison': {
      const name = `col(${JSON.stringify(condition.column.name)})`;
      const { operator, parameter } = condition;
      if (operator === 'IN' || operator === 'NOT_IN') {
        const items = Array.isArray(parameter) ? parameter : [parameter];
        return `${name} ${operator === 'IN' ? 'in' : 'not in'} [${items.map((item) => literal(item)).join(', ')}]`;
      }
      return `${name} ${operator} ${literal(Array.isArray(parameter) ? (parameter[0] ?? '') : parameter)}`;
    }
    case 'nullity':
      return `col(${JSON.stringify(condition.column.name)})${condition.is_null ? '.isnull()' : '.notnull()'}`;
    case 'and':
    case 'or':
      return `(${condition.conditions.map(textOf).join(` ${condition.type} `)})`;
    case 'pass_through':
      return condition.pass_through_filter;
  }
}

function literal(value: number | string | boolean): string {
  return typeof value === 'string' ? `"${value.replace(/[\\"]/g, '\\$&')}"` : String(value);
}
