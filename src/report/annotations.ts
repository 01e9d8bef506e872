import type { ValidationRecord } from '../data/record.js';
import { plural } from '../format.js';
import { sliceInWords } from '../metrics/metric.js';
import { cut, plainText } from './escape.js';
import type { ModelFacts } from './facts.js';
import { LIMITS } from './limits.js';
import type { Annotation } from './ports.js';

/** Where the things a report speaks of stand in the repository; undefined when they stand in no file of it. */
export interface SourcePlaces {
  /** The rule of the gate in assay.yml that reads so. */
  rule(model: string, rule: { readonly metric: string | null; readonly index: number }): Place | undefined;
  /** The file a metric was read from. */
  metricFile(model: string, file: string): Place | undefined;
  /** The check of a dataset in assay.yml, by its path below the dataset; the nearest line there is. */
  check(dataset: string, path: readonly (string | number)[]): Place | undefined;
  /** A line of a file of data; undefined for formats without lines. */
  dataLine(file: string, line: number): Place | undefined;
}
export interface Place {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  readonly line: number;
}

/** Remarks on the lines that matter: rules not met, metrics without a value, rows of data that fail. The gravest first. */
export function annotationsOf(facts: ModelFacts, places: SourcePlaces): readonly Annotation[] {
  const order = { failure: 0, warning: 1, notice: 2 } as const;
  return [
    ...ofRules(facts, places),
    ...dataAnnotations(facts.validations, places),
    ...ofMetrics(facts, places),
  ].sort((a, b) => order[a.level] - order[b.level]);
}

function ofRules(facts: ModelFacts, places: SourcePlaces): readonly Annotation[] {
  return (facts.decision?.rules ?? []).flatMap((rule, index) => {
    if (rule.outcome === 'promote') return [];
    const place = places.rule(facts.model, { metric: rule.metric, index });
    const slice = rule.slice === null ? '' : ` for ${sliceInWords(rule.slice)}`;
    return annotation(place, {
      level: rule.outcome === 'reject' ? 'failure' : 'warning',
      title: `${facts.model}: ${rule.outcome}${slice}`,
      message: `${rule.rule}: ${rule.reason}`,
    });
  });
}

/** A metrics file is named once, with everything that is wrong in it. */
function ofMetrics(facts: ModelFacts, places: SourcePlaces): readonly Annotation[] {
  const byFile = new Map<string, string[]>();
  for (const metric of facts.run?.metrics ?? []) {
    if (metric.value !== null || metric.source === null) continue;
    const lines = byFile.get(metric.source) ?? [];
    lines.push(`${metric.name}: ${metric.reason ?? 'no value'}`);
    byFile.set(metric.source, lines);
  }
  return [...byFile].flatMap(([file, lines]) =>
    annotation(places.metricFile(facts.model, file), {
      level: 'warning',
      title: `${facts.model}: ${plural(lines.length, 'metric')} without a value`,
      message: lines.slice(0, 20).join('\n'),
    }),
  );
}

/** Rows shown for one failed check; GitHub would show ten of the same kind, and one is enough to look. */
const LINES_OF_CHECK = 3;

/**
 * Remarks on the lines of data that fail, and on the check in assay.yml that they fail. GitHub shows few: first one of each check,
 * then the others.
 */
export function dataAnnotations(
  validations: readonly ValidationRecord[],
  places: SourcePlaces,
): readonly Annotation[] {
  const ofChecks = validations.flatMap((validation) =>
    validation.checks
      .filter((check) => !check.passed)
      .map((check) => {
        const text = {
          level: check.severity === 'error' ? ('failure' as const) : ('warning' as const),
          title: `${validation.dataset}: ${check.check}`,
          message: `${check.failing} of ${plural(check.total, 'row')}${check.detail === null ? '' : `: ${check.detail}`}`,
        };
        const lines = check.rows_are === 'lines' ? linesOf(validation, check, places) : [];
        const path = check.path ?? (check.column === null ? [] : ['columns', check.column]);
        return [
          ...lines.flatMap((place) => annotation(place, text)),
          ...annotation(places.check(validation.dataset, path), text),
        ];
      }),
  );
  const most = Math.max(0, ...ofChecks.map((some) => some.length));
  const inTurn = Array.from({ length: most }, (_, turn) =>
    ofChecks.flatMap((some) => some[turn] ?? []),
  ).flat();
  // Several checks of one line are one remark too many only when they say the same.
  return [...new Map(inTurn.map((one) => [JSON.stringify(one), one])).values()];
}

function linesOf(
  validation: ValidationRecord,
  check: ValidationRecord['checks'][number],
  places: SourcePlaces,
): readonly Place[] {
  return check.rows.slice(0, LINES_OF_CHECK).flatMap((line, index) => {
    return places.dataLine(check.files?.[index] ?? validation.source, line) ?? [];
  });
}

function annotation(
  place: Place | undefined,
  text: Pick<Annotation, 'level' | 'title' | 'message'>,
): readonly Annotation[] {
  if (!place) return [];
  const message = text.message
    .split('\n')
    .map((line) => plainText(line))
    .join('\n');
  return [
    {
      ...place,
      level: text.level,
      title: cut(plainText(text.title), LIMITS.annotationTitle.max),
      message: cut(message, 4000),
    },
  ];
}
