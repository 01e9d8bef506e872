import { columnsOf } from './columns.js';
import { type Language, recogniseLanguage } from './language.js';
import type { Listing } from './listing.js';
import { type MetricsFile, recogniseMetrics, recognisePredictions } from './metrics.js';
import { type Command, recogniseTraining } from './training.js';

/** Something that was recognised, and by what: init never says the one without the other. */
export interface Finding {
  readonly what: string;
  readonly why: string;
}

export interface DataFile {
  /** As assay.yml would name it. */
  readonly name: string;
  readonly path: string;
  /** Names of its columns where the first line tells. */
  readonly columns: readonly string[];
}

/** What a repository shows of how it trains, measures and keeps its data. */
export interface Survey {
  readonly language: Language | undefined;
  readonly train: Command | undefined;
  /** Files that could also be the training, least likely last. */
  readonly otherTrainings: readonly string[];
  readonly metrics: readonly MetricsFile[];
  readonly predictions: { readonly path: string; readonly columns: readonly string[] } | undefined;
  readonly params: string | undefined;
  readonly data: readonly DataFile[];
  readonly findings: readonly Finding[];
}

const MOST_DATASETS = 5;

/** Looks at names first, and into few files, and there only at the beginning. */
export async function survey(listing: Listing): Promise<Survey> {
  const language = await recogniseLanguage(listing);
  const { train, others, findings: trainingFindings } = await recogniseTraining(listing, language);
  const metrics = await recogniseMetrics(listing);
  const predictions = await recognisePredictions(listing);
  const params = listing.files.find((file) => /^params\.(ya?ml|json)$/.test(file));
  const data = await dataFiles(listing, [...metrics.map(({ path }) => path), predictions?.path ?? '']);
  return {
    language,
    train,
    otherTrainings: others,
    metrics,
    predictions,
    params,
    data,
    findings: [
      ...(language ? [{ what: language.name, why: language.why }] : []),
      ...(train ? [{ what: `training: ${train.command}`, why: train.why }] : []),
      ...trainingFindings,
      ...metrics.map(({ path, why }) => ({ what: `metrics: ${path}`, why })),
      ...(predictions ? [{ what: `predictions: ${predictions.path}`, why: 'its columns' }] : []),
      ...(params ? [{ what: `parameters: ${params}`, why: 'its name' }] : []),
      ...data.map(({ path }) => ({ what: `data: ${path}`, why: 'its folder and ending' })),
      ...traces(listing),
    ],
  };
}

async function dataFiles(listing: Listing, taken: readonly string[]): Promise<readonly DataFile[]> {
  const found = listing.files
    .filter(
      (file) => /^(data|datasets?)\//i.test(file) && /\.(csv|tsv|parquet|jsonl)(\.(gz|zst))?$/i.test(file),
    )
    .filter((file) => !taken.includes(file));
  const names = new Set<string>();
  const files: DataFile[] = [];
  for (const path of found.slice(0, MOST_DATASETS)) {
    const name = nameFrom(path.split('/').at(-1)?.split('.')[0] ?? '');
    if (name === undefined || names.has(name)) continue;
    names.add(name);
    const isText = /\.(csv|tsv)$/i.test(path);
    files.push({ name, path, columns: isText ? columnsOf(await listing.head(path, 20_000)) : [] });
  }
  return files;
}

/** A name that assay.yml allows, made from any text; undefined when nothing is left of it. */
export function nameFrom(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 64);
  return name === '' ? undefined : name;
}

/** Tools that were here before; what they wrote stays readable. */
function traces(listing: Listing): readonly Finding[] {
  const has = (name: string) => listing.folders.includes(name) || listing.files.includes(name);
  const known: readonly (readonly [string, string])[] = [
    ['mlruns', 'MLflow'],
    ['mlflow.db', 'MLflow'],
    ['dvc.yaml', 'DVC'],
    ['.dvc', 'DVC'],
    ['dvclive', 'DVCLive'],
    ['wandb', 'Weights & Biases'],
    ['lightning_logs', 'PyTorch Lightning'],
    ['runs', 'TensorBoard, perhaps'],
  ];
  return known.filter(([name]) => has(name)).map(([name, tool]) => ({ what: tool, why: `${name} is there` }));
}
