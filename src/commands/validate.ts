import { join, relative } from 'node:path';
import type { DatasetConfig } from '../config/data.js';
import type { Placed } from '../config/load.js';
import { nearest } from '../config/nearest.js';
import { parseReference } from '../data/checks/foreign-key.js';
import type { ProfileContent } from '../data/profile/record.js';
import type { ValidationRecord } from '../data/record.js';
import { UserError } from '../errors.js';
import type { World } from '../world.js';
import { writePage } from './command-line/page.js';
import { defineVerb } from './command-line/verb.js';
import { chosenDatasets } from './data/datasets.js';
import { type Opened, withDataset } from './data/opened.js';
import { readableDataset } from './data/source.js';
import { type SparkSessions, withSpark } from './data/spark.js';
import { engineLimits } from './data/steps.js';
import { readSuites } from './data/suites.js';
import { openProject, type Project } from './project/project.js';

export const validate = defineVerb(
  {
    name: 'validate',
    summary: 'check datasets against their columns and checks',
    description:
      'Reads each dataset and holds it against `columns`, `extra_columns` and `checks` of assay.yml: does every column exist, is every value of its type, within its bounds, allowed, unique. Says how many values fail and on which lines; never which values, unless the dataset has `show_values: true`. The result is recorded in the history. --html writes it as one page that needs nothing else, with a histogram of every column. It is held against the validation of the merge base (or the nearest one before): columns that came, went or changed their type, and rows. On GitHub, failing lines and the checks they fail are annotated.\n\nMissing values (empty fields, and the texts under `missing`) are skipped by every check but `required` and `max_missing`. A check of severity `warn` is reported and does not fail. Lines that cannot be read as a row (another number of fields, an unclosed quote, broken JSON) are counted, named and fail the validation, and so does a dataset without rows unless a check says `rows: { min: 0 }`.\n\nReads CSV, TSV, JSON Lines, JSON and Parquet; text may be compressed (.gz, .zst).',
    arguments: [
      {
        name: 'dataset',
        description: 'names of datasets in assay.yml; all of them when left out',
        repeats: true,
      },
    ],
    options: {
      html: { kind: 'text', description: 'also write it as a page to look at', placeholder: 'FILE' },
    },
    outputs: {
      valid: 'true when no check of severity error failed, else false',
      failed: 'names of the datasets that are not valid, separated by spaces',
      report: 'path of the markdown report; one line per dataset',
    },
    examples: [
      { command: 'assay validate', explains: 'every dataset' },
      { command: 'assay validate adult', explains: 'one dataset' },
      { command: 'assay validate adult --html adult.html', explains: 'with a picture of every column' },
      { command: 'assay validate adult --json', explains: 'the record, with counts and lines, for programs' },
    ],
  },
  async (input, world) => {
    const project = await openProject(world, input.config);
    const { html } = input.options;
    const profiles = html === undefined ? undefined : new Map<string, ProfileContent>();
    const records = await validateDatasets({ project, world, names: input.arguments, profiles });
    if (html !== undefined) {
      const { validationPage } = await import('../report/data/validation-page.js');
      const data = records.map((record) => ({ record, profile: profiles?.get(record.dataset) ?? null }));
      await writePage(validationPage(data, world), { file: html, world });
    }
    const { annotate } = await import('./data/annotate.js');
    await annotate(records, { project, world });
    const { validationMarkdown, validationText } = await import('../report/validation.js');
    const { writeAtomically } = await import('../platform/local/store.js');
    const reports: string[] = [];
    for (const record of records) {
      const path = join(project.store, 'reports', `validation-${record.dataset}.md`);
      await writeAtomically(path, validationMarkdown(record));
      reports.push(relative(world.cwd, path));
    }
    const failed = records.filter((record) => !record.valid).map((record) => record.dataset);
    return {
      exit: failed.length === 0 ? 0 : 1,
      json: records,
      text: records.map(validationText).join('\n\n'),
      outputs: {
        valid: String(failed.length === 0),
        failed: failed.join(' '),
        report: reports.join('\n'),
      },
      summary: records.map(validationMarkdown).join('\n'),
    };
  },
);

/**
 * Validates the named datasets (all of them for an empty list), one after another, and appends their records to the
 * history in one step. Throws UserError for an unknown name and for a source that is missing or unreadable as a whole.
 */
export async function validateDatasets(options: {
  readonly project: Project;
  readonly world: World;
  readonly names: readonly string[];
  /** When given, each dataset is profiled as well, for pictures. */
  readonly profiles?: Map<string, ProfileContent> | undefined;
}): Promise<readonly ValidationRecord[]> {
  const { project, world, profiles } = options;
  const records: ValidationRecord[] = [];
  await withSpark(project, world, async (spark) => {
    for (const { name, config } of chosenDatasets(project, options.names)) {
      records.push(await validateDataset({ project, world, name, config, profiles, spark }));
    }
  });
  await (await project.history()).append(records);
  return records;
}

async function validateDataset(options: {
  readonly project: Project;
  readonly world: World;
  readonly name: string;
  readonly config: Placed<DatasetConfig>;
  readonly profiles: Map<string, ProfileContent> | undefined;
  readonly spark: SparkSessions;
}): Promise<ValidationRecord> {
  const { project, world, name, config, profiles, spark } = options;
  const { locate } = project.config;
  const { validateTable } = await import('../data/checks/validate.js');
  const start = world.clock.monotonic();
  const suites = await readSuites(config, (i) => locate(['data', name, 'checks', i]));
  const ownSql =
    config.checks.some((check) => 'sql' in check) || [...suites.values()].some((suite) => suite.needsSql);
  const use = async ({ engine, table, others, scratch }: Opened) => {
    const { columnFacts } = await import('../data/checks/infer.js');
    const typed = [...suites.values()].some((suite) => suite.needsTypes);
    const inferred = typed ? await columnFacts(engine, table) : new Map();
    const now = world.clock.now().getTime();
    const asked = { engine, table, name, config, locate, others, suites, inferred, now };
    const validated = await validateTable(asked);
    if (profiles) {
      const { profileTable } = await import('../data/profile/profile.js');
      const content = await profileTable({ engine, table, config, scratch });
      profiles.set(name, { dataset: name, source: config.source, ...content });
    }
    return validated;
  };
  const result = await withDataset(await readableDataset(project, world, name), world, use, {
    // The user's own SQL never sees an engine that could read a file.
    access: ownSql ? 'load' : 'scan',
    others: await referencedDatasets(project, world, name),
    downloads: join(project.store, 'downloads'),
    spark,
    countsRejected: true,
    ...engineLimits(project),
  });
  const record = {
    schema: 'assay/validation@1' as const,
    ...project.stamp(),
    ...(await project.origin()),
    dataset: name,
    source: config.source,
    ...result,
  };
  const { changesSinceBaseline } = await import('./data/baseline.js');
  return {
    ...record,
    changes: await changesSinceBaseline({ project, world, validation: record }),
    dirty: (await (await project.repository())?.head())?.dirty ?? null,
    seconds: world.clock.monotonic() - start,
  };
}

/** The datasets that foreign keys of this one refer to. */
async function referencedDatasets(
  project: Project,
  world: World,
  name: string,
): Promise<ReadonlyMap<string, Placed<DatasetConfig>>> {
  const others = new Map<string, Placed<DatasetConfig>>();
  for (const [i, check] of (project.config.data[name]?.checks ?? []).entries()) {
    if (!('foreign_key' in check)) continue;
    const { dataset } = parseReference(check.foreign_key.references);
    if (!Object.hasOwn(project.config.data, dataset)) {
      const near = nearest(dataset, Object.keys(project.config.data));
      throw new UserError(`there is no dataset ${JSON.stringify(dataset)}`, {
        location: project.config.locate(['data', name, 'checks', i]),
        ...(near !== undefined && { mend: `did you mean ${near}?` }),
      });
    }
    others.set(dataset, (await readableDataset(project, world, dataset)).config);
  }
  return others;
}
