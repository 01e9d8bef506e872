import { z } from 'zod';

/** What is different about a dataset since its baseline: the shape and the size, never the values. */

const column = z.object({ name: z.string(), type: z.string() });

export const datasetChanges = z.object({
  /** The validation that it is held against, and why that one. */
  baseline: z.object({
    validation: z.string(),
    commit: z.string().nullable(),
    why: z.string(),
    digest: z.string(),
    rows: z.int().nonnegative(),
  }),
  /** False: the very same content. */
  content: z.boolean(),
  added: z.array(column),
  removed: z.array(column),
  retyped: z.array(z.object({ name: z.string(), before: z.string(), after: z.string() })),
});
export type DatasetChanges = Readonly<z.infer<typeof datasetChanges>>;

interface Shape {
  readonly digest: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** By the names of the columns, which may stand in another order; in the order of the side that has them. */
export function shapeChanges(before: Shape, after: Shape): Omit<DatasetChanges, 'baseline'> {
  const was = new Map(before.columns.map(({ name, type }) => [name, type]));
  const is = new Set(after.columns.map(({ name }) => name));
  return {
    content: before.digest !== after.digest,
    added: after.columns.filter(({ name }) => !was.has(name)),
    removed: before.columns.filter(({ name }) => !is.has(name)),
    retyped: after.columns.flatMap(({ name, type }) => {
      const old = was.get(name);
      return old === undefined || old === type ? [] : [{ name, before: old, after: type }];
    }),
  };
}
