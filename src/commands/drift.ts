import { type DatasetConfig, driftConfig } from '../config/data.js';
import { type DriftSide, driftBetween } from '../data/drift/drift.js';
import { profileEvidence } from '../data/drift/read.js';
import type { DriftRecord } from '../data/drift/record.js';
import type { DriftSettings } from '../data/drift/settings.js';
import type { ProfileContent } from '../data/profile/record.js';
import { UserError } from '../errors.js';
import { newRecordId } from '../history/record.js';
import type { World } from '../world.js';
import { writePage } from './command-line/page.js';
import { defineVerb } from './command-line/verb.js';
import { hasConfig, ownerOf, resolveSide, type Side } from './data/drift-sides.js';
import { withDataset } from './data/opened.js';
import { openProject, type Project } from './project/project.js';

export const drift = defineVerb(
  {
    name: 'drift',
    summary: 'whether two datasets differ by more than chance',
    description:
      'Compares CURRENT with REFERENCE, column by column and as a whole, and says drift, no drift or cannot tell, each with the number that decided. Drift needs two things: a difference that chance does not explain (a two-sample test that fits the column, corrected for the number of columns, so that at most 5% of comparisons of equal data raise an alarm), and one that matters (an effect size that reaches its floor). Fewer than 30 values on a side are never judged.\n\nREFERENCE and CURRENT are each a path or glob, a dataset of assay.yml, DATASET@DIGEST or the id of a profile in the history, a file with a profile (`assay profile --json`), or version:MODEL@STAGE: the data a released version was trained on. With one argument it is CURRENT, and the reference is the one that assay.yml names for it. From a profile alone less can be told; what, is said under each column.\n\nFloors, tests and columns to leave out are set under `drift:` of the dataset. The method is in docs/drift.md.',
    arguments: [
      { name: 'reference', description: 'what to compare with; left out, the reference: of the dataset' },
      { name: 'current', description: 'what is compared' },
    ],
    options: {
      html: { kind: 'text', description: 'also write it as a page to look at', placeholder: 'FILE' },
    },
    outputs: {
      drifted: 'true, false, or unknown when it cannot be told',
      columns: 'names of the columns that drifted, separated by newlines',
    },
    examples: [
      { command: 'assay drift january.csv february.csv', explains: 'two files; no assay.yml is needed' },
      { command: 'assay drift adult', explains: 'a dataset against its reference' },
      { command: 'assay drift adult@3f2a9c today.parquet', explains: 'a file against a recorded profile' },
      {
        command: 'assay drift adult --html drift.html',
        explains: 'a page with both distributions of every column',
      },
      {
        command: 'assay drift version:income@prod today.csv --json',
        explains: 'against what the live model was trained on',
      },
    ],
  },
  async (input, world) => {
    const project = await projectOf(input.config, input.arguments, world);
    const sides = await resolveSides(input.arguments, project, world);
    const record = await compareSides({ project, world, ...sides });
    if (project) await (await project.history()).append([record]);
    else world.terminal.info('not recorded: there is no assay.yml here');
    const { html } = input.options;
    if (html !== undefined) {
      const { driftPage } = await import('../report/data/drift-page.js');
      await writePage(driftPage(record, world), { file: html, world });
    }
    const { driftText, driftMarkdown } = await import('../report/drift.js');
    return {
      exit: record.verdict === 'drift' ? 1 : 0,
      json: record,
      text: driftText(record),
      outputs: {
        drifted: { drift: 'true', 'no drift': 'false', 'cannot tell': 'unknown' }[record.verdict],
        columns: record.drifted.join('\n'),
      },
      summary: driftMarkdown(record),
    };
  },
);

/** Two paths need no assay.yml. */
async function projectOf(
  config: string,
  words: readonly string[],
  world: World,
): Promise<Project | undefined> {
  const optional = config === 'assay.yml' && words.length === 2;
  return optional && !hasConfig(world, config) ? undefined : openProject(world, config);
}

interface Sides {
  readonly reference: Side;
  readonly current: Side;
}

async function resolveSides(
  words: readonly string[],
  project: Project | undefined,
  world: World,
): Promise<Sides> {
  const datasets = project?.config.data ?? {};
  const named = words.flatMap((word) => (Object.hasOwn(datasets, word) ? [word] : []));
  const like = named[0] === undefined ? undefined : datasets[named[0]];
  const here = { project, world, like, folder: world.cwd };
  const [first, second] = words;
  if (first !== undefined && second !== undefined) {
    return { reference: await resolveSide(first, here), current: await resolveSide(second, here) };
  }
  const name = first ?? onlyWithReference(project);
  const config = Object.hasOwn(datasets, name) ? datasets[name] : undefined;
  const reference = config?.reference;
  if (!config || reference === undefined) {
    throw new UserError(
      config ? `the dataset ${name} has no reference` : `there is no dataset ${JSON.stringify(name)}`,
      { mend: `name both: assay drift REFERENCE ${name}; or add to the dataset: reference: PATH` },
    );
  }
  return {
    reference: await resolveSide(reference, { ...here, like: config, folder: config.folder }),
    current: await resolveSide(name, here),
  };
}

function onlyWithReference(project: Project | undefined): string {
  const datasets = Object.entries(project?.config.data ?? {});
  const [only, ...others] = datasets.filter(([, config]) => config.reference !== undefined);
  if (only && others.length === 0) return only[0];
  throw new UserError('drift needs to know what to compare', {
    mend: 'assay drift REFERENCE CURRENT; or with one dataset that has a reference: in assay.yml',
  });
}

/** The record is made but not yet appended. */
export async function compareSides(options: {
  readonly project: Project | undefined;
  readonly world: World;
  readonly reference: Side;
  readonly current: Side;
}): Promise<DriftRecord> {
  const { project, world, reference, current } = options;
  const start = world.clock.monotonic();
  const settings = settingsOf(current, reference);
  const content = await withSide(reference, { world }, (one) => {
    const declared = new Map(one.columns.map(({ name, type }) => [name, comparable(type)]));
    return withSide(current, { world, declared }, async (other) => {
      const progress = world.terminal.progress('comparing');
      try {
        return await driftBetween({
          reference: one,
          current: other,
          settings,
          classify: async (rows, seed) => {
            const { classifierTest } = await import('../data/drift/classifier.js');
            return classifierTest(rows, seed);
          },
          onProgress: progress.update,
        });
      } finally {
        progress.end();
      }
    });
  });
  const now = world.clock.now();
  const stamp = project?.stamp() ?? {
    id: newRecordId(now, world.randomness.bytes(4)),
    time: now.toISOString(),
  };
  const origin = (await project?.origin()) ?? {
    commit: null,
    actor: world.runner.actor,
    trigger: world.runner.trigger,
  };
  return {
    schema: 'assay/drift@1',
    ...stamp,
    ...origin,
    dataset: ownerOf(current, world),
    ...content,
    seconds: world.clock.monotonic() - start,
  };
}

function settingsOf(current: Side, reference: Side): DriftSettings {
  const configs = [current, reference].flatMap((side) =>
    side.kind === 'data' ? [side.source.config.drift] : [],
  );
  return configs[0] ?? driftConfig.parse({});
}

/** Whole numbers may meet decimals on the other side, and days may meet times. */
function comparable(
  type: ProfileContent['columns'][number]['type'],
): DatasetConfig['columns'][string]['type'] {
  if (type === 'integer') return 'number';
  if (type === 'date') return 'timestamp';
  return type === 'other' ? undefined : type;
}

type Declared = ReadonlyMap<string, DatasetConfig['columns'][string]['type']>;

async function withSide<T>(
  side: Side,
  options: { readonly world: World; readonly declared?: Declared },
  use: (side: DriftSide) => Promise<T>,
): Promise<T> {
  if (side.kind === 'profile') return use(profileSide(side));
  const { source, shown } = side;
  const { readColumn, readSide, sampleRows } = await import('../data/drift/read.js');
  const { MOST_CLASSIFIED_ROWS } = await import('../data/drift/classifier.js');
  const columns: Record<string, DatasetConfig['columns'][string]> = { ...source.config.columns };
  for (const [name, type] of options.declared ?? []) {
    if (type !== undefined) columns[name] = { ...columns[name], type };
  }
  return withDataset(source, options.world, async ({ engine, table, scratch }) => {
    const read = await readSide({ engine, table, config: { columns }, scratch });
    const byName = new Map(read.map((column) => [column.name, column]));
    const find = (name: string) => {
      const column = byName.get(name);
      if (!column) throw new Error(`no column ${name}`);
      return column;
    };
    return use({
      name: shown,
      from: 'data',
      digest: table.digest,
      rows: table.read,
      columns: table.columns.map(({ name, storage }, i) => ({
        name,
        type: read[i]?.type ?? 'other',
        stored: storage.kind === 'native' ? storage.type.toLowerCase() : 'text',
      })),
      column: (name) =>
        readColumn({ engine, table, column: find(name), showValues: source.config.show_values }),
      sample: (names, seed) =>
        sampleRows({ engine, table, columns: names.map(find), most: MOST_CLASSIFIED_ROWS, seed }),
    });
  });
}

function profileSide({ profile, shown }: Side & { readonly kind: 'profile' }): DriftSide {
  const byName = new Map(profile.columns.map((column) => [column.name, column]));
  return {
    name: shown,
    from: 'profile',
    digest: profile.digest,
    rows: profile.rows,
    columns: profile.columns.map(({ name, type }) => ({ name, type, stored: type })),
    column: async (name) => {
      const column = byName.get(name);
      if (!column) throw new Error(`no column ${name}`);
      return profileEvidence(column, profile.rows);
    },
    sample: null,
  };
}
