import { nearest } from '../config/nearest.js';
import type { ProfileRecord } from '../data/profile/record.js';
import { UserError } from '../errors.js';
import type { World } from '../world.js';
import { writePage } from './command-line/page.js';
import { defineVerb } from './command-line/verb.js';
import { type NamedSource, withDataset } from './data/opened.js';
import { readableDataset } from './data/source.js';
import { withSpark } from './data/spark.js';
import { engineLimits } from './data/steps.js';
import { openProject, type Project } from './project/project.js';

export const profile = defineVerb(
  {
    name: 'profile',
    summary: 'exact statistics of every column of a dataset',
    description:
      'Reads a dataset and computes, exactly and the same to the last bit on every machine, for every column: missing and distinct values, quantiles, mean, standard deviation, skewness and kurtosis, a histogram, the frequencies of values, lengths of texts, ranges of dates; and for the dataset duplicate rows and correlations. Columns without a type in assay.yml get the narrowest that fits every value.\n\nThe profile is recorded in the history: some kilobytes per column, enough to tell later whether data has drifted from it (`assay drift`) when the data itself is no longer there. Values of texts are not in it unless the dataset has `show_values: true`; they are counted and recognised by hash. What each number means is in docs/profile.md.',
    arguments: [{ name: 'dataset', description: 'the name of a dataset in assay.yml', required: true }],
    options: {
      html: { kind: 'text', description: 'also write it as a page to look at', placeholder: 'FILE' },
    },
    outputs: { profile: 'id of the recorded profile' },
    examples: [
      { command: 'assay profile adult', explains: 'a table of the columns' },
      { command: 'assay profile adult --html adult.html', explains: 'a page with a picture of every column' },
      { command: 'assay profile adult --json', explains: 'the record, with every number, for programs' },
    ],
  },
  async (input, world) => {
    const [name = ''] = input.arguments;
    const project = await openProject(world, input.config);
    const record = await profileSource({ project, world, source: await readableNamed(project, world, name) });
    await (await project.history()).append([record]);
    const { html } = input.options;
    if (html !== undefined) {
      const { profilePage } = await import('../report/data/profile-page.js');
      await writePage(profilePage(record, world), { file: html, world });
    }
    const { profileText } = await import('../report/profile.js');
    return { exit: 0, json: record, text: profileText(record), outputs: { profile: record.id } };
  },
);

/** A dataset by name, its steps run and its source fetched. Throws UserError for a name that is not in the config. */
async function readableNamed(project: Project, world: World, name: string): Promise<NamedSource> {
  namedDataset(project, name);
  return readableDataset(project, world, name);
}

/** Throws UserError for a name that is not in the config. */
export function namedDataset(project: Project, name: string): NamedSource {
  const { data, file } = project.config;
  const config = Object.hasOwn(data, name) ? data[name] : undefined;
  if (config) return { name, config, location: project.config.locate(['data', name, 'source']) };
  const all = Object.keys(data);
  const near = nearest(name, all);
  throw new UserError(`there is no dataset ${JSON.stringify(name)} in ${file}`, {
    mend: near === undefined ? `datasets there are: ${all.join(', ') || 'none'}` : `did you mean ${near}?`,
  });
}

/** The record is made but not yet appended. */
export async function profileSource(options: {
  readonly project: Project;
  readonly world: World;
  readonly source: NamedSource;
}): Promise<ProfileRecord> {
  const { project, world, source } = options;
  const { profileTable } = await import('../data/profile/profile.js');
  const start = world.clock.monotonic();
  const content = await withSpark(project, world, (spark) =>
    withDataset(
      source,
      world,
      async ({ engine, table, scratch }) => {
        const progress = world.terminal.progress(`profiling ${source.name}`);
        try {
          const { config } = source;
          return await profileTable({ engine, table, config, scratch, onProgress: progress.update });
        } finally {
          progress.end();
        }
      },
      { spark, ...engineLimits(project) },
    ),
  );
  return {
    schema: 'assay/profile@1',
    ...project.stamp(),
    ...(await project.origin()),
    dataset: source.name,
    source: source.config.source,
    ...content,
    seconds: world.clock.monotonic() - start,
  };
}
