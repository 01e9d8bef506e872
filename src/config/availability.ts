import type { Finding } from './explain.js';
import type { Path } from './yaml.js';

/**
 * What assay.yml can already say and this version cannot yet do. Such a feature is refused by name, never ignored.
 * One entry a feature: the work that brings it deletes its entry.
 */
interface Unavailable {
  readonly feature: string;
  /** `*` stands for any name or place in a list. */
  readonly path: readonly string[];
  /** Only values like this; anything at all when left out. */
  readonly when?: (value: unknown, config: unknown) => boolean;
  readonly mend?: string;
  /** The message names the value too: `executor: spark`. */
  readonly sayValue?: true;
}

const notEmpty = (value: unknown) => !(Array.isArray(value) && value.length === 0);

const OWN_COMMAND = 'write run: with a command of your own that deploys';

const UNAVAILABLE: readonly Unavailable[] = [
  { feature: 'notify', path: ['notify'], when: notEmpty },

  {
    feature: 'steps: executor',
    path: ['data', '*', 'steps', '*', 'executor'],
    when: (value) => value !== 'local',
    mend: 'write executor: local, or leave it out',
  },

  {
    feature: 'train: notebook',
    path: ['models', '*', 'train', 'notebook'],
    mend: 'write run: with a command',
  },
  {
    feature: 'executor',
    path: ['models', '*', 'train', 'executor'],
    when: (value) => value !== 'local',
    sayValue: true,
    mend: 'write executor: local, or leave it out',
  },
  { feature: 'tune', path: ['models', '*', 'tune'] },
  { feature: 'serve', path: ['models', '*', 'serve'] },
  { feature: 'monitor', path: ['models', '*', 'monitor'] },
  { feature: 'deploy: kubernetes', path: ['models', '*', 'deploy', '*', 'kubernetes'], mend: OWN_COMMAND },
  { feature: 'deploy: sagemaker', path: ['models', '*', 'deploy', '*', 'sagemaker'], mend: OWN_COMMAND },
  { feature: 'deploy: terraform', path: ['models', '*', 'deploy', '*', 'terraform'], mend: OWN_COMMAND },
  { feature: 'deploy: docker', path: ['models', '*', 'deploy', '*', 'docker'], mend: OWN_COMMAND },
  { feature: 'deploy: webhook', path: ['models', '*', 'deploy', '*', 'webhook'], mend: OWN_COMMAND },
  { feature: 'deploy: strategy', path: ['models', '*', 'deploy', '*', 'strategy'] },
];

/** What is refused, for the documentation: names and paths (`models.*.tune`), and whether the whole key is. */
export const unavailable: readonly {
  readonly feature: string;
  readonly path: string;
  readonly whole: boolean;
}[] = UNAVAILABLE.map(({ feature, path, when }) => ({
  feature,
  path: path.join('.'),
  whole: when === undefined || when === notEmpty,
}));

/** Everything in `value` (assay.yml as a plain value, not yet validated) that this version cannot do. */
export function unavailableFeatures(value: unknown): readonly Finding[] {
  return UNAVAILABLE.flatMap((entry) =>
    placesOf(value, entry.path)
      .filter((place) => entry.when?.(place.value, value) ?? true)
      .map((place): Finding => {
        const at = entry.when && typeof place.value === 'string' ? 'value' : 'key';
        const what = entry.sayValue ? `${entry.feature}: ${String(place.value).slice(0, 40)}` : entry.feature;
        const message = `\`${what}\` is not available in this version`;
        return { path: place.path, at, message, ...(entry.mend ? { mend: entry.mend } : {}) };
      }),
  );
}

interface Place {
  readonly path: Path;
  readonly value: unknown;
}

function placesOf(value: unknown, pattern: readonly string[]): readonly Place[] {
  let places: readonly Place[] = [{ path: [], value }];
  for (const part of pattern) {
    places = places.flatMap(({ path, value: outer }) => {
      if (typeof outer !== 'object' || outer === null) return [];
      return Object.entries(outer)
        .filter(([key]) => part === '*' || key === part)
        .map(([key, inner]) => ({ path: [...path, Array.isArray(outer) ? Number(key) : key], value: inner }));
    });
  }
  return places;
}
